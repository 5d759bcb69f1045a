"""Keep the live views of a notebook, one for each cell and verb that opened it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

__all__ = ["LiveView", "LiveViews"]


class LiveView(Protocol):
    """A view that follows what happens until it is closed."""

    def cell_ended(self) -> None:
        """Follow what a cell changed."""

    def close(self) -> None:
        """End, and remove it from the notebook."""


class LiveViews:
    """The open views."""

    def __init__(self) -> None:
        self._views: dict[tuple[str, str], LiveView] = {}

    def __iter__(self) -> Iterator[LiveView]:
        return iter([*self._views.values()])

    def close_earlier(self, verb: str, cell: str) -> None:
        """Close the view that an earlier run of the cell has opened with the verb, if there is one."""
        earlier = self._views.pop((verb, cell), None)
        if earlier is not None:
            earlier.close()

    def put(self, verb: str, cell: str, view: LiveView) -> None:
        """Keep a view until the cell runs again."""
        self._views[verb, cell] = view

    def cell_ended(self) -> None:
        """Let all views follow what a cell changed."""
        for view in self:
            view.cell_ended()

    def close(self) -> None:
        """Close all views."""
        while self._views:
            self._views.popitem()[1].close()
