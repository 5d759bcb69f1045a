"""Stands in for the schema form."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as w

from mcp_notebook.schema import UNSET, Schema, parameters
from mcp_notebook.server.interface import argument_in_words
from mcp_notebook.widgets.fields import field_for

__all__ = ["SchemaForm"]


class SchemaForm(w.VBox):
    def __init__(self, schema: Schema) -> None:
        self._fields = [field_for(parameter, schema) for parameter in parameters(schema)]
        rows = []
        for field in self._fields:
            about = " · ".join(filter(None, [argument_in_words(field.parameter, schema), field.parameter.description]))
            rows.append(w.HBox([field.widget, w.HTML(f"<small>{escape(about)}</small>")]))
        super().__init__(rows)

    def read(self) -> dict[str, Any]:
        values = {field.parameter.name: field.read() for field in self._fields}
        return {name: value for name, value in values.items() if value is not UNSET}

    def fill(self, values: Mapping[str, Any]) -> None:
        for field in self._fields:
            if field.parameter.name in values:
                value = values[field.parameter.name]
                field.widget.value = value if not isinstance(field.widget, w.Text) else str(value)
