"""Fields: one input for each parameter of a schema, and the value it stands for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets as w

from mcp_notebook.schema import UNSET, Parameter, Schema, choices, type_in_words, without_null

__all__ = ["Field", "field_for"]


def _looks(parameter: Parameter) -> dict[str, Any]:
    """Return what all inputs share: the parameter's name as their label, for eyes and screen readers alike."""
    return {
        "description": parameter.name,
        "style": {"description_width": "9em"},
        "layout": {"width": "32em", "max_width": "100%"},
    }


@dataclass(frozen=True)
class Field:
    """An input and what it stands for.

    Attributes:
        parameter: What it fills in.
        widget: Where a person types or chooses.
        read: Returns the value, or `UNSET` where nothing is to be sent; raises ValueError, with the reason,
            for what cannot be sent.
    """

    parameter: Parameter
    widget: w.DOMWidget
    read: Callable[[], Any]


def field_for(parameter: Parameter, root: Schema) -> Field:
    """Return the field that suits a parameter; JSON text where nothing else does."""
    # What is left unset is not sent, so that null is not needed to leave something out.
    parameter = replace(parameter, schema=without_null(parameter.schema, root))
    values = choices(parameter.schema)
    if values is not None:
        return _choice(parameter, [(str(value), value) for value in values])
    if parameter.schema.get("type") == "boolean":
        return _choice(parameter, [("true", True), ("false", False)])
    make = _FIELDS.get(str(parameter.schema.get("type")), _json)
    return make(parameter, root)


def _choice(parameter: Parameter, options: list[tuple[str, Any]]) -> Field:
    """Choose one of a few; what is not required can be left unset, which is not the same as its default."""
    unset = [] if parameter.required else [(_unset_label(parameter), UNSET)]
    widget = w.Dropdown(options=[*unset, *options], **_looks(parameter))
    return Field(parameter, widget, lambda: widget.value)


def _unset_label(parameter: Parameter) -> str:
    if parameter.default is UNSET:
        return "(not sent)"
    return f"(not sent: {json.dumps(parameter.default, ensure_ascii=False)})"


def _text(parameter: Parameter, _root: Schema) -> Field:
    widget = w.Text(placeholder=_placeholder(parameter), continuous_update=False, **_looks(parameter))

    def read() -> Any:
        # An empty optional text is not sent; to send "" on purpose, the JSON of `%mcp call` says so.
        return widget.value if widget.value or parameter.required else UNSET

    return Field(parameter, widget, read)


def _number(parameter: Parameter, root: Schema) -> Field:
    widget = w.Text(placeholder=_placeholder(parameter), **_looks(parameter))

    def read() -> Any:
        typed = widget.value.strip()
        if not typed and not parameter.required:
            return UNSET
        try:
            value = json.loads(typed)
        except ValueError:
            value = None
        whole = parameter.schema.get("type") == "integer"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise ValueError(f"{parameter.name}: {typed!r} is no {type_in_words(parameter.schema, root)}")
        return value

    return Field(parameter, widget, read)


def _json(parameter: Parameter, root: Schema) -> Field:
    widget = w.Textarea(placeholder=_placeholder(parameter) or "JSON", rows=3, **_looks(parameter))

    def read() -> Any:
        typed = widget.value.strip()
        if not typed and not parameter.required:
            return UNSET
        try:
            return json.loads(typed)
        except ValueError as error:
            expected = type_in_words(parameter.schema, root)
            raise ValueError(f"{parameter.name}: not JSON ({error}); write a JSON value, {expected}") from None

    return Field(parameter, widget, read)


def _placeholder(parameter: Parameter) -> str:
    return "" if parameter.required else _unset_label(parameter)[1:-1]


_FIELDS: dict[str, Callable[[Parameter, Schema], Field]] = {
    "string": _text,
    "integer": _number,
    "number": _number,
}
