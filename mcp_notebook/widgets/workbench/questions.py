"""What servers ask during the requests of one pane, each on a card."""

from __future__ import annotations

import ipywidgets as w

from mcp_notebook.client import Answerer
from mcp_notebook.widgets.question import QuestionCard, ask_in

__all__ = ["Questions"]


class Questions(w.VBox):
    """A place for cards."""

    def __init__(self) -> None:
        super().__init__()
        self._answerer = ask_in(self)

    def answerer(self) -> Answerer:
        """Return who answers from now on: a person, here. Cards that are answered make room."""
        cards: tuple[QuestionCard, ...] = self.children  # type: ignore[has-type]
        answered = [card for card in cards if card.answer.done()]
        self.children = tuple(card for card in cards if card not in answered)
        for card in answered:
            card.close()
        return self._answerer

    def close(self) -> None:
        """Take the cards out of the page; what was not answered is interrupted."""
        for card in self.children:
            card.answer.cancel()
            card.close()
        super().close()
