"""Render what hosts would reject, degrade or ignore of a server."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from mcp_notebook.compat.conformance import Scenario
from mcp_notebook.compat.facts import Fact
from mcp_notebook.compat.report import VERDICTS, HostFinding, Report, Sizes, Verdict
from mcp_notebook.rendering import look
from mcp_notebook.visible import visible

__all__ = ["compat_card"]

MOST_NAMED = 5
"""Definitions that a line names; a check may find the same in hundreds."""

_KINDS: Mapping[Verdict, look.Kind] = {"rejects": "bad", "degrades": "warn", "unknown": "", "accepts": "good"}

Cell = Callable[[str], str]
"""Returns the place where a definition of that name was made, such as ``cell 3``; "" if that is not known."""


def compat_card(report: Report, cell: Cell = lambda name: "", outcomes: Sequence[Scenario] = ()) -> look.Rendering:
    """Draw a report.

    Args:
        report: The report.
        cell: The places of definitions.
        outcomes: The outcomes of the conformance suite.
    """
    titles = {host.key: host.title for host in report.hosts}
    groups = [_Group(found, titles, cell) for found in _grouped(report.findings)]
    title = f"{report.server} in {_counted(len(report.hosts), 'host')}: {_summary(report)}"
    notes = [f"Facts as read on {report.read}. Unknown: no source says what the host does.", *_sizes(report.sizes)]
    notes += [_suite(outcome) for outcome in outcomes]
    lint = [f"{line.tool}: {line.advice}" for line in report.lint]
    return look.Rendering(_text(title, report, groups, lint, notes), _html(title, report, groups, lint, notes))


class _Group:
    """Findings of one check with the same effects, as words."""

    def __init__(self, findings: Sequence[HostFinding], titles: Mapping[str, str], cell: Cell) -> None:
        first = findings[0].spot
        self.sign = look.SIGNS[_KINDS[findings[0].verdict]]
        self.where = " ".join(filter(None, [first.kind, first.name])) + (f", {first.path}" if first.path else "")
        self.what = first.what
        self.fix = first.fix
        others = dict.fromkeys(f"{f.spot.name} {f.spot.path}".strip() for f in findings[1:])
        left = len(others) - MOST_NAMED
        self.others = ", ".join([*others][:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")
        self.places = ", ".join(dict.fromkeys(filter(None, (cell(f.spot.name) for f in findings if f.spot.name))))
        self.minding: list[tuple[Verdict, str, Fact]] = []
        unknown = []
        for key, effected in findings[0].hosts.items():
            if effected.verdict == "unknown":
                unknown.append(titles[key])
            elif effected.verdict != "accepts" and effected.fact is not None:
                self.minding.append((effected.verdict, titles[key], effected.fact))
        self.minding.sort(key=lambda one: VERDICTS.index(one[0]))
        self.unknown = ", ".join(unknown)


def _grouped(findings: Iterable[HostFinding]) -> list[list[HostFinding]]:
    groups: dict[object, list[HostFinding]] = {}
    for finding in findings:
        effects = tuple((key, effected.verdict) for key, effected in finding.hosts.items())
        groups.setdefault((finding.spot.check, finding.spot.kind, effects), []).append(finding)
    return [*groups.values()]


def _summary(report: Report) -> str:
    counts = Counter(host.verdict for host in report.hosts)
    words = {"rejects": "reject", "degrades": "degrade", "unknown": "unknown", "accepts": "accept"}
    parts = [
        f"{counts[verdict]} {verdict if counts[verdict] == 1 else words[verdict]}"
        for verdict in VERDICTS
        if counts[verdict]
    ]
    return ", ".join(parts)


def _sizes(sizes: Sizes) -> list[str]:
    kinds = {"tools": sizes.tools, "resources": sizes.resources, "prompts": sizes.prompts}
    kinds["instructions"] = sizes.instructions
    whole = ", ".join(f"{size:,} for the {kind}" for kind, size in kinds.items() if size) or "none"
    lines = [f"Tokens of the lists, estimated: {whole}."]
    if sizes.tools:
        lines[0] += f" The largest tools: {_named(sizes.largest)}."
    if sizes.results:
        lines.append(f"Tokens of recorded results, estimated: {_named(sizes.results)}.")
    return lines


def _suite(outcome: Scenario) -> str:
    failed = "; ".join(outcome.failed)
    return f"Conformance, {outcome.scenario}: " + (
        f"FAILED: {failed}" if failed else f"{outcome.checks} checks passed."
    )


def _named(sizes: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {size:,}" for name, size in sizes)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _text(title: str, report: Report, groups: Sequence[_Group], lint: Sequence[str], notes: Sequence[str]) -> str:
    rows = [(host.title, host.verdict, "; ".join(host.notes)) for host in report.hosts]
    lines = [title, *look.columns([("host", "verdict", "notes"), *rows])]
    for group in groups:
        minding = " ".join(f"{host} {verdict}: {fact.happens}." for verdict, host, fact in group.minding)
        parts = [f"{group.where}: {group.what}.", minding]
        parts += [f"Unknown: {group.unknown}."] if group.unknown else []
        parts += [f"The same: {group.others}."] if group.others else []
        parts += [group.fix, f"({group.places})" if group.places else ""]
        lines += _wrapped(f"{group.sign} {visible(' '.join(filter(None, parts)), one_line=True)}")
    for line in lint:
        lines += _wrapped(f"! lint of {visible(line, one_line=True)}")
    for note in notes:
        lines += _wrapped(visible(note, one_line=True))
    return "\n".join(lines)


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(
        line, look.WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False
    )


def _html(title: str, report: Report, groups: Sequence[_Group], lint: Sequence[str], notes: Sequence[str]) -> str:
    hosts = look.table(
        ("host", "verdict", "notes"),
        [
            (escape(host.title), look.chip(host.verdict, _KINDS[host.verdict]), escape("; ".join(host.notes)))
            for host in report.hosts
        ],
    )
    advice = look.bullets(lint)
    return look.card(
        escape(title),
        hosts,
        look.section("findings", _findings(groups)),
        look.section("lint", look.fold(f"{_counted(len(lint), 'line')}", advice) if len(lint) > MOST_NAMED else advice),
        *(f"<p>{look.muted(note)}</p>" for note in notes),
    )


def _findings(groups: Sequence[_Group]) -> str:
    if not groups:
        return ""
    rows = []
    for group in groups:
        where = f"{look.cell(group.where)}" + (f"<div>{look.muted(group.places)}</div>" if group.places else "")
        what = escape(f"{group.what}.") + (
            f"<div>{look.muted(f'The same: {group.others}.')}</div>" if group.others else ""
        )
        hosts = "".join(_minding(*one) for one in group.minding)
        hosts += f"<div>{look.chip('unknown')} {escape(group.unknown)}</div>" if group.unknown else ""
        rows.append((where, what, hosts, escape(group.fix)))
    return look.table(("where", "what", "hosts", "fix"), rows)


def _minding(verdict: Verdict, host: str, fact: Fact) -> str:
    dated = escape(" ".join(filter(None, [fact.version, f"as of {fact.as_of}"])))
    if fact.source.startswith("https://"):
        dated = f'<a href="{escape(fact.source)}" target="_blank" rel="noopener noreferrer">{dated}</a>'
    chip = look.chip(verdict, _KINDS[verdict])
    return f'<div>{chip} {escape(host)}: {escape(fact.happens)} <span class="dim">({dated})</span></div>'
