"""The card of a prediction: a learner chooses an option, runs the next cell, and then sees how it compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering import look
from mcp_notebook.rendering.prediction import CHOOSE, LETTERS, NEXT_TIME, Revealed, prediction_card, spans, verdict
from mcp_notebook.visible import visible
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["PredictionCard"]

FEWEST: Final = 2

Spans = list[tuple[str, bool]]


class PredictionCard(Surface):
    """A question that a learner answers before the next cell runs.

    The page gets the answer only when that cell has run, so that nothing in the notebook gives it away.

    Args:
        question: The question; code in it is in backticks.
        options: Two to four options.
        right: The index of the right option.
        because: The reason, in one or two sentences.
        chosen: The option that was chosen earlier. One that does not exist counts as None, because what is kept may be
            older than the options.
        keep: Keeps the option that a learner chooses. If it raises, the choice still counts, and the card shows why it
            is not kept.

    Raises:
        ValueError: There are too few or too many options, or none of them is the right one.
    """

    def __init__(
        self,
        question: str,
        options: Sequence[str],
        right: int,
        because: str,
        chosen: int | None,
        keep: Callable[[int], None],
    ) -> None:
        if not FEWEST <= len(options) <= len(LETTERS):
            raise ValueError(f"a prediction has {FEWEST} to {len(LETTERS)} options, not {len(options)}")
        if right not in range(len(options)):
            raise ValueError(f"there is no option {right}")
        self._question, self._options = question, [*options]
        self._answer = Revealed(right, because)
        self._keep = keep
        self._cells = 0
        about = {
            "question": _spans(question),
            "options": [{"letter": LETTERS[i], "words": _spans(option)} for i, option in enumerate(options)],
            "choose": CHOOSE,
        }
        super().__init__("prediction", about, {"chosen": chosen if chosen in range(len(options)) else None})

    @property
    def revealed(self) -> bool:
        """Return whether the next cell has run."""
        return "outcome" in self.state

    @property
    def rendering(self) -> look.Rendering:
        """The question, and the comparison once it is revealed."""
        answer = self._answer if self.revealed else None
        return prediction_card(self._question, self._options, self.state["chosen"], answer)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {"choose": lambda message: self._choose(message["option"])}

    def cell_ended(self) -> None:
        """Reveal the answer at the second call; the first is for the cell that showed the card."""
        with self._changing:
            self._cells += 1
            if self._cells > 1 and not self.revealed:
                chosen, (right, because) = self.state["chosen"], self._answer
                advice = NEXT_TIME if chosen is None else ""
                words = verdict(chosen, right)
                self.set(outcome={"right": right, "words": words, "because": _spans(because), "advice": advice})

    def _choose(self, option: Any) -> None:
        """Take the learner's choice; runs on any thread."""
        if type(option) is not int or option not in range(len(self._options)):  # True is an int, too
            raise McpNotebookError(f"there is no option {option!r}")
        with self._changing:  # so that what is kept is what is compared
            if self.revealed:
                raise McpNotebookError("the next cell has run, so the prediction stays as it is")
            self.set(chosen=option)
            self._keep(option)


def _spans(text: str) -> Spans:
    return [(visible(part), code) for part, code in spans(text)]
