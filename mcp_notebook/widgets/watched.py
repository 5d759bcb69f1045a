"""A surface whose state changes by itself: the kernel draws it again while a page shows it."""

from __future__ import annotations

from typing import Any, Final

from mcp_notebook.background import Background, Rests
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["Watched"]

MOST_VIEWS: Final = 100
"""Views that are remembered; a page that is loaded again does not say that its views are gone."""


class Watched(Surface):
    """A surface that the kernel draws again if something has changed, and only while a page shows it.

    A subclass says what it follows, and calls `follow` when it can be drawn.
    """

    def follow(self, thread: str, every: float) -> None:
        """Draw for the first time, and look for changes from then on while a page shows the surface.

        Args:
            thread: The name of the thread that looks.
            every: Seconds between two looks.
        """
        self._views: dict[str, None] = {}
        self._drawn: Any = None
        self._version = 0
        self._every = every
        self.draw()
        self._background = Background(self._watch(), thread)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions by which a page says that it shows the surface, and no longer."""
        return {
            "enter": lambda message: self._enter(str(message["view"])),
            "leave": lambda message: self._views.pop(str(message["view"]), None),
        }

    def moves(self) -> Any:
        """Return a value that differs after each change."""
        raise NotImplementedError

    def drawing(self) -> dict[str, Any]:
        """Return the state to send."""
        raise NotImplementedError

    def draw(self) -> None:
        """Send the state; may be called from any thread."""
        with self._changing:  # so that what is sent last is what was read last
            self._drawn = self.moves()
            self._version += 1
            self.set(version=self._version, **self.drawing())

    def close(self, why: str = "Closed. Run the cell again.") -> None:
        """Stop, and remove the surface from the notebook; closing again does nothing.

        Args:
            why: The words that the page shows from then on.
        """
        # ipywidgets closes a widget on deletion even if its `__init__` failed halfway.
        if (background := self.__dict__.pop("_background", None)) is not None:
            background.end()
            self.set(closed=why)
        super().close()

    def _enter(self, view: str) -> None:
        """Note that a view is on a page, and begin to follow."""
        self._views[view[:100]] = None
        while len(self._views) > MOST_VIEWS:
            del self._views[next(iter(self._views))]
        self.draw()
        self._background.wake()

    def _watch(self) -> Rests:
        while True:
            if self._views and not self.state.get("held") and self.moves() != self._drawn:
                self.draw()
            yield self._every if self._views else None
