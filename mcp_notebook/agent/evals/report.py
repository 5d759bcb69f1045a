"""Keep the results of an eval, and say in sentences how two sides differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_types import SamplingMessage, TextContent, Tool, ToolResultContent, ToolUseContent

from mcp_notebook.agent.evals.checking import EvalCase
from mcp_notebook.agent.evals.intervals import Rate, difference, enough_for
from mcp_notebook.agent.usage import Usage

__all__ = ["EvalReport", "Side", "Trial", "changes"]

MOST_CHARACTERS = 2_000
"""The limit for each text of a transcript."""

MOST_STEPS = 40
"""The limit for the texts, calls and results of a transcript."""

WIDE = 0.4
"""The width of an interval from which on it is called wide."""


@dataclass(frozen=True)
class Trial:
    """One run of one case.

    Attributes:
        case: The case.
        number: The number of the run, from 1.
        problems: The reasons why it did not pass, as sentences.
        messages: The conversation.
        usage: The tokens and the cost.
        lost: The reasons why calls of tools had no result, such as a server that ended.
    """

    case: EvalCase
    number: int
    problems: tuple[str, ...]
    messages: Sequence[SamplingMessage]
    usage: Usage
    lost: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Return whether the conversation is the expected one."""
        return not self.problems

    @property
    def transcript(self) -> str:
        """The conversation as text, with long texts cut."""
        steps = [step for message in self.messages for step in _steps(message)]
        more = [f"… and {len(steps) - MOST_STEPS} more"] if len(steps) > MOST_STEPS else []
        return "\n".join([*steps[:MOST_STEPS], *more])


@dataclass
class Side:
    """The runs with one model and one version of the tools.

    Attributes:
        label: The server, or the version of its tools; "" if there is only one.
        model: The model's name.
        tools: The tools as the model saw them.
        scripted: Whether a script or the stand-in plays the model, which has no tokens.
        alike: Whether all runs of a case are the same, so that more of them tell nothing.
        trials: The runs that were scored.
        error: The last error of the model; "" if there was none.
        errors: The number of runs that could not be scored because the model did not answer.
    """

    label: str
    model: str
    tools: Sequence[Tool]
    scripted: bool = False
    alike: bool = False
    trials: list[Trial] = field(default_factory=list)
    error: str = ""
    errors: int = 0

    def of(self, case: EvalCase) -> list[Trial]:
        """Return the runs of a case, in order."""
        return sorted((trial for trial in self.trials if trial.case == case), key=lambda trial: trial.number)

    def rate(self, case: EvalCase | None = None) -> Rate:
        """Return how many runs passed: of one case, or of all."""
        trials = self.trials if case is None else self.of(case)
        return Rate(sum(trial.passed for trial in trials), len(trials))

    @property
    def usage(self) -> Usage:
        """The tokens and the cost of all runs."""
        total = Usage(0, 0, 0.0)
        for trial in self.trials:
            total += trial.usage
        return total


