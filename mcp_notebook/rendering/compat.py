"""Render what hosts would reject, degrade or ignore of a server."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from mcp_notebook.compat.conformance import Scenario
from mcp_notebook.compat.facts import Fact
from mcp_notebook.compat.observation import Observation
from mcp_notebook.compat.report import OVERALL, VERDICTS, HostFinding, Overall, Report, Sizes, Verdict
from mcp_notebook.rendering import look
from mcp_notebook.schema.problem import shortened
from mcp_notebook.visible import visible

__all__ = ["compat_card"]

MOST_NAMED = 5
"""Definitions that a line names; a check may find the same in hundreds."""

HEADERS = ("host", "verdict", "facts", "notes")

LONGEST = 400
"""The most characters of a text that a server may have a part in."""

_KINDS: Mapping[Verdict | Overall, look.Kind] = {
    "rejects": "bad",
    "degrades": "warn",
    "unknown": "",
    "accepts": "good",
    "no problem known": "good",
}

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
    title = f"{shortened(report.server)} in {look.counted(len(report.hosts), 'host')}: {_summary(report)}"
    notes = [*_cut(report.left_out), *_meanings(report), *_sizes(report.sizes)]
    notes += [shortened(_suite(outcome), LONGEST) for outcome in outcomes]
    lint = [f"{shortened(line.tool)}: {shortened(line.advice, LONGEST)}" for line in report.lint]
    return look.Rendering(_text(title, report, groups, lint, notes), _html(title, report, groups, lint, notes))


class _Group:
    """Findings of one check with the same effects, as words."""

    def __init__(self, findings: Sequence[HostFinding], titles: Mapping[str, str], cell: Cell) -> None:
        observations = [finding.observation for finding in findings]
        first = observations[0]
        self.sign = look.SIGNS[_KINDS[findings[0].verdict]]
        self.where = ", ".join(filter(None, [f"{first.kind} {_name(first)}".strip(), shortened(first.path, LONGEST)]))
        self.what = shortened(first.what, LONGEST)
        self.fix = first.fix
        others = dict.fromkeys(f"{_name(o)} {shortened(o.path)}".strip() for o in observations[1:])
        left = len(others) - MOST_NAMED
        self.others = ", ".join([*others][:MOST_NAMED]) + (f" and {left:,} more" if left > 0 else "")
        self.places = ", ".join(dict.fromkeys(filter(None, (cell(o.name) for o in observations if o.name))))
        self.minding: list[tuple[Verdict, str, Fact]] = []
        unknown = []
        for key, host in findings[0].hosts.items():
            if host.verdict == "unknown":
                unknown.append(titles[key])
            elif host.verdict != "accepts" and host.fact is not None:
                self.minding.append((host.verdict, titles[key], host.fact))
        self.minding.sort(key=lambda one: VERDICTS.index(one[0]))
        self.unknown = ", ".join(unknown)


def _name(observation: Observation) -> str:
    if not observation.name:
        return '""' if observation.kind != "server" else ""
    return shortened(observation.name)


def _grouped(findings: Iterable[HostFinding]) -> list[list[HostFinding]]:
    groups: dict[object, list[HostFinding]] = {}
    for finding in findings:
        effects = tuple((key, host.verdict, host.fact and host.fact.happens) for key, host in finding.hosts.items())
        groups.setdefault((finding.observation.check, finding.observation.kind, effects), []).append(finding)
    return [*groups.values()]


def _summary(report: Report) -> str:
    counts = Counter(host.verdict for host in report.hosts)
    if counts.keys() == {"no problem known"}:
        return "no problem known"
    words: Mapping[Overall, str] = {"rejects": "reject", "degrades": "degrade"}
    parts = [
        f"{counts[verdict]} {verdict if counts[verdict] == 1 else words.get(verdict, verdict)}"
        for verdict in OVERALL
        if counts[verdict]
    ]
    return ", ".join(parts)


def _cut(left_out: Mapping[str, int]) -> list[str]:
    parts = [f"{number:,} of {check}" for check, number in left_out.items() if check != "lint"]
    lines = [f"Further findings that are not shown, and count: {', '.join(parts)}."] if parts else []
    if "lint" in left_out:
        lines.append(f"The lint of {left_out['lint']:,} further tools is not shown.")
    return lines


def _meanings(report: Report) -> list[str]:
    lines = [
        f"Facts as read on {report.read}; counted are those that were compared with this server. Where there are few, "
        "that no problem is known says little."
    ]
    if any(host.verdict == "unknown" for host in report.hosts) or report.findings:
        lines[0] += " Unknown: no source says what the host does."
    return lines


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
    return ", ".join(f"{shortened(name)} {size:,}" for name, size in sizes)


def _text(title: str, report: Report, groups: Sequence[_Group], lint: Sequence[str], notes: Sequence[str]) -> str:
    rows = [(host.title, host.verdict, str(host.facts), "; ".join(host.notes)) for host in report.hosts]
    lines = [visible(title, one_line=True), *look.columns([HEADERS, *rows])]
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
        HEADERS,
        [
            (
                escape(host.title),
                look.chip(host.verdict, _KINDS[host.verdict]),
                str(host.facts),
                escape("; ".join(host.notes)),
            )
            for host in report.hosts
        ],
        numbers=[2],
    )
    advice = look.bullets(lint)
    return look.card(
        escape(title),
        hosts,
        look.section("findings", _findings(groups)),
        look.section("lint", look.fold(look.counted(len(lint), "line"), advice) if len(lint) > MOST_NAMED else advice),
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
