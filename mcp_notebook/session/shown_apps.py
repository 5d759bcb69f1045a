"""Keep the apps that are shown in a notebook, by the cell that shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["ShownApp", "ShownApps"]


class Closable(Protocol):
    """The view of an app."""

    def close(self) -> None:
        """Remove it."""


@dataclass
class ShownApp:
    """An app, and how to see that it is out of date.

    Attributes:
        frame: The view.
        definitions: Returns the objects that the app is made of; a cell that defines one again makes another object.
        show_again: Shows the app as it is now.
    """

    frame: Closable
    definitions: Callable[[], Sequence[object]]
    show_again: Callable[[], None]
    shown: Sequence[object] = field(init=False)

    def __post_init__(self) -> None:
        self.shown = self.definitions()

    def cell_ended(self) -> None:
        """Show the app again if the cell defined a part of it again."""
        earlier, self.shown = self.shown, self.definitions()
        if any(one is not other for one, other in zip(earlier, self.shown, strict=True)):
            self.show_again()


class ShownApps:
    """The apps of a notebook that are shown.

    Attributes:
        agreed: The apps of foreign servers that the person agreed to show, each by a digest of all that was agreed to.
    """

    def __init__(self) -> None:
        self.agreed: set[str] = set()
        self._cells: dict[str, tuple[object, list[ShownApp]]] = {}

    def __iter__(self) -> Iterator[ShownApp]:
        return iter([app for _, apps in self._cells.values() for app in apps])

    def put(self, cell: str, run: object, app: ShownApp) -> None:
        """Keep an app of a cell; those that an earlier run of the cell has shown are closed."""
        earlier, apps = self._cells.get(cell, (run, []))
        if earlier != run:
            for each in apps:
                each.frame.close()
            apps = []
        self._cells[cell] = run, [*apps, app]

    def cell_ended(self) -> None:
        """Show those apps again of which a cell defined a part again."""
        for app in self:
            app.cell_ended()

    def close(self) -> None:
        """Remove all apps."""
        for app in self:
            app.frame.close()
        self._cells.clear()
