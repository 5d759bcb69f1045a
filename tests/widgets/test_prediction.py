"""The card of a prediction, without a front end: it is asked for what a front end asks for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.session.live_views import LiveViews
from mcp_notebook.widgets.prediction import PredictionCard
from tests.test_visible import HOSTILE, hidden

QUESTION = "What happens when the next cell asks `greet` for Latin?"
OPTIONS = ("`greet` runs and raises", "The client refuses", "The server refuses")
RIGHT, BECAUSE = 2, "The arguments are checked before `greet` runs."


class Kept:
    """The options that a card keeps, as the course keeps them in a file."""

    def __init__(self) -> None:
        self.options: list[int] = []
        self.fails: Exception | None = None

    def __call__(self, option: int) -> None:
        if self.fails is not None:
            raise self.fails
        self.options.append(option)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def card(kept: Kept) -> Iterator[PredictionCard]:
    card = PredictionCard(QUESTION, OPTIONS, RIGHT, BECAUSE, None, kept)
    yield card
    card.close()


def choose(card: PredictionCard, option: Any) -> Any:
    return card.actions["choose"]({"do": "choose", "option": option})


def sent(card: PredictionCard) -> str:
    """Return all that the page gets."""
    bundle = card._repr_mimebundle_()
    output = bundle[0] if isinstance(bundle, tuple) else bundle
    return json.dumps([card.get_state(), output], default=str, ensure_ascii=False)


def test_it_compares_when_the_next_cell_has_run(card: PredictionCard, kept: Kept) -> None:
    card.cell_ended()  # the cell that shows it
    choose(card, 0)
    choose(card, 1)
    assert kept.options == [0, 1]
    assert (card.state["chosen"], card.revealed) == (1, False)
    card.cell_ended()
    assert card.revealed
    assert card.state["outcome"] == {
        "right": 2,
        "words": "You predicted B. The answer is C.",
        "because": [("The arguments are checked before ", False), ("greet", True), (" runs.", False)],
        "advice": "",
    }
    json.dumps(card.state)


def test_a_prediction_stays_when_the_next_cell_has_run(card: PredictionCard, kept: Kept) -> None:
    choose(card, 1)
    card.cell_ended()
    card.cell_ended()
    before = card.state
    with pytest.raises(McpNotebookError, match="stays as it is"):
        choose(card, 2)
    for _ in range(3):
        card.cell_ended()
    assert card.state == before
    assert kept.options == [1]


def test_the_page_does_not_get_the_answer_before_it_is_revealed(card: PredictionCard) -> None:
    for step in (lambda: None, card.cell_ended, lambda: choose(card, 1), lambda: choose(card, 2)):
        step()
        assert "are checked before" not in sent(card)
        assert set(card.state) == {"chosen"}
        assert set(card.about) == {"question", "options", "choose"}
    card.cell_ended()
    assert "are checked before" in sent(card)


@pytest.mark.parametrize("right", range(3))
def test_what_is_shown_before_the_next_cell_does_not_depend_on_the_answer(kept: Kept, right: int) -> None:
    card = PredictionCard(QUESTION, OPTIONS, right, BECAUSE, None, kept)
    other = PredictionCard(QUESTION, OPTIONS, RIGHT, "Another reason.", None, kept)
    assert repr(card) == repr(other)
    assert (card.about, card.state) == (other.about, other.state)
    assert card.rendering.html == other.rendering.html


def test_its_text_is_the_question_and_then_the_comparison(card: PredictionCard) -> None:
    assert repr(card).splitlines() == [
        f"prediction: {QUESTION}",
        "  A. `greet` runs and raises",
        "  B. The client refuses",
        "  C. The server refuses",
        "  Choose one before you run the next cell.",
    ]
    choose(card, 2)
    card.cell_ended()
    assert "your prediction" in repr(card)
    card.cell_ended()
    assert repr(card).splitlines()[-2:] == ["  You predicted C, and that is right.", f"  Why: {BECAUSE}"]


def test_without_a_prediction_it_says_so_and_has_the_answer(card: PredictionCard) -> None:
    card.cell_ended()
    card.cell_ended()
    assert card.state["chosen"] is None
    assert card.state["outcome"]["words"] == "The cell ran before you chose. No harm done: the answer is C."
    assert card.state["outcome"]["advice"].startswith("Next time, guess first")


@pytest.mark.parametrize(("earlier", "shown"), [(0, 0), (2, 2), (3, None), (-1, None)])
def test_an_earlier_choice_is_shown_if_there_is_still_such_an_option(
    kept: Kept, earlier: int, shown: int | None
) -> None:
    card = PredictionCard(QUESTION, OPTIONS, RIGHT, BECAUSE, earlier, kept)
    assert card.state["chosen"] == shown
    assert kept.options == []


def test_a_choice_that_cannot_be_kept_still_counts(card: PredictionCard, kept: Kept) -> None:
    kept.fails = McpNotebookError("the disk is full")
    with pytest.raises(McpNotebookError, match="disk is full"):
        choose(card, 2)
    card.cell_ended()
    card.cell_ended()
    assert card.state["outcome"]["words"] == "You predicted C, and that is right."


@pytest.mark.parametrize("option", [3, -1, "1", None, True, 1.0, [], {}])
def test_what_a_page_should_not_send_changes_nothing(card: PredictionCard, kept: Kept, option: Any) -> None:
    with pytest.raises(McpNotebookError, match="there is no option"):
        choose(card, option)
    assert card.state["chosen"] is None
    assert kept.options == []


@pytest.mark.parametrize(
    ("options", "right"), [((), 0), (("a",), 0), (("a", "b", "c", "d", "e"), 0), (("a", "b"), 2), (("a", "b"), -1)]
)
def test_a_prediction_that_cannot_be_answered_is_refused(kept: Kept, options: tuple[str, ...], right: int) -> None:
    with pytest.raises(ValueError, match="option"):
        PredictionCard(QUESTION, options, right, BECAUSE, None, kept)


def test_several_threads_keep_what_is_compared(card: PredictionCard, kept: Kept) -> None:
    refused: list[int] = []

    def chooses(option: int) -> None:
        for _ in range(50):
            try:
                choose(card, option)
            except McpNotebookError:
                refused.append(option)

    threads = [threading.Thread(target=chooses, args=(option,)) for option in range(3)]
    for thread in threads:
        thread.start()
    card.cell_ended()
    card.cell_ended()
    for thread in threads:
        thread.join()
    assert len(kept.options) + len(refused) == 150
    assert card.state["chosen"] == (kept.options[-1] if kept.options else None)


def test_it_lives_among_the_views_of_a_notebook_until_its_cell_runs_again(card: PredictionCard) -> None:
    views = LiveViews()
    views.put("predict", "cell", card)
    views.cell_ended()
    views.cell_ended()
    assert card.revealed
    views.close_earlier("predict", "cell")
    assert card.comm is None
    views.close()


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_nothing_hides_in_what_the_page_gets(kept: Kept, evil: str) -> None:
    card = PredictionCard(evil, [evil, f"`{evil}`"], 0, evil, None, kept)
    card.cell_ended()
    card.cell_ended()
    parts = [*card.about["question"], *card.state["outcome"]["because"]]
    parts += [part for option in card.about["options"] for part in option["words"]]
    assert [text for text, _ in parts if hidden(text)] == []
