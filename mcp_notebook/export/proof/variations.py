"""Values that the package itself gives otherwise in another run, to another client, or over another transport."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mcp_notebook.export.proof.offering import Offer
from mcp_notebook.recording import volatile

__all__ = ["Run", "Variations", "named", "variations"]

IN_EACH_RUN = "another value in each run, so only its type is compared"
BY_CLIENT = "tells of its client or of the request, so it is not compared"
BY_TRANSPORT = "the package gives another value over each transport, so it is not compared"

NEVER = {"", "/isError"}
"""Whether a call succeeds is compared, whatever it depends on."""


@dataclass
class Run:
    """What was observed of the package over one transport.

    Attributes:
        offer: What it offers; None where it did not say.
        outcomes: What came of the calls, by their numbers.
        failure: Why it went no further; "" where it did.
        unasked: Why it was started, and nothing asked of it; "" where it was asked.
        log: Its log, over HTTP.
    """

    offer: Offer | None = None
    outcomes: dict[int, dict[str, Any]] = field(default_factory=dict)
    failure: str = ""
    unasked: str = ""
    log: str = ""


@dataclass(frozen=True)
class Variations:
    """Where the results of calls vary, and by what.

    Attributes:
        causes: For the number of each call its places, each with the cause.
    """

    causes: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @property
    def places(self) -> dict[int, list[str]]:
        """The places of each call, whatever the cause."""
        return {number: list(places) for number, places in self.causes.items()}

    def in_each_run(self, number: int) -> list[str]:
        """Return the places of a call where only the type counts."""
        return [place for place, cause in self.causes.get(number, {}).items() if cause == IN_EACH_RUN]

    def excuse(self, number: int, at: str, outcome: Mapping[str, Any]) -> bool:
        """Whether a difference at this place of a call's outcome comes from its client or its transport."""
        places = [place for place, cause in self.causes.get(number, {}).items() if cause != IN_EACH_RUN]
        if any(at == place or at.startswith(f"{place}/") for place in places):
            return True
        follows = at.startswith("/content/") and volatile.derived(outcome)
        return follows and any(place.startswith("/structuredContent") for place in places)

    def in_words(self) -> list[str]:
        """Say of each call which places vary, and by what."""
        lines = []
        for number, places in self.causes.items():
            for cause in dict.fromkeys(places.values()):
                which = ", ".join(place for place, by in places.items() if by == cause)
                lines.append(f"call {number}, {which}: {cause}")
        return lines


def named(client: str, runs: Iterable[Run]) -> bool:
    """Whether a result has the name of the client in it."""
    return any(client in json.dumps(outcome, default=str) for run in runs for outcome in run.outcomes.values())


def variations(runs: Mapping[str, Run], again: Run, other: Run) -> Variations:
    """Find out what varies by what.

    Args:
        runs: The first runs, by transport.
        again: Another one over stdio.
        other: Another one over stdio, by another client.
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
