"""Edit values by typing: a text, a number, a date, JSON. Also choose several options from a list."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ipywidgets as w
from traitlets import TraitError
from typing_extensions import override

from mcp_notebook.schema import UNSET, Problem, Shape, type_in_words
from mcp_notebook.widgets.form.editor import Editor, json_from, json_line, same
from mcp_notebook.widgets.form.form_context import FormContext

__all__ = ["FieldContext", "Typed", "date", "json_text", "many", "number", "text"]


@dataclass(frozen=True)
class FieldContext:
    """The place of an editor in a form: its name and label, and the meaning of leaving it empty.

    Attributes:
        name: The name of the value.
        label: The label before the input; empty if another editor has shown it.
        required: Whether a value must be sent.
        unset: The words for leaving it empty.
        deep: Whether it is nested so deep that it is made only when a person asks for it, because a schema that
            requires itself has no end.
        choices: The number of choosers around it in this field.
    """

    name: str
    label: str
    required: bool
    unset: str
    deep: bool = False
    choices: int = 0


class Typed(Editor):
    """An input that can be empty, with a small chooser if that can mean more than one value.

    Args:
        context: The form's context.
        field: The field that this edits.
        widget: The input.
        decode: Turns the input's state into a value; raises ValueError.
        encode: Turns a value into the input's state; raises ValueError or TypeError.
        blanks: The values that an empty input can mean, the usual first; empty if the empty input is decoded itself.
    """

    def __init__(
        self,
        context: FormContext,
        field: FieldContext,
        widget: Any,
        decode: Callable[[Any], Any],
        encode: Callable[[Any], Any],
        blanks: Sequence[Any],
    ) -> None:
        self._context, self._field, self._widget = context, field, widget
        self._decode, self._encode, self._blanks = decode, encode, blanks
        self._empty = widget.value
        self._hint = widget.placeholder if widget.has_trait("placeholder") else ""
        self._chooser: w.Dropdown | None = None
        if len(blanks) > 1:
            self._chooser = w.Dropdown(
                options=[(_blank_words(blank, field), i) for i, blank in enumerate(blanks)],
                layout=context.layout("blank"),
                style=context.style(w.Dropdown, description_width="0"),
                description="when empty",
                _dom_classes=("mcpnb-blank",),
            )
            self._chooser.observe(self._changed, "value")
        widget.observe(self._changed, "value")

    @override
    def inputs(self) -> Sequence[w.Widget]:
        return (self._widget,) if self._chooser is None else (self._widget, self._chooser)

    @override
    def value(self) -> Any:
        if self._is_empty() and self._blanks:
            return self._blank
        try:
            return self._decode(self._widget.value)
        except ValueError:
            return UNSET if self._is_empty() else self._widget.value

    @override
    def fill(self, value: Any) -> None:
        blank = next((i for i, blank in enumerate(self._blanks) if same(blank, value)), None)
        if blank is not None and self._chooser is not None:
            self._chooser.value = blank
        try:
            self._widget.value = self._empty if blank is not None or value is UNSET else self._encode(value)
        except (ValueError, TypeError, TraitError):
            self._widget.value = self._empty

    @override
    def problems(self) -> list[Problem]:
        if self._is_empty() and self._blanks:
            return []
        try:
            self._decode(self._widget.value)
        except ValueError as error:
            return [Problem((), str(error))]
        return []

    @property
    def _blank(self) -> Any:
        return self._blanks[0 if self._chooser is None else self._chooser.value]

    def _is_empty(self) -> bool:
        return bool(self._widget.value == self._empty)

    def _changed(self, _change: object) -> None:
        if self._chooser is not None:
            # With typed text there is nothing to choose. The chooser keeps its place, so that nothing moves.
            self._chooser.layout = (
                self._context.layout("blank") if self._is_empty() else self._context.layout("no blank")
            )
            if self._widget.has_trait("placeholder"):
                self._widget.placeholder = self._hint if self._blank is UNSET else ""
        self._context.notice()


def _blank_words(blank: Any, field: FieldContext) -> str:
    if blank is UNSET:
        return "to fill in" if field.required else "not sent"
    return "null" if blank is None else f"empty {json_line(blank)}"


MANY_CHARACTERS: Final = 120
"""A text that may be longer gets an input with several lines."""

_LONG_FORMATS: Final = frozenset({"textarea", "multiline", "markdown", "html", "code"})
_LONG_NAMES: Final = frozenset({"body", "code", "content", "markdown", "prompt", "script", "sql", "text"})

_EXAMPLES: Final = {
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1DT2H",
    "email": "name@example.org",
    "uri": "https://example.org/",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.org",
}
"""An example of a text in each format."""


def text(context: FormContext, field: FieldContext, shape: Shape, *, lines: bool | None = None) -> Typed:
    """Make a text input, with several lines if the text may be long, and with suggestions if there are any."""
    schema = shape.schema
    empty = [] if schema.get("minLength") or schema.get("format") in _EXAMPLES else [""]
    blanks = [UNSET, *empty, *([None] if shape.nullable else [])]
    hint = str(_EXAMPLES.get(str(schema.get("format")), "")) if field.required else field.unset
    long = _is_long(field.name, schema) if lines is None else lines
    if long:
        widget = context.input(w.Textarea, field.label, about=field.name, placeholder=hint, rows=3)
    elif context.complete is not None:
        widget = context.suggesting(field.name, field.label, hint)
    else:
        widget = context.input(w.Text, field.label, about=field.name, placeholder=hint)
    return Typed(context, field, widget, str, _only_text(long), blanks)


def _is_long(name: str, schema: Any) -> bool:
    longest = schema.get("maxLength")
    if isinstance(longest, int | float):
        return longest > MANY_CHARACTERS
    if schema.get("contentMediaType") or schema.get("format") in _LONG_FORMATS:
        return True
    return name.lower() in _LONG_NAMES and not schema.get("format") and not schema.get("pattern")


def _only_text(lines: bool) -> Callable[[Any], str]:
    def encode(value: Any) -> str:
        # A one-line input would drop line breaks.
        if not isinstance(value, str) or (not lines and len(value.splitlines()) > 1):
            raise TypeError
        return value

    return encode


def number(context: FormContext, field: FieldContext, shape: Shape) -> Typed:
    """Make an input for an integer or a number of any size."""
    whole = shape.schema.get("type") == "integer"
    words = type_in_words(shape.schema, context.root)

    def decode(typed: str) -> Any:
        try:
            value = json_from(typed.strip())
        except ValueError:
            value = None
        if isinstance(value, bool) or not isinstance(value, int | float) or (whole and value != int(value)):
            raise ValueError(f"{typed.strip()!r} is not valid; expected {words}")
        return value

    def encode(value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError
        return json_line(value)

    widget = context.input(w.Text, field.label, about=field.name, placeholder="" if field.required else field.unset)
    return Typed(context, field, widget, decode, encode, _blanks(field, shape))


def _blanks(field: FieldContext, shape: Shape) -> list[Any]:
    if field.required and not shape.nullable:
        return []
    return [UNSET, *([None] if shape.nullable else [])]


def date(context: FormContext, field: FieldContext, shape: Shape) -> Typed:
    """Make an input for a date."""
    widget = context.input(w.DatePicker, field.label, about=field.name)

    def decode(day: datetime.date | None) -> str:
        if day is None:
            raise ValueError("no date is chosen")
        return day.isoformat()

    return Typed(context, field, widget, decode, datetime.date.fromisoformat, _blanks(field, shape))


def many(context: FormContext, field: FieldContext, shape: Shape) -> Typed:
    """Make a list in which several options can be chosen."""
    values = [value for _, value in shape.options]
    options = [(label, i) for i, (label, _) in enumerate(shape.options)]
    widget = context.input(
        w.SelectMultiple, field.label, about=field.name, options=options, rows=min(len(options), MOST_LINES)
    )
    # An empty selection means the empty list only if a person chooses that.
    least = shape.schema.get("minItems")
    empty: list[Any] = [] if isinstance(least, int) and least > 0 else [[]]
    blanks: list[Any] = [UNSET, *empty, *([None] if shape.nullable else [])]

    def encode(chosen: Any) -> tuple[int, ...]:
        places = [i for each in list(chosen) for i, value in enumerate(values) if same(value, each)]
        if len(places) < len(chosen):
            raise ValueError("a value is not in the list")
        return tuple(places)

    return Typed(context, field, widget, lambda chosen: [values[i] for i in chosen], encode, blanks)


MOST_LINES: Final = 6
"""Lines that a list shows before it scrolls."""


def json_text(context: FormContext, field: FieldContext, shape: Shape, *, why: str = "") -> Typed:
    """Make an input for any JSON; `why` explains why there are no fields, if a person would expect them."""
    words = type_in_words(shape.schema, context.root)

    def decode(typed: str) -> Any:
        try:
            return json_from(typed)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not JSON ({error}); write a JSON value ({words}), with quotes around text") from None

    hint = why or ("JSON" if field.required else field.unset)
    widget = context.input(w.Textarea, field.label, about=f"{field.name} as JSON", placeholder=hint, rows=3)
    # A person who chose to write JSON is told if the input is empty.
    return Typed(context, field, widget, decode, json_line, [] if field.choices else [UNSET])
