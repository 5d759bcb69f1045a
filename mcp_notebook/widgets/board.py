"""The live board of a class: learners and chapters, drawn while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from mcp_notebook.rendering import look
from mcp_notebook.rendering.board import LearnerRow, Standing, board_card
from mcp_notebook.visible import visible
from mcp_notebook.widgets.surface import Action
from mcp_notebook.widgets.watched import Watched

__all__ = ["BoardPanel"]

EVERY: Final = 1.0
"""Seconds between two looks at the reports."""


class BoardPanel(Watched):
    """The board of a class.

    The kernel sends the reports only if something has changed and a page shows the panel, and at most once a second.
    The address and the class code are sent only when a person asks for them. They are not part of the state, which a
    notebook may save.

    Args:
        standing: Returns how far the class is.
        moves: Returns a number that differs after each report.
        joining: Returns what learners need to join.
    """

    def __init__(
        self, standing: Callable[[], Standing], moves: Callable[[], int], joining: Callable[[], Mapping[str, str]]
    ) -> None:
        self._standing, self._reports, self._joining = standing, moves, joining
        now = standing()
        chapters = [
            {
                "number": chapter.number,
                "title": chapter.title,
                "exercises": [{"number": number, "title": title} for number, title in chapter.exercises],
            }
            for chapter in now.chapters
        ]
        super().__init__("board", {"chapters": chapters, "predictions": now.predictions})
        self.follow("mcp-notebook-board", EVERY)

    @property
    def rendering(self) -> look.Rendering:
        """The board as a table, without times."""
        return board_card(self._standing())

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {**super().actions, "join": lambda _: dict(self._joining())}

    def cell_ended(self) -> None:
        """Do nothing: reports come from elsewhere."""

    def close(self, why: str = "Closed. Run the cell again to see the board.") -> None:
        """Stop, and remove the board from the notebook; closing again does nothing."""
        super().close(why)

    def moves(self) -> int:
        """Return a number that differs after each report."""
        return self._reports()

    def drawing(self) -> dict[str, Any]:
        """Return a row for each learner."""
        standing, now = self._standing(), time.time()
        return {"rows": [_row(row, standing, now) for row in standing.rows]}


def _row(row: LearnerRow, standing: Standing, now: float) -> dict[str, Any]:
    """Write a row: work is the number of tries of each exercise, below zero if none has passed."""
    work = [row.on(number) for number, _ in standing.exercises]
    return {
        "seat": row.seat,
        "name": visible(row.name, one_line=True),
        "work": [one.tries if one.passed else -one.tries for one in work],
        "right": row.right,
        "ago": max(int(now - row.reported), 0),
    }
