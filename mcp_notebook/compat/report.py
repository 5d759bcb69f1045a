"""The report of a check, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mcp_notebook.compat.facts import Fact
from mcp_notebook.compat.observation import Observation

__all__ = [
    "OVERALL",
    "VERDICTS",
    "Advice",
    "HostFinding",
    "HostReport",
    "HostVerdict",
    "Overall",
    "Report",
    "Sizes",
    "Verdict",
    "overall",
]

Verdict = Literal["rejects", "degrades", "unknown", "accepts"]
"""The verdict of a host on one observation; ``accepts`` only if a source says so."""

VERDICTS: tuple[Verdict, ...] = ("rejects", "degrades", "unknown", "accepts")
"""The verdicts, worst first."""

Overall = Literal["rejects", "degrades", "unknown", "no problem known"]
"""The verdict of a host on a server."""

OVERALL: tuple[Overall, ...] = ("rejects", "degrades", "unknown", "no problem known")
"""The verdicts on a server, worst first."""


def overall(worst: Verdict) -> Overall:
    """Return the verdict on a server from the worst one on what was observed of it."""
    return OVERALL[VERDICTS.index(worst)]


@dataclass(frozen=True)
class HostVerdict:
    """The verdict of one host on an observation, and the fact behind it; None if there is none."""

    verdict: Verdict
    fact: Fact | None = None


@dataclass(frozen=True)
class HostFinding:
    """A part of a server that some host rejects or degrades.

    Attributes:
        observation: The part.
        hosts: The verdict of each host, by key.
    """

    observation: Observation
    hosts: Mapping[str, HostVerdict]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of a host."""
        return min((host.verdict for host in self.hosts.values()), key=VERDICTS.index)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        seen = self.observation
        hosts: dict[str, Any] = {}
        for key, host in self.hosts.items():
            known = {} if host.fact is None else host.fact.model_dump(mode="json", by_alias=True, include=_SHOWN)
            hosts[key] = {"verdict": host.verdict, **{name: value for name, value in known.items() if value}}
        said = {"check": seen.check, "kind": seen.kind, "name": seen.name, "path": seen.path}
        return {**said, "what": seen.what, "fix": seen.fix, "hosts": hosts}


_SHOWN = {"happens", "version", "as_of", "source"}


@dataclass(frozen=True)
class HostReport:
    """The verdict of one host on a server.

    Attributes:
        key: The key of the host.
        title: Its name for people.
        verdict: The verdict.
        facts: The number of facts about it that were compared with the server.
        notes: Notes on what it does besides.
    """

    key: str
    title: str
    verdict: Overall
    facts: int
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
        left_out: The number of findings that were left out because there are so many, by check; and of tools whose lint
            was, as ``lint``.
        lint: The lint of the tools, without what the findings say.
        sizes: Sizes in tokens.
    """

    server: str
    read: str
    hosts: list[HostReport]
    findings: list[HostFinding]
    left_out: Mapping[str, int]
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
                host.key: {name: value for name, value in asdict(host).items() if name != "key"} for host in self.hosts
            },
            "findings": [finding.as_json() for finding in self.findings],
            "leftOut": dict(self.left_out),
            "lint": [asdict(line) for line in self.lint],
            "tokens": {"estimated": True, **asdict(self.sizes)},
        }
