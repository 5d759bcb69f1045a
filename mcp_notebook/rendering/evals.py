"""Render the results of an eval: a table of pass rates, how the sides differ, and the conversations that failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

from mcp_notebook.agent.evals import EvalReport, Rate, Side, Trial
from mcp_notebook.rendering import look

__all__ = ["eval_card"]

MOST_REASONS = 5
"""The most reasons for failing that are shown for each case and side, each with one conversation."""


class _Failed(NamedTuple):
    """The runs of a case that failed for the same reason."""

    title: str
    reason: str
    trials: Sequence[Trial]
    runs: int

    @property
    def share(self) -> str:
        return f"{len(self.trials)} of {self.runs} runs"


def eval_card(report: EvalReport) -> look.Rendering:
    """Draw the results of an eval, which may still run."""
    title = f"eval {report.name}"
    facts = _facts(report)
    headers = ["case", *(_heading(report, side) for side in report.sides)]
    rows = [*_rows(report)]
    sentences = [*report.sentences()]
    failed = [*_failed(report)]
    text = [f"{title}: {facts}", *look.columns([headers, *rows]), *(f"  {sentence}" for sentence in sentences)]
    text += [f"  ✗ {one.title}: {one.reason} ({one.share})" for one in failed]
    parts = [
        f"<p>{escape(facts)}</p>",
        look.table(headers, [[look.cell(cell) for cell in row] for row in rows]),
        *(f"<p>{escape(sentence)}</p>" for sentence in sentences),
        look.section("failed", "".join(_fold(one) for one in failed)),
    ]
    return look.Rendering("\n".join(text), look.card(f"eval {look.code(report.name)}", *parts))


def _facts(report: EvalReport) -> str:
    models = ", ".join(
        f"{name}, which compares words and is not a language model" if name == "stand-in" else name
        for name in dict.fromkeys(side.model for side in report.sides)
    )
    return f"{look.counted(len(report.cases), 'case')}, {look.counted(report.runs, 'run')} each, with {models}"


def _heading(report: EvalReport, side: Side) -> str:
    several = len({each.model for each in report.sides}) > 1
    words = [side.label, side.model if several or not side.label else ""]
    return f"{' '.join(filter(None, words))}: passed{'' if side.alike else ' (95% interval)'}"


def _rows(report: EvalReport) -> Iterator[list[str]]:
    for case in report.cases:
        yield [case.name, *(_rate(side.rate(case), side) for side in report.sides)]
    if len(report.cases) > 1:
        yield ["all cases", *(_rate(side.rate(), side) for side in report.sides)]
    if not all(side.scripted for side in report.sides):
        yield ["tokens", *(_tokens(side) for side in report.sides)]
        yield ["cost", *(_cost(side) for side in report.sides)]


def _rate(rate: Rate, side: Side) -> str:
    if not rate.runs:
        return "no run"
    low, high = rate.interval
    interval = "" if side.alike else f" ({100 * low:.0f} to {100 * high:.0f})"
    return f"{rate.passed}/{rate.runs}, {rate.share:.0%}{interval}"


def _tokens(side: Side) -> str:
    if side.scripted:
        return "none"
    usage = side.usage
    if usage.input is None or usage.output is None:
        return "unknown"
    return f"{usage.input:,} in, {usage.output:,} out"


def _cost(side: Side) -> str:
    if side.scripted:
        return "none"
    return "unknown" if side.usage.cost is None else f"${side.usage.cost:.4f}"


def _failed(report: EvalReport) -> Iterator[_Failed]:
    for case in report.cases:
        for side in report.sides:
            reasons: dict[str, list[Trial]] = {}
            trials = side.of(case)
            for trial in trials:
                if not trial.passed:
                    reasons.setdefault(" ".join(trial.problems), []).append(trial)
            where = [side.label, side.model if len({each.model for each in report.sides}) > 1 else ""]
            title = ", ".join(filter(None, [case.name, *where]))
            most = sorted(reasons.items(), key=lambda item: -len(item[1]))
            for reason, of in most[:MOST_REASONS]:
                yield _Failed(title, reason, of, len(trials))
            rest = [trial for _, of in most[MOST_REASONS:] for trial in of]
            if rest:
                yield _Failed(title, "Other reasons.", rest, len(trials))


def _fold(failed: _Failed) -> str:
    first = failed.trials[0]
    summary = f"{look.chip('failed', 'bad')} {escape(failed.title)}: {escape(failed.reason)} {look.muted(failed.share)}"
    return look.fold(summary, f"<p>{escape(f'Run {first.number}:')}</p>{look.pre(first.transcript)}")
