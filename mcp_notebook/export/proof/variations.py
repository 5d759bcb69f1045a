"""Find values that the package changes by run, by client or by transport."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_notebook.export.proof.offering import Offer
from mcp_notebook.recording import volatile

__all__ = ["Run", "Variations", "named", "variations"]

IN_EACH_RUN = "another value in each run, so only its type is compared"
BY_CLIENT = "depends on its client or on the request, so it is not compared"
BY_TRANSPORT = "the package gives another value over each transport, so it is not compared"

NEVER = {"", "/isError", "/task"}
"""Places that are always compared: they tell whether a call succeeds, and how its task ends."""


@dataclass
class Run:
    """The observations of the package over one transport.

    Attributes:
        offer: Its lists; None if it did not answer.
        outcomes: The outcomes of the calls, by their numbers.
        failure: The error that ended the run; "" for none.
        unasked: Why it was started, but got no request; "" if it got them.
        log: Its log, over HTTP.
    """

    offer: Offer | None = None
    outcomes: dict[int, dict[str, Any]] = field(default_factory=dict)
    failure: str = ""
    unasked: str = ""
    log: str = ""


@dataclass(frozen=True)
class Variations:
    """The places in results that vary, with the cause.

    Attributes:
        causes: For the number of each call its places, each with the cause.
    """

    causes: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @property
    def places(self) -> dict[int, list[str]]:
        """The places of each call, for any cause."""
        return {number: list(places) for number, places in self.causes.items()}

    def in_each_run(self, number: int) -> list[str]:
        """Return the places of a call in which only the type counts."""
        return [place for place, cause in self.causes.get(number, {}).items() if cause == IN_EACH_RUN]

    def excuse(self, number: int, at: str, outcome: Mapping[str, Any]) -> bool:
        """Return whether a difference at this place of a call's outcome comes from its client or its transport."""
        places = [place for place, cause in self.causes.get(number, {}).items() if cause != IN_EACH_RUN]
        if any(at == place or at.startswith(f"{place}/") for place in places):
            return True
        follows = at.startswith("/content/") and volatile.derived(outcome)
        return follows and any(place.startswith("/structuredContent") for place in places)

    def in_words(self) -> list[str]:
        """Return lines about the places of each call that vary, and the causes."""
        lines = []
        for number, places in self.causes.items():
            for cause in dict.fromkeys(places.values()):
                which = ", ".join(place for place, by in places.items() if by == cause)
                lines.append(f"call {number}, {which}: {cause}")
        return lines


def named(client: str, runs: Iterable[Run]) -> bool:
    """Return whether a result has the name of the client in it."""
    return any(client in json.dumps(outcome, default=str) for run in runs for outcome in run.outcomes.values())


def variations(runs: Mapping[str, Run], again: Run, other: Run) -> Variations:
    """Find the places that vary, and why.

    Args:
        runs: The first runs, by transport.
        again: Another run over stdio.
        other: Another run over stdio, by another client.
    """
    first = runs["stdio"]
    found: dict[int, dict[str, str]] = {}
    for number in first.outcomes:
        causes: dict[str, str] = {}
        for cause, run in ((IN_EACH_RUN, again), (BY_CLIENT, other), (BY_TRANSPORT, runs["HTTP"])):
            for place in _differing(number, first, run):
                if not _is_under(place, causes) and (cause == IN_EACH_RUN or place not in NEVER):
                    causes.setdefault(place, cause)
        if causes:
            found[number] = causes
    return Variations(found)


def _differing(number: int, one: Run, other: Run) -> list[str]:
    return volatile.find(one.outcomes[number], other.outcomes[number]) if number in other.outcomes else []


def _is_under(place: str, known: Collection[str]) -> bool:
    return any(place == each or place.startswith(f"{each}/") for each in known)