@dataclass
class EvalReport:
    """The results of an eval.

    Attributes:
        name: The name of the eval.
        cases: The cases.
        runs: The runs of each case that were asked for.
        sides: The results by model and version.
        running: Whether more runs are being made.
        interrupted: Whether it was stopped before all runs were made.
        notes: Further sentences.
    """

    name: str
    cases: Sequence[EvalCase]
    runs: int
    sides: list[Side]
    running: bool = False
    interrupted: bool = False
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        sides = [
            f"{' '.join([side.label, side.model]).strip()} {side.rate().passed}/{side.rate().runs}"
            for side in self.sides
        ]
        return f"Report of the eval {self.name}: {', '.join(sides)}"

    @property
    def passed(self) -> bool:
        """Return whether every run of every case was made, and passed."""
        return all(side.rate().passed == len(self.cases) * self.runs for side in self.sides)

    @property
    def failures(self) -> list[Trial]:
        """The runs that did not pass."""
        return [trial for side in self.sides for trial in side.trials if not trial.passed]

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """The calls that the models asked for: the name of a tool, and the arguments."""
        messages = [message for side in self.sides for trial in side.trials for message in trial.messages]
        blocks = [block for message in messages for block in message.content_as_list]
        return [(block.name, block.input) for block in blocks if isinstance(block, ToolUseContent)]

    def sentences(self) -> Iterator[str]:
        """Yield how the sides with the same model differ, whether the runs are enough, and what went wrong."""
        if self.interrupted or not self.running:  # before its end, every eval has too few runs
            yield from self._rates()
        if self.interrupted:
            yield "It was interrupted: only the runs that had ended are scored."
        for side in self.sides:
            if side.error:
                yield f"{side.errors} run{'s' * (side.errors != 1)} not scored, because the model failed: {side.error}"
        for label in dict.fromkeys(side.label for side in self.sides if not side.tools):
            with_it = f" with {label}" if label else ""
            yield f"The model had no tools{with_it}, so that it passes where no call is expected."
        lost = [reason for side in self.sides for trial in side.trials for reason in trial.lost]
        if lost:
            yield f"{len(lost)} call{'s' * (len(lost) != 1)} had no result. The last: {lost[-1]}"
        yield from self.notes

    def _rates(self) -> Iterator[str]:
        differing = [side for side in self.sides if not side.alike]
        for after in differing:
            befores = [side for side in differing if side.model == after.model and side.label != after.label]
            if befores and differing.index(befores[0]) < differing.index(after):
                yield self._compared(befores[0], after)
        if len({side.label for side in self.sides}) == 1:
            yield from self._wide(differing)
        if self.runs > 1 and len(differing) < len(self.sides):
            yield "The steps of the script are the same in each run, so that more runs tell nothing."

    def _compared(self, before: Side, after: Side) -> str:
        one, other = before.rate(), after.rate()
        with_model = f" with {after.model}" if len({side.model for side in self.sides}) > 1 else ""
        if not one.runs or not other.runs:
            return f"Nothing to compare{with_model}: a side has no scored run."
        low, high = difference(one, other)
        between = f"{_points(other.share - one.share)} points, 95% interval {_points(low)} to {_points(high)}"
        n = f"n={one.runs}" if one.runs == other.runs else f"n={one.runs} and {other.runs}"
        if low > 0 or high < 0:
            better, worse = (after, before) if low > 0 else (before, after)
            return f"{better.label} is better than {worse.label}{with_model} ({n}): {between}."
        if one.share != other.share:
            more = enough_for(one, other, len(self.cases))
            hint = (
                f"if these are the true rates, --runs {more} tells in 4 of 5 evals" if more else "the rates are close"
            )
            return f"Too few runs to tell{with_model} ({n}): {between}; {hint}."
        if high - low > WIDE:
            return f"Too few runs to tell{with_model} ({n}): {between}; {self._more()}."
        return f"No difference seen{with_model} ({n}): {between}."

    def _wide(self, sides: Sequence[Side]) -> Iterator[str]:
        for side in sides:
            low, high = side.rate().interval
            if side.trials and high - low > WIDE:
                yield (
                    f"Too few runs to tell (n={side.rate().runs}): with more of them, the rate may be anything from "
                    f"{low:.0%} to {high:.0%}; {self._more()}."
                )
                return

    def _more(self) -> str:
        return f"use --runs {max(20, 2 * self.runs)}"


def changes(before: Sequence[Tool], after: Sequence[Tool]) -> list[str]:
    """Return a few words for each tool that a model sees differently."""
    earlier, now = ({tool.name: tool for tool in tools} for tools in (before, after))
    found = []
    for name in dict.fromkeys([*earlier, *now]):
        if name not in now or name not in earlier:
            found.append(f"{name} is {'gone' if name not in now else 'new'}")
            continue
        parts = {
            "description": earlier[name].description != now[name].description,
            "input": earlier[name].input_schema != now[name].input_schema,
        }
        if any(parts.values()):
            found.append(f"{name} has another {' and '.join(part for part, differs in parts.items() if differs)}")
    return found


def _points(share: float) -> str:
    return f"{round(100 * share):+d}".replace("+0", "0")


def _steps(message: SamplingMessage) -> Iterator[str]:
    for block in message.content_as_list:
        if isinstance(block, TextContent):
            yield f"{'prompt' if message.role == 'user' else 'model'}: {_cut(block.text)}"
        elif isinstance(block, ToolUseContent):
            yield f"calls {block.name} {_cut(json.dumps(block.input, ensure_ascii=False, default=str))}"
        elif isinstance(block, ToolResultContent):
            texts = [one.text if isinstance(one, TextContent) else f"({one.type})" for one in block.content]
            yield f"{'error' if block.is_error else 'result'}: {_cut(chr(10).join(texts))}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}… ({len(text):,} characters)"
