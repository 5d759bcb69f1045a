"""Edit an array: add, move and remove rows, one for each item."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

import ipywidgets as w
from typing_extensions import override

from mcp_notebook.schema import UNSET, Problem
from mcp_notebook.schema.parameters import Schema, sequence
from mcp_notebook.widgets.form.editor import Editor
from mcp_notebook.widgets.form.form_context import FormContext

__all__ = ["FormRow", "FormRows", "by_part"]

MOST_ROWS: Final = 50
"""Rows that are shown as fields; longer arrays are written as JSON."""

MOST_AT_FIRST: Final = 3
"""Rows that an array has from the start, if it needs as many."""


@dataclass(eq=False)
class FormRow:
    """A row: its field, and the input for its name if it has one."""

    field: Any
    name: Any = None
    filled: bool = True
    widget: Any = None
    head: Any = None


def by_part(problems: Sequence[Problem], fields: Mapping[Any, Any]) -> list[Problem]:
    """Show problems next to the fields that they are about, and return the others."""
    for part, field in fields.items():
        field.show([replace(p, place=p.place[1:]) for p in problems if p.place[:1] == (part,)])
    return [problem for problem in problems if not problem.place or problem.place[0] not in fields]


class FormRows(Editor):
    """Fill in an array.

    Args:
        context: The form's context.
        schema: The array's schema, flattened.
        depth: The number of fields around it.
        arrange: Updates the field's layout after a row was added, removed or moved.
    """

    add_words: ClassVar[str] = "Add item"

    def __init__(self, context: FormContext, schema: Schema, depth: int, arrange: Callable[[], None]) -> None:
        self._context, self._schema, self._depth, self._arrange = context, schema, depth, arrange
        items = schema.get("items")
        self._first = sequence(schema.get("prefixItems")) or sequence(items)
        self._rest = schema.get("additionalItems", {}) if isinstance(items, list) else schema.get("items", {})
        self._add = context.button(self.add_words, self._grow, self.add_words)
        self.rows: list[FormRow] = []

    def start(self) -> FormRows:
        """Add the rows that the schema requires, and return itself."""
        least = self._schema.get("minItems")
        wanted = max(least if isinstance(least, int) else 0, len(self._first))
        while len(self.rows) < min(wanted, max(MOST_AT_FIRST, len(self._first))):
            self.rows.append(self._row())
        return self

    @override
    def inputs(self) -> Sequence[w.Widget]:
        return ()

    @override
    def parts(self) -> Sequence[w.Widget]:
        more = len(self.rows) < len(self._first) or self._rest is not False
        return [*(self._laid_out(row, i) for i, row in enumerate(self.rows, 1)), *([self._add] if more else [])]

    @override
    def value(self) -> Any:
        return [None if (value := row.field.value()) is UNSET else value for row in self.rows]

    @override
    def fill(self, value: Any) -> None:
        if isinstance(value, list) and len(value) <= MOST_ROWS:
            self.rows = []
            for item in value:
                row = self._row()
                row.field.fill(item)
                self.rows.append(row)
            self._arrange()

    @override
    def problems(self) -> list[Problem]:
        found = []
        for i, row in enumerate(self.rows):
            inside = row.field.problems()
            if not inside and row.field.value() is UNSET:
                inside = [Problem((), "fill in or remove")]
            found += [replace(problem, place=(i, *problem.place)) for problem in inside]
        return found

    @override
    def show(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        return by_part(problems, {i: row.field for i, row in enumerate(self.rows)})

    def _row(self) -> FormRow:
        schema = self._first[len(self.rows)] if len(self.rows) < len(self._first) else self._rest
        name = f"item {len(self.rows) + 1}"
        return FormRow(self._context.field(name, schema, required=True, label="", depth=self._depth + 1))

    def _laid_out(self, row: FormRow, number: int) -> w.Widget:
        if row.widget is None:
            moves = [] if self._first or row.name is not None else [("Up", -1), ("Down", 1)]
            buttons = [
                self._context.button(words, functools.partial(self._move, row, by), f"Move this row {words.lower()}")
                for words, by in moves
            ]
            buttons.append(self._context.button("Remove", functools.partial(self._remove, row), "Remove this row"))
            row.head = row.name or self._context.html(kind="head")
            row.widget = self._context.line([row.head, row.field.widget, *buttons])
        if row.name is None:
            row.head.value = f"{number}."
        return row.widget

    def _grow(self) -> None:
        self._context.replenish()
        row = self._row()
        row.field.begin()
        self.rows.append(row)
        self._rearranged()

    def _remove(self, row: FormRow) -> None:
        self.rows.remove(row)
        self._rearranged()

    def _move(self, row: FormRow, by: int) -> None:
        at = self.rows.index(row)
        self.rows.insert(max(at + by, 0), self.rows.pop(at))
        self._rearranged()

    def _rearranged(self) -> None:
        self._arrange()
        self._context.notice()
