"""The report of a check, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mcp_notebook.compat.facts import Fact
from mcp_notebook.compat.spots import Spot

__all__ = ["VERDICTS", "Advice", "Effected", "HostFinding", "HostReport", "Report", "Sizes", "Verdict"]

Verdict = Literal["rejects", "degrades", "unknown", "accepts"]

VERDICTS: tuple[Verdict, ...] = ("rejects", "degrades", "unknown", "accepts")
"""The verdicts, worst first."""


@dataclass(frozen=True)
class Effected:
    """The verdict of one host on a spot, and the fact behind it; None if there is none."""

    verdict: Verdict
    fact: Fact | None = None


@dataclass(frozen=True)
class HostFinding:
    """A part of a server that some host rejects or degrades.

    Attributes:
        spot: The part.
        hosts: The verdict of each host, by key.
    """

    spot: Spot
    hosts: Mapping[str, Effected]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of a host."""
        return min((effected.verdict for effected in self.hosts.values()), key=VERDICTS.index)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        spot = self.spot
        hosts: dict[str, Any] = {}
        for key, effected in self.hosts.items():
            fact = effected.fact
            known = {} if fact is None else fact.model_dump(mode="json", by_alias=True, include=_SHOWN)
            hosts[key] = {"verdict": effected.verdict, **{name: value for name, value in known.items() if value}}
        said = {"check": spot.check, "kind": spot.kind, "name": spot.name, "path": spot.path}
        return {**said, "what": spot.what, "fix": spot.fix, "hosts": hosts}


_SHOWN = {"happens", "version", "as_of", "source"}


@dataclass(frozen=True)
class HostReport:
    """The verdict on one host, and notes on what it does besides."""

    key: str
    title: str
    verdict: Verdict
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Advice:
    """A line of lint on a tool."""

    tool: str
    advice: str


@dataclass(frozen=True)
class Sizes:
    """Estimated sizes in tokens, see `server.listing.CHARACTERS_PER_TOKEN`.

    Attributes:
        tools: The list of tools.
        resources: The lists of resources and templates.
        prompts: The list of prompts.
        instructions: The instructions.
        largest: The largest tools, each with its size, largest first.
        results: The largest recorded result of each tool, largest first; those that were cut are larger.
    """

    tools: int
    resources: int
    prompts: int
    instructions: int
    largest: list[tuple[str, int]]
    results: list[tuple[str, int]]


@dataclass(frozen=True)
class Report:
    """The whole result.

    Attributes:
        server: The name of the server.
        read: The day on which the facts were read, as ``2026-11-30``.
        hosts: The hosts.
        findings: The findings, worst first.
        lint: The lint of the tools, without what the findings say.
        sizes: Sizes in tokens.
    """

    server: str
    read: str
    hosts: list[HostReport]
    findings: list[HostFinding]
    lint: list[Advice]
    sizes: Sizes

    @property
    def rejected(self) -> bool:
        """Return whether a host rejects something."""
        return any(host.verdict == "rejects" for host in self.hosts)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "server": self.server,
            "factsRead": self.read,
            "hosts": {
                host.key: {"title": host.title, "verdict": host.verdict, "notes": host.notes} for host in self.hosts
            },
            "findings": [finding.as_json() for finding in self.findings],
            "lint": [asdict(line) for line in self.lint],
            "tokens": {"estimated": True, **asdict(self.sizes)},
        }
