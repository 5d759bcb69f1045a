"""The live board of a class: learners and chapters, drawn while somebody looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from mcp_notebook.background import Background, Rests
from mcp_notebook.rendering import look
from mcp_notebook.rendering.board import LearnerRow, Standing, board_card
from mcp_notebook.visible import visible
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["BoardPanel"]

EVERY: Final = 1.0
"""Seconds between two looks at the reports."""

MOST_VIEWS: Final = 100
"""Views that are remembered; a page that is loaded again does not say that its views are gone."""


class BoardPanel(Surface):
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
        self._standing, self._moves, self._joining = standing, moves, joining
        self._views: dict[str, None] = {}
        self._drawn = -1
        self._version = 0
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
        self._draw()
        self._background = Background(self._watch(), "mcp-notebook-board")

    @property
    def rendering(self) -> look.Rendering:
        """The board as a table, without times."""
        return board_card(self._standing())

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {
            "enter": lambda message: self._enter(str(message["view"])),
            "leave": lambda message: self._views.pop(str(message["view"]), None),
            "join": lambda _: dict(self._joining()),
        }

    def cell_ended(self) -> None:
        """Do nothing: reports come from elsewhere."""

    def close(self) -> None:
        """Stop, and remove the panel from the notebook; closing again does nothing."""
        # ipywidgets closes a widget on deletion even if its `__init__` failed halfway.
        if (background := self.__dict__.pop("_background", None)) is not None:
            background.end()
            self.set(closed="Closed. Run the cell again to see the board.")
        super().close()

    def _enter(self, view: str) -> None:
        """Note that a view is on a page, and begin to follow the reports."""
        self._views[view[:100]] = None
        while len(self._views) > MOST_VIEWS:
            del self._views[next(iter(self._views))]
        self._draw()
        self._background.wake()

    def _watch(self) -> Rests:
        while True:
            if self._views and self._moves() != self._drawn:
                self._draw()
            yield EVERY if self._views else None

    def _draw(self) -> None:
        """Send the reports; may be called from any thread."""
        with self._changing:  # so that what is sent last is what was read last
            self._drawn = self._moves()
            self._version += 1
            standing, now = self._standing(), time.time()
            self.set(version=self._version, rows=[_row(row, standing, now) for row in standing.rows])


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
