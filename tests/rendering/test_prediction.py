"""A prediction as text and as static HTML: before a choice, after it, and with the answer."""

from __future__ import annotations

import pytest

from mcp_notebook.rendering import look
from mcp_notebook.rendering.prediction import NEXT_TIME, Revealed, Span, prediction_card, spans, verdict
from tests.test_visible import HOSTILE, hidden

QUESTION = "What happens when the next cell asks `greet` for Latin?"
OPTIONS = ["`greet` runs and raises", "The client refuses", "The server refuses"]
ANSWER = Revealed(2, "The server checks the arguments before `greet` runs.")


def text(chosen: int | None, answer: Revealed | None = None) -> list[str]:
    return prediction_card(QUESTION, OPTIONS, chosen, answer).text.splitlines()


def html(chosen: int | None, answer: Revealed | None = None) -> str:
    return prediction_card(QUESTION, OPTIONS, chosen, answer).html.split("</style>")[1]


def test_a_question_lists_its_options_and_what_to_do() -> None:
    assert text(None) == [
        "prediction: What happens when the next cell asks `greet` for Latin?",
        "  A. `greet` runs and raises",
        "  B. The client refuses",
        "  C. The server refuses",
        "  Choose one before you run the next cell.",
    ]


def test_a_choice_is_marked_in_words() -> None:
    assert text(1)[2:] == [
        "  B. The client refuses (your prediction)",
        "  C. The server refuses",
        "  Run the next cell to compare. Until then, you can still change it.",
    ]


def test_a_wrong_prediction_is_compared_with_the_answer() -> None:
    assert text(1, ANSWER)[1:] == [
        "  · A. `greet` runs and raises",
        "  ✗ B. The client refuses (your prediction, not right)",
        "  ✓ C. The server refuses (right)",
        "  You predicted B. The answer is C.",
        "  Why: The server checks the arguments before `greet` runs.",
    ]


def test_a_right_prediction_has_one_mark() -> None:
    assert text(2, ANSWER)[1:5] == [
        "  · A. `greet` runs and raises",
        "  · B. The client refuses",
        "  ✓ C. The server refuses (your prediction, right)",
        "  You predicted C, and that is right.",
    ]


def test_without_a_prediction_it_is_kind_and_has_the_answer() -> None:
    assert verdict(None, 0) == "The cell ran before you chose. No harm done: the answer is A."
    assert text(None, ANSWER)[1:] == [
        "  · A. `greet` runs and raises",
        "  · B. The client refuses",
        "  ✓ C. The server refuses (right)",
        "  The cell ran before you chose. No harm done: the answer is C.",
        "  Why: The server checks the arguments before `greet` runs.",
        f"  {NEXT_TIME}",
    ]
    assert NEXT_TIME in html(None, ANSWER)
    assert NEXT_TIME not in html(0, ANSWER)


def test_long_texts_are_wrapped_under_their_beginning() -> None:
    card = prediction_card("Why? " * 40, ["because " * 30, "no"], 0, Revealed(1, "It is so. " * 20))
    lines = card.text.splitlines()
    assert max(map(len, lines)) <= look.WIDTH
    begin = next(i for i, line in enumerate(lines) if line.startswith("  ✗ A. because"))
    assert lines[begin + 1].startswith(" " * len("  ✗ A. ") + "because")


@pytest.mark.parametrize("answer", [None, ANSWER])
def test_code_in_backticks_is_code_in_html(answer: Revealed | None) -> None:
    shown = html(1, answer)
    assert shown.count("<code>greet</code>") == (3 if answer else 2)
    assert "`" not in shown


def test_html_marks_an_option_by_its_sign_and_in_words() -> None:
    shown = html(1, ANSWER)
    assert '<span class="sign bad" aria-hidden="true">✗</span> <strong>B.</strong> The client refuses' in shown
    assert "<strong>(your prediction, not right)</strong>" in shown
    assert '<span class="sign good" aria-hidden="true">✓</span> <strong>C.</strong> The server refuses' in shown
    assert "sign" not in html(1)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("plain", [Span("plain", code=False)]),
        ("`a`", [Span("a", code=True)]),
        ("`a` and `b`.", [("a", True), (" and ", False), ("b", True), (".", False)]),
        ("a ` alone", [("a ` alone", False)]),
        ("`a` ` b", [("a", True), (" ` b", False)]),
        ("``", [("``", False)]),
        ("", []),
    ],
)
def test_code_is_between_two_backticks(written: str, parts: list[tuple[str, bool]]) -> None:
    assert spans(written) == parts


@pytest.mark.parametrize("evil", [*HOSTILE.values(), "<img src=x onerror=alert(1)>", "`<script>`"])
def test_nothing_hides_or_is_markup(evil: str) -> None:
    card = prediction_card(evil, [evil, evil], 0, Revealed(1, evil))
    assert hidden(card.text + card.html) == []
    assert "<img" not in card.html
    assert "<script" not in card.html
