"""The facts about hosts, as `facts.json` has them: dated, with their sources."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from mcp_notebook.compat.observation import Observation
from mcp_notebook.hosts.names import TITLES

__all__ = ["BAD", "SPECIFICATION", "Effect", "Fact", "FactTable", "table"]

Effect = Literal["accepts", "degrades", "rejects", "ignores", "asks"]
"""``degrades``: part of it is lost. ``ignores`` and ``asks`` make notes, and do not change a verdict."""

BAD: tuple[Effect, ...] = ("rejects", "degrades")
"""The effects that make a finding, worst first."""

SPECIFICATION = "specification"
"""The key of the protocol itself, which says everything about itself: no fact means that it accepts."""

PROTOCOL = "MCP 2026-07-28"
"""The name of the protocol for people."""


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Fact(_Model):
    """One fact.

    Attributes:
        host: The key of the host.
        check: The key of the check that applies it, or ``feature``.
        effect: The effect on what a server offers.
        happens: The effect in words, which follow the name of the host.
        version: The version of the host; "" if the source has none.
        as_of: The day for which it is known: of the post, the commit or the measurement; of a page or a file whose date
            is not known, the day on which it was read.
        source: A URL, or the module of the tests that measured it.
        limit: It holds for sizes beyond this one.
        prefix: The text that the host writes before a name; ``{server}`` is the name of the server.
        longest_prefix: The most characters of it.
        pattern: It holds for texts that do not match this regular expression as a whole.
        keywords: It holds for observations with one of these keywords.
        not_below: It does not hold below these keywords of a schema, where the host does not look.
    """

    host: str
    check: str
    effect: Effect
    happens: str = ""
    version: str = ""
    as_of: date
    source: str
    limit: int | None = None
    prefix: str = ""
    longest_prefix: int = 1_000
    pattern: str | None = None
    keywords: frozenset[str] = frozenset()
    not_below: frozenset[str] = frozenset()

    def holds_for(self, observation: Observation, server: str) -> bool | None:
        """Return whether it holds for an observation of a server; None if it says nothing about it."""
        if self.keywords and not self.keywords & observation.keywords:
            return None
        if self.not_below & observation.below:
            return False
        if self.limit is not None:
            name = re.sub(r"[^a-zA-Z0-9_-]", "_", server)
            return min(len(self.prefix.format(server=name)), self.longest_prefix) + observation.size > self.limit
        if self.pattern is not None:
            return re.fullmatch(self.pattern, observation.text) is None
        return True


class FactTable(_Model):
    """All facts.

    Attributes:
        read: The day on which the sources were read.
        hosts: The keys of the hosts, in the order in which they are shown.
        facts: The facts.
    """

    read: date
    hosts: tuple[str, ...]
    facts: tuple[Fact, ...]

    @property
    def titles(self) -> dict[str, str]:
        """The names of the hosts for people, by their keys."""
        return {key: TITLES.get(key, PROTOCOL) for key in self.hosts}

    def about(self, check: str) -> dict[str, list[Fact]]:
        """Return the facts that a check applies, by host."""
        found: dict[str, list[Fact]] = {}
        for fact in self.facts:
            if fact.check == check:
                found.setdefault(fact.host, []).append(fact)
        return found


@cache
def table() -> FactTable:
    """Return the table."""
    text = files("mcp_notebook.compat").joinpath("facts.json").read_text(encoding="utf-8")
    return FactTable.model_validate_json(text)
