"""Edit a value that is one of a few options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as w
from typing_extensions import override

from mcp_notebook.schema import UNSET, Shape
from mcp_notebook.widgets.form.editor import Editor, same
from mcp_notebook.widgets.form.form_context import FormContext
from mcp_notebook.widgets.form.typed import FieldContext

__all__ = ["Choice"]

_NULL = object()
"""Represents null in a dropdown, for which None means that nothing is chosen."""


class Choice(Editor):
    """Choose one of a few options. An optional value can be left unset, which is not the same as its default."""

    def __init__(self, context: FormContext, field: FieldContext, shape: Shape) -> None:
        options = list(shape.options)
        if shape.nullable and all(value is not None for _, value in options):
            options.append(("null", None))
        if not field.required or len(options) > 1:
            options.insert(0, (f"({field.unset})", UNSET))
        self._values = [value for _, value in options]
        offered = [(label, _NULL if value is None else value) for label, value in options]
        self._widget = context.input(w.Dropdown, field.label, about=field.name, options=offered, index=0)
        self._widget.observe(context.notice, "index")

    @override
    def inputs(self) -> Sequence[w.Widget]:
        return (self._widget,)

    @override
    def value(self) -> Any:
        # By index, because a dropdown takes true for 1.
        return UNSET if self._widget.index is None else self._values[self._widget.index]

    @override
    def fill(self, value: Any) -> None:
        self._widget.index = next((i for i, each in enumerate(self._values) if same(each, value)), 0)
