"""Check a server against the facts about hosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from mcp_notebook.compat.checks import recorded, spots_of
from mcp_notebook.compat.facts import BAD, SPECIFICATION, FactTable, table
from mcp_notebook.compat.features import notes_on
from mcp_notebook.compat.report import VERDICTS, Advice, Effected, HostFinding, HostReport, Report, Sizes, Verdict
from mcp_notebook.compat.spots import Spot
from mcp_notebook.compat.subject import CheckedServer
from mcp_notebook.errors import UnknownNameError, did_you_mean
from mcp_notebook.server.lint import linted
from mcp_notebook.server.listing import CHARACTERS_PER_TOKEN, tokens

__all__ = ["check"]

MOST_FINDINGS = 1_000
"""Findings after which a check ends: a foreign server may have any number."""

LARGEST = 5
"""Tools and results whose sizes are named."""

_ABOUT = {
    "name": ("tool-name",),
    "description": ("description-missing",),
    "parameters": ("schema-invalid", "schema-boolean", "schema-not-object"),
}
"""The beginnings of the keys of checks that say more than lint about a part of a tool."""


def check(
    subject: CheckedServer,
    hosts: Collection[str] = (),
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Report:
    """Say what each host would reject, degrade or ignore of a server.

    Args:
        subject: The server.
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
    chosen = {key: title for key, title in facts.hosts.items() if not hosts or key in hosts}
    findings = _findings(subject, facts, chosen)
    return Report(
        server=subject.name,
        read=facts.read.isoformat(),
        hosts=[
            HostReport(key, title, _worst(finding.hosts[key].verdict for finding in findings), notes_on(subject, key))
            for key, title in chosen.items()
        ],
        findings=sorted(findings, key=lambda finding: VERDICTS.index(finding.verdict)),
        lint=_lint(subject, functions or {}, findings),
        sizes=_sizes(subject),
    )


def _findings(subject: CheckedServer, facts: FactTable, chosen: Mapping[str, str]) -> list[HostFinding]:
    found = []
    for spot in spots_of(subject):
        hosts = _effects(spot, subject.name, facts)
        if not any(effected.verdict in BAD for effected in hosts.values()):
            continue
        kept = {key: hosts[key] for key in chosen}
        if any(effected.verdict != "accepts" for effected in kept.values()):
            found.append(HostFinding(spot, kept))
        if len(found) == MOST_FINDINGS:
            break
    return found


def _effects(spot: Spot, server: str, facts: FactTable) -> dict[str, Effected]:
    """Return what each host does with a spot."""
    about = facts.about(spot.check)
    found: dict[str, Effected] = {}
    for host in facts.hosts:
        known = [(fact.holds_for(spot, server), fact) for fact in about.get(host, [])]
        held = [fact for holds, fact in known if holds]
        if held:
            worst = min(held, key=lambda fact: VERDICTS.index(_verdict(fact.effect)))
            found[host] = Effected(_verdict(worst.effect), worst)
        elif host == SPECIFICATION or any(holds is False for holds, _ in known):
            found[host] = Effected("accepts")
        else:
            found[host] = Effected("unknown")
    return found


def _verdict(effect: str) -> Verdict:
    return next(verdict for verdict in VERDICTS if verdict == effect)


def _worst(verdicts: Any) -> Verdict:
    return min(verdicts, key=VERDICTS.index, default="accepts")


def _lint(
    subject: CheckedServer, functions: Mapping[str, Callable[..., Any]], findings: Collection[HostFinding]
) -> list[Advice]:
    said = {(f.spot.name, about) for f in findings for about, key in _ABOUT.items() if f.spot.check.startswith(key)}
    return [
        Advice(tool["name"], advice)
        for tool in subject.tools[:MOST_FINDINGS]
        for about, advice in linted(tool, functions.get(tool["name"]))
        if (tool["name"], about) not in said
    ]


def _sizes(subject: CheckedServer) -> Sizes:
    tools = [(tool["name"], tokens(tool)) for tool in subject.tools]
    results: dict[str, int] = {}
    for call in subject.calls:
        if call.method == "tools/call" and call.state == "done":
            size = round(recorded.characters(call) / CHARACTERS_PER_TOKEN)
            results[call.name] = max(size, results.get(call.name, 0))
    resources = [*subject.lists["resource"], *subject.lists["resourceTemplate"]]
    return Sizes(
        tools=sum(size for _, size in tools),
        resources=sum(map(tokens, resources)),
        prompts=sum(map(tokens, subject.lists["prompt"])),
        instructions=round(len(subject.instructions) / CHARACTERS_PER_TOKEN),
        largest=_largest(tools),
        results=_largest(results.items()),
    )


def _largest(sizes: Any) -> list[tuple[str, int]]:
    return sorted(sizes, key=lambda pair: -pair[1])[:LARGEST]
