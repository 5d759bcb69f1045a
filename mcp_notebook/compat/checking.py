"""Check a server against the facts about hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.checks import CHECKS, applied, observe, recorded
from mcp_notebook.compat.facts import BAD, SPECIFICATION, Fact, FactTable, table
from mcp_notebook.compat.features import notes_on
from mcp_notebook.compat.observation import Observation
from mcp_notebook.compat.report import (
    VERDICTS,
    Advice,
    HostFinding,
    HostReport,
    HostVerdict,
    Report,
    Sizes,
    Verdict,
    overall,
)
from mcp_notebook.errors import UnknownNameError, did_you_mean
from mcp_notebook.server.lint import linted
from mcp_notebook.server.listing import CHARACTERS_PER_TOKEN, tokens

__all__ = ["check"]

MOST_FINDINGS = 1_000
"""Findings of one check that are kept; a foreign server may have any number. The verdicts count all of them."""

LARGEST = 5
"""Tools and results whose sizes are named."""

_ABOUT = {
    "name": ("tool-name",),
    "description": ("description-missing",),
    "parameters": ("schema-invalid", "schema-boolean", "schema-not-object"),
}
"""The beginnings of the keys of checks that say more than lint about a part of a tool."""


def check(
    server: CheckedServer,
    hosts: Collection[str] = (),
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Report:
    """Say what each host would reject, degrade or ignore of a server.

    Args:
        server: The server.
        hosts: The keys of the hosts; all if there are none.
        functions: The functions behind the tools, by name, for the lint.

    Raises:
        UnknownNameError: There is no such host; the message names all.
    """
    facts = table()
    for key in hosts:
        if key not in facts.hosts:
            raise UnknownNameError(
                f"There is no host {key!r}.{did_you_mean(key, facts.hosts)} The hosts: {', '.join(facts.hosts)}."
            )
    chosen = [key for key in facts.hosts if not hosts or key in hosts]
    found = _findings(server, facts, chosen)
    checks = applied(server)
    compared = Counter(fact.host for fact in facts.facts if fact.check in checks)
    left_out = {**found.left_out, "lint": len(server.tools) - MOST_FINDINGS}
    return Report(
        server=server.name,
        read=facts.read.isoformat(),
        hosts=[
            HostReport(key, facts.titles[key], overall(found.worst[key]), compared[key], notes_on(server, key))
            for key in chosen
        ],
        findings=sorted(found.kept, key=lambda finding: VERDICTS.index(finding.verdict)),
        left_out={name: number for name, number in left_out.items() if number > 0},
        lint=_lint(server, functions or {}, found.kept),
        sizes=_sizes(server),
    )


class _Found:
    """The findings that are kept, and the worst verdict of each host on all of them."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self.kept: list[HostFinding] = []
        self.worst: dict[str, Verdict] = dict.fromkeys(hosts, "accepts")
        self._counts: Counter[str] = Counter()

    def add(self, finding: HostFinding) -> None:
        for key, host in finding.hosts.items():
            self.worst[key] = min(self.worst[key], host.verdict, key=VERDICTS.index)
        check = finding.observation.check
        self._counts[check] += 1
        if self._counts[check] <= MOST_FINDINGS:
            self.kept.append(finding)

    @property
    def left_out(self) -> dict[str, int]:
        return {check: count - MOST_FINDINGS for check, count in self._counts.items()}


def _findings(server: CheckedServer, facts: FactTable, chosen: Collection[str]) -> _Found:
    found = _Found(chosen)
    about = {check: facts.about(check) for check in CHECKS}
    for observation in observe(server):
        known = about[observation.check]
        hosts = {host: _verdict_of(host, observation, server.name, known.get(host, [])) for host in facts.hosts}
        if any(host.verdict in BAD for host in hosts.values()):
            kept = {key: hosts[key] for key in chosen}
            if any(host.verdict != "accepts" for host in kept.values()):
                found.add(HostFinding(observation, kept))
    return found


def _verdict_of(host: str, observation: Observation, server: str, facts: Iterable[Fact]) -> HostVerdict:
    known = [(fact.holds_for(observation, server), fact) for fact in facts]
    held = [fact for holds, fact in known if holds]
    if held:
        worst = min(held, key=lambda fact: VERDICTS.index(_verdict(fact.effect)))
        return HostVerdict(_verdict(worst.effect), worst)
    if host == SPECIFICATION or any(holds is False for holds, _ in known):
        return HostVerdict("accepts")
    return HostVerdict("unknown")


def _verdict(effect: str) -> Verdict:
    return next(verdict for verdict in VERDICTS if verdict == effect)


def _lint(
    server: CheckedServer, functions: Mapping[str, Callable[..., Any]], findings: Collection[HostFinding]
) -> list[Advice]:
    said = {
        (finding.observation.name, about)
        for finding in findings
        for about, key in _ABOUT.items()
        if finding.observation.check.startswith(key)
    }
    return [
        Advice(tool["name"], advice)
        for tool in server.tools[:MOST_FINDINGS]
        for about, advice in linted(tool, functions.get(tool["name"]))
        if (tool["name"], about) not in said
    ]


def _sizes(server: CheckedServer) -> Sizes:
    tools = [(tool["name"], tokens(tool)) for tool in server.tools]
    results: dict[str, int] = {}
    for call in server.calls:
        if call.method == "tools/call" and call.state == "done":
            size = round(recorded.characters(call) / CHARACTERS_PER_TOKEN)
            results[call.name] = max(size, results.get(call.name, 0))
    resources = [*server.lists["resource"], *server.lists["resourceTemplate"]]
    return Sizes(
        tools=sum(size for _, size in tools),
        resources=sum(map(tokens, resources)),
        prompts=sum(map(tokens, server.lists["prompt"])),
        instructions=round(len(server.instructions) / CHARACTERS_PER_TOKEN),
        largest=_largest(tools),
        results=_largest(results.items()),
    )


def _largest(sizes: Any) -> list[tuple[str, int]]:
    return sorted(sizes, key=lambda pair: -pair[1])[:LARGEST]
