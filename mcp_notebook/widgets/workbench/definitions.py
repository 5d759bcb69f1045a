"""List the definitions of a server of this kernel, and show the cell behind each."""

from __future__ import annotations

import ipywidgets as w

from mcp_notebook.rendering import look
from mcp_notebook.rendering.overview import Lists
from mcp_notebook.server.definitions import Definition
from mcp_notebook.widgets.workbench.paging import BESIDE, DETAIL, PagedList

__all__ = ["Definitions"]


class Definitions(w.HBox):
    """The list of definitions, and the source of the chosen one's cell."""

    def __init__(self) -> None:
        self._list = PagedList[Definition](
            "definitions",
            key=lambda item: (item.kind, item.name),
            cells=lambda item: (item.name, item.kind, _cell(item)),
            words=lambda item: f"{item.name} {item.kind} {_cell(item)}".lower(),
            chosen=self._show,
        )
        self._source = w.HTML()
        beside = w.VBox([self._source], layout=DETAIL)
        super().__init__([self._list.box, beside], layout=BESIDE)

    def show(self, lists: Lists) -> None:
        """Show these definitions."""
        self._list.show(list(lists.definitions.values()))
        self._show(self._list.chosen)

    def _show(self, item: Definition | None) -> None:
        if item is None:
            shown = look.muted("Choose a definition to see its cell.")
        elif item.cell is None:
            shown = look.muted(f"No cell of this notebook defined {item.name}.")
        else:
            shown = look.card(f"{look.code(item.name)} {look.muted(_cell(item))}", look.pre(item.cell.source))
        self._source.value = shown


def _cell(item: Definition) -> str:
    return f"cell {item.cell.execution_count}" if item.cell is not None else ""
