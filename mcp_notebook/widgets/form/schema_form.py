"""Make a form that fills in an object, from any JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as w

from mcp_notebook.schema import UNSET, Problem, Schema, flatten, one_look, shape_of
from mcp_notebook.schema.shape import Shape
from mcp_notebook.widgets.form.chooser import MAX_CHOICES, Chooser
from mcp_notebook.widgets.form.editor import Editor
from mcp_notebook.widgets.form.field import Field
from mcp_notebook.widgets.form.form_context import STYLE, Complete, FormContext
from mcp_notebook.widgets.form.record import Record
from mcp_notebook.widgets.form.typed import FieldContext, json_text

__all__ = ["SchemaForm"]


class SchemaForm(w.VBox):
    """Fields for the properties of an object; values that no field suits are JSON text.

    Args:
        schema: The object's schema. A broken schema gives a form too; parts that make no sense are ignored.
        complete: Suggests values for a text, from its name and the characters typed so far.
    """

    @one_look()
    def __init__(self, schema: Any, *, complete: Complete | None = None) -> None:
        self._schema: Schema = schema if isinstance(schema, Mapping) else {}
        self._context = FormContext(self._schema, Field, complete)
        self._observers: list[Callable[[], None]] = []
        self._all_shown = False
        self._whole = self._make()
        super().__init__()
        self.add_class("mcpnb-form")
        self._arrange()
        self._context.changed = self._changed

    def read(self) -> dict[str, Any]:
        """Return the values of the fields.

        Raises:
            ValueError: The values do not fit the schema; the message has a line for each problem, with its place.
        """
        problems = self.problems()
        if problems:
            raise ValueError("\n".join(map(str, problems)))
        return self.draft()

    def fill(self, values: Mapping[str, Any]) -> None:
        """Set the fields; fields that `values` does not name become unset."""
        with self._context.filling():
            self._whole.fill(dict(values) or (UNSET if isinstance(self._whole, Chooser) else {}))
            self._arrange()
        self._changed()

    @property
    def valid(self) -> bool:
        """Return whether the values fit the schema."""
        return not self.problems()

    def draft(self) -> dict[str, Any]:
        """Return the values of the fields, valid or not."""
        value = self._whole.value()
        return value if isinstance(value, dict) else {}

    def problems(self) -> list[Problem]:
        """Return the problems with the values of the fields."""
        typed = self._whole.problems()
        places = {problem.place for problem in typed}
        value = self._whole.value()
        if value is UNSET:
            return [Problem((), "choose what to send")] if self._context.checker.problems({}) else []
        found = self._context.checker.problems(value)
        return [*typed, *(problem for problem in found if problem.place not in places)]

    def show_problems(self) -> Sequence[Problem]:
        """Show the problems next to the fields, from now on, and return them."""
        self._all_shown = True
        problems = self.problems()
        self._whole.show(problems)
        return problems

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each change of a field."""
        self._observers.append(callback)

    def _make(self) -> Editor:
        shape = shape_of(self._schema, self._schema)
        if shape.kind not in ("record", "union"):
            shape = Shape("record", flatten(self._schema, self._schema))
        return self._editor(
            FieldContext("arguments", "one of", required=True, unset="choose"), replace(shape, nullable=False)
        )

    def _editor(self, field: FieldContext, shape: Shape) -> Editor:
        if shape.kind == "record":
            if self._context.has_room_for(Record.size(shape)):
                return Record(self._context, shape, 0, self._arrange)
            return json_text(self._context, replace(field, label="arguments"), shape, why=Record.too_large(shape))
        if shape.kind == "union" and field.choices < MAX_CHOICES:
            return Chooser(self._context, field, shape, self._editor, self._arrange)
        return json_text(self._context, field, shape)

    def _arrange(self) -> None:
        if hasattr(self, "_whole"):
            head = self._whole.inputs()
            self.children = [
                self._context.html(STYLE, "unseen"),
                *([self._context.line(head)] if head else []),
                *self._whole.parts(),
            ]

    def _changed(self) -> None:
        if self._all_shown:
            self._whole.show(self.problems())
        for callback in self._observers:
            callback()
