"""Edit an object: a field for each known property, and rows of names and values for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as w
from typing_extensions import override

from mcp_notebook.schema import UNSET, Problem, Shape, found_in
from mcp_notebook.schema.parameters import mapping, sequence
from mcp_notebook.widgets.form.editor import Editor
from mcp_notebook.widgets.form.form_context import FormContext
from mcp_notebook.widgets.form.rows import FormRow, FormRows, by_part

__all__ = ["Record"]


class Record(Editor):
    """Fill in an object.

    Args:
        context: The form's context.
        shape: The object's shape.
        depth: The number of fields around it; 0 for the whole.
        arrange: Updates the field's layout after a row was added or removed.
    """

    def __init__(self, context: FormContext, shape: Shape, depth: int, arrange: Any) -> None:
        schema = shape.schema
        required = sequence(schema.get("required"))
        known = mapping(schema.get("properties"))
        self._others = Entries(context, schema, depth, arrange)
        others = {name: self._others.schema_for(name) for name in required if isinstance(name, str)}
        self._fields = {
            str(name): context.field(str(name), part, required=name in required, depth=depth + 1)
            for name, part in {**known, **{name: part for name, part in others.items() if name not in known}}.items()
        }
        closed = "additionalProperties" not in schema and (depth == 0 or bool(known))
        self._open = "patternProperties" in schema or (schema.get("additionalProperties") is not False and not closed)

    @staticmethod
    def size(shape: Shape) -> int:
        """Return the number of fields that an object of this shape has from the start."""
        schema = shape.schema
        return len({*mapping(schema.get("properties")), *map(str, sequence(schema.get("required")))})

    @staticmethod
    def too_large(shape: Shape) -> str:
        """Explain why there are no fields for an object of this shape."""
        return f"{Record.size(shape):,} fields are too many for this form: write a JSON object"

    @override
    def inputs(self) -> Sequence[w.Widget]:
        return ()

    @override
    def parts(self) -> Sequence[w.Widget]:
        others = self._others.parts() if self._open or self._others.rows else ()
        return [*(field.widget for field in self._fields.values()), *others]

    @override
    def value(self) -> dict[str, Any]:
        values = {name: field.value() for name, field in self._fields.items()}
        return {**{name: value for name, value in values.items() if value is not UNSET}, **self._others.value()}

    @override
    def fill(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, field in self._fields.items():
                field.fill(value.get(name, UNSET))
            self._others.fill({name: other for name, other in value.items() if name not in self._fields})

    @override
    def problems(self) -> list[Problem]:
        found = [
            replace(problem, place=(name, *problem.place))
            for name, field in self._fields.items()
            for problem in field.problems()
        ]
        return found + self._others.problems()

    @override
    def show(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        left = by_part(problems, self._fields)
        return self._others.show(left)


class Entries(FormRows):
    """Rows of a name and a value."""

    add_words = "Add property"

    def __init__(self, context: FormContext, schema: Any, depth: int, arrange: Any) -> None:
        super().__init__(context, schema, depth, arrange)
        self._patterns = mapping(schema.get("patternProperties"))
        self._known = mapping(schema.get("properties"))

    @override
    def value(self) -> Any:
        return {row.name.value: row.field.value() for row in self.rows if row.field.value() is not UNSET}

    @override
    def fill(self, value: Any) -> None:
        self.rows = []
        for name, other in value.items():
            row = self._row(name)
            row.field.fill(other)
            self.rows.append(row)
        self._arrange()

    @override
    def problems(self) -> list[Problem]:
        names = [row.name.value for row in self.rows]
        found = []
        for row, name in zip(self.rows, names, strict=True):
            if names.count(name) > 1 or name in self._known:
                found.append(Problem((name,), "this name is used twice"))
            elif not name and not row.filled:
                found.append(Problem((name,), "give it a name"))
            elif row.field.value() is UNSET:
                found.append(Problem((name,), "fill in or remove"))
            found += [replace(problem, place=(name, *problem.place)) for problem in row.field.problems()]
        return found

    @override
    def show(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        return by_part(problems, {row.name.value: row.field for row in self.rows})

    def _row(self, name: str | None = None) -> FormRow:
        named = self._context.input(w.Text, "", about="name of the property", placeholder="name", value=name or "")
        row = FormRow(self._field(name), named, filled=name is not None)
        named.observe(lambda change: self._rename(row, change["old"]), "value")
        return row

    def _field(self, name: str | None) -> Any:
        return self._context.field(
            name or "value", self.schema_for(name), required=True, label="", depth=self._depth + 1
        )

    def _rename(self, row: FormRow, old: str) -> None:
        """Use the field for the new name, with the earlier value."""
        name = row.name.value
        if self.schema_for(name) != self.schema_for(old or None):
            value = row.field.value()
            row.field, row.widget = self._field(name), None
            row.field.fill(value)
            self._arrange()
        self._context.notice()

    def schema_for(self, name: str | None) -> Any:
        """Return the schema for a property without a field of its own; `name` is None if it is not known yet."""
        for pattern, schema in self._patterns.items():
            if name is None or found_in(name, pattern):
                return schema
        other = self._schema.get("additionalProperties")
        return other if isinstance(other, dict) else {}
