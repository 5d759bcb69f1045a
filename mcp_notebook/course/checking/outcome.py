"""The outcome of a check: every case, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal, NamedTuple

from mcp_notebook.course.checking.sections import linked
from mcp_notebook.rendering import look

__all__ = ["CheckResult", "Tried"]

State = Literal["passed", "not attempted", "not yet", "the check is broken"]

_KINDS: dict[State, look.Kind] = {
    "passed": "good",
    "not attempted": "",
    "not yet": "warn",
    "the check is broken": "bad",
}

_NEXT: dict[State, str] = {
    "passed": "Next: compare with the solution, then go on.",
    "not attempted": "Next: write it in the cell above, run that cell, then run this one again.",
    "not yet": "Next: change your cell, run it, then run this check again.",
    "the check is broken": "",
}


MOST_CHARACTERS = 400
"""Most characters of an answer that are shown; a whole table says no more."""


class Tried(NamedTuple):
    """One case that was tried.

    Attributes:
        request: The request, in words.
        about: The purpose of the case, as a sentence.
        holds: Whether the answer was right; None if the case could not be tried after one that failed.
        expected: The expected answer, in words.
        got: The actual answer, in words.
        note: A remark about an answer that is right.
    """

    request: str
    about: str
    holds: bool | None
    expected: str = ""
    got: str = ""
    note: str = ""

    @property
    def sign(self) -> str:
        """The sign of the outcome."""
        return {True: "✓", False: "✗", None: "·"}[self.holds]

    @property
    def more(self) -> str:
        """The reason why it is not right, or the remark if it is."""
        if self.holds is None:
            return "Not tried: it needs what failed before."
        return self.note if self.holds else f"Expected {self.expected},\ngot {_cut(self.got)}."


class CheckResult(look.Rendering):
    """The outcome of a check.

    Attributes:
        state: ``passed``, ``not attempted``, ``not yet`` or ``the check is broken``.
        cases: The cases that were tried.
    """

    def __init__(
        self,
        state: State,
        lines: Sequence[str] = (),
        *,
        cases: Sequence[Tried] = (),
        read: str = "",
        after: Sequence[str] = (),
    ) -> None:
        self.state = state
        self.cases = list(cases)
        right = sum(case.holds is True for case in cases)
        count = f"{right} of {len(cases)} cases right" if cases else ""
        text = [f"{state}: {count}" if count and state != "passed" else state, *(f"  {line}" for line in lines)]
        for case in cases:
            text += [f"  {case.sign} {case.request}: {case.about}", *(f"    {line}" for line in case.more.splitlines())]
        html = [f"<p>{escape(line)}</p>" for line in lines]
        if cases:
            html.append(f'<ul class="cases">{"".join(map(_case, cases))}</ul>')
        text += [f"  {line}" for line in after]
        html += [f"<p>{escape(line)}</p>" for line in after]
        if state == "not yet":
            text += [f"  Read: {read}.", f"  {_NEXT[state]}"]
            html.append(f"<p>Read: {linked(read)}.</p>")
        html.append(f'<p class="dim">{escape(_NEXT[state])}</p>' if _NEXT[state] else "")
        title = f"{look.chip(state, _KINDS[state])} {look.muted(count)}"
        super().__init__("\n".join(text), look.card(title, *html, bad=state == "not yet"))


def _cut(text: str) -> str:
    """Keep the beginning of a text on one line."""
    line = text.replace("\n", " ")
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]} …"


def _case(case: Tried) -> str:
    kind = {True: "good", False: "bad", None: ""}[case.holds]
    if case.holds is False:
        answers = (("expected", case.expected), ("got", _cut(case.got)))
        more = "".join(f"<br>{look.muted(label)} {escape(text)}" for label, text in answers)
    else:
        more = f"<br>{escape(case.more)}" if case.more else ""
    word = {True: "right", False: "wrong", None: "not tried"}[case.holds]
    sign = f'<span class="sign {kind}" role="img" aria-label="{word}">{case.sign}</span>'
    return f"<li>{sign} {look.code(case.request)} {escape(case.about)}{more}</li>"
