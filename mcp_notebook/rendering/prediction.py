"""Render a prediction: a question with options, the option that was chosen, and the comparison with the answer."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from mcp_notebook.rendering import look

__all__ = ["CHOOSE", "LETTERS", "NEXT_TIME", "Revealed", "Span", "prediction_card", "spans", "verdict"]

LETTERS: Final = "ABCD"
"""The names of the options, in order."""

CHOOSE: Final = "Choose one before you run the next cell."

NEXT_TIME: Final = "Next time, guess first: even a wrong guess makes the answer easier to remember."
"""The advice to a learner who has not chosen."""

_CHOSEN: Final = "Run the next cell to compare. Until then, you can still change it."

_CODE: Final = re.compile(r"`([^`\n]+)`")


class Revealed(NamedTuple):
    """The answer to the question.

    Attributes:
        right: The index of the right option.
        because: The reason, in one or two sentences.
    """

    right: int
    because: str


class Span(NamedTuple):
    """A part of a text.

    Attributes:
        text: The text, without backticks around code.
        code: Whether it is code.
    """

    text: str
    code: bool


def spans(text: str) -> list[Span]:
    """Split a text into plain parts and code, which is in backticks; a single backtick is plain."""
    return [Span(part, bool(i % 2)) for i, part in enumerate(_CODE.split(text)) if part]


def verdict(chosen: int | None, right: int) -> str:
    """Compare the option that was chosen with the right one, in a sentence or two."""
    if chosen is None:
        return f"The cell ran before you chose. No harm done: the answer is {LETTERS[right]}."
    if chosen == right:
        return f"You predicted {LETTERS[chosen]}, and that is right."
    return f"You predicted {LETTERS[chosen]}. The answer is {LETTERS[right]}."


def prediction_card(
    question: str, options: Sequence[str], chosen: int | None = None, answer: Revealed | None = None
) -> look.Rendering:
    """Draw a prediction.

    Args:
        question: The question; code in it is in backticks.
        options: The options, at most as many as `LETTERS`.
        chosen: The index of the option that was chosen.
        answer: The answer, once it may be known. Without it, the rendering does not depend on it.
    """
    return look.Rendering("\n".join(_text(question, options, chosen, answer)), _html(question, options, chosen, answer))


def _text(question: str, options: Sequence[str], chosen: int | None, answer: Revealed | None) -> list[str]:
    lines = _wrapped("prediction: ", question, "  ")
    for index, option in enumerate(options):
        sign = f"{_sign(index, chosen, answer.right)[0]} " if answer else ""
        begin = f"  {sign}{LETTERS[index]}. "
        remark = _remark(index, chosen, answer)
        lines += _wrapped(begin, f"{option} ({remark})" if remark else option, " " * len(begin))
    if answer is None:
        return [*lines, f"  {CHOOSE if chosen is None else _CHOSEN}"]
    lines += [f"  {verdict(chosen, answer.right)}", *_wrapped("  Why: ", answer.because, "  ")]
    return [*lines, f"  {NEXT_TIME}"] if chosen is None else lines


def _wrapped(begin: str, text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        look.WIDTH,
        initial_indent=begin,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _html(question: str, options: Sequence[str], chosen: int | None, answer: Revealed | None) -> str:
    rows = "".join(_row(index, option, chosen, answer) for index, option in enumerate(options))
    if answer is None:
        end = f'<p class="dim">{escape(CHOOSE if chosen is None else _CHOSEN)}</p>'
    else:
        end = f"<p><strong>{escape(verdict(chosen, answer.right))}</strong></p><p>{_marked(answer.because)}</p>"
        end += f'<p class="dim">{escape(NEXT_TIME)}</p>' if chosen is None else ""
    return look.card(f"{look.muted('Prediction:')} {_marked(question)}", f'<ul class="cases">{rows}</ul>', end)


def _row(index: int, option: str, chosen: int | None, answer: Revealed | None) -> str:
    begin = f"<strong>{LETTERS[index]}.</strong> "
    if answer is not None:
        # The remark has the words.
        sign, kind = _sign(index, chosen, answer.right)
        begin = f'<span class="sign {kind}" aria-hidden="true">{sign}</span> {begin}'
    remark = _remark(index, chosen, answer)
    end = f" <strong>({escape(remark)})</strong>" if remark else ""
    return f"<li>{begin}{_marked(option)}{end}</li>"


def _sign(index: int, chosen: int | None, right: int) -> tuple[str, look.Kind]:
    """Return the sign of an option once the answer is known, and its kind."""
    kind: look.Kind = "good" if index == right else "bad" if index == chosen else ""
    return look.SIGNS[kind], kind


def _remark(index: int, chosen: int | None, answer: Revealed | None) -> str:
    """Return what is to be known about an option, in words."""
    words = []
    if index == chosen:
        words.append("your prediction")
    if answer is not None and index == answer.right:
        words.append("right")
    elif answer is not None and words:
        words.append("not right")
    return ", ".join(words)


def _marked(text: str) -> str:
    return "".join(look.code(part) if code else escape(part) for part, code in spans(text))
