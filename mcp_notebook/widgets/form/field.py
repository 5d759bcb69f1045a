"""Make a field: an editor with a description, and JSON text instead for a value that the editor cannot show."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final

import ipywidgets as w

from mcp_notebook.schema import UNSET, Parameter, Problem, Shape, flatten, shape_of
from mcp_notebook.server.listing import argument_in_words
from mcp_notebook.widgets.form import typed
from mcp_notebook.widgets.form.choice import Choice
from mcp_notebook.widgets.form.chooser import MAX_CHOICES, Chooser
from mcp_notebook.widgets.form.editor import Editor, same
from mcp_notebook.widgets.form.form_context import FormContext, wrong
from mcp_notebook.widgets.form.record import Record
from mcp_notebook.widgets.form.rows import FormRows
from mcp_notebook.widgets.form.typed import FieldContext

__all__ = ["Field"]

LONG: Final = 240
"""Characters of a description that are shown before the rest is folded away."""

LONGEST_NAME: Final = 60
"""The most characters of a name in a label."""

DEEP: Final = 4
"""Levels of nested fields that are made from the start."""

MAX_DEPTH: Final = 12
"""Levels of nested fields; deeper values are written as JSON."""


class Field:
    """The input for one part of a value.

    Args:
        context: The form's context.
        name: The part's name, or its number in an array.
        schema: The part's schema.
        required: Whether something must be sent.
        label: The label before it; defaults to the name.
        depth: The number of fields around it.
    """

    def __init__(
        self, context: FormContext, name: str, schema: Any, *, required: bool, label: str | None = None, depth: int = 0
    ) -> None:
        self._context, self._depth = context, depth
        self.name = name
        flat = flatten(schema, context.root)
        description = flat.get("description")
        self._parameter = Parameter(
            name, flat, required, flat.get("default", UNSET), description if isinstance(description, str) else ""
        )
        self._shape = shape_of(flat, context.root)
        self._place = FieldContext(
            name, _label(name) if label is None else label, required, self._unset_words(), depth > DEEP
        )
        self._about = self._hint()
        self._note = context.html(self._about)
        self._wrong: Sequence[Problem] = ()
        self._box: w.Box | None = None
        if self._shape.kind in ("record", "rows", "union") and depth >= MAX_DEPTH:
            self._shape = Shape("json", self._shape.schema)
        parts = self._shape.kind in ("record", "rows", "union")
        self._edit((self._chooser if parts else self._make)(self._place, self._shape))
        if required and self._parameter.default is not UNSET:
            self.fill(self._parameter.default)

    @property
    def widget(self) -> w.Box:
        """The whole field."""
        if self._box is None:
            # Made with its children: adding them later would send a message to the browser for each field.
            self._box = w.Box(self._laid_out(), layout=self._context.layout("row"))
        return self._box

    def value(self) -> Any:
        """Return what would be sent; `UNSET` for nothing."""
        return self._editor.value()

    def fill(self, value: Any) -> None:
        """Show a value: in its input, or as JSON if the input cannot show it."""
        self._editor.fill(value)
        if same(self._editor.value(), value) or value is UNSET:
            return
        if self._shape.kind == "text" and isinstance(value, str) and value:
            self._edit(typed.text(self._context, self._place, self._shape, lines=True))
        else:
            self._edit(self._chooser(self._place, self._shape))
        self._editor.fill(value)

    def begin(self) -> None:
        """Begin to fill the field in, because a person has just added it."""
        if isinstance(self._editor, Chooser):
            self._editor.begin()

    def problems(self) -> list[Problem]:
        """Return the problems with typed text that cannot be read as a value."""
        return self._editor.problems()

    def show(self, problems: Sequence[Problem]) -> None:
        """Show problems next to the parts that they are about."""
        here = self._editor.show(problems)
        if here != self._wrong:
            self._wrong = here
            lines = "".join(wrong(str(problem)) for problem in here)
            self._note.value = f'<div class="mcpnb-hint">{lines}</div>{self._about}' if lines else self._about

    def _edit(self, editor: Editor) -> None:
        self._editor = editor
        self._arrange()

    def _arrange(self) -> None:
        if self._box is not None:
            self._box.children = self._laid_out()

    def _laid_out(self) -> list[w.Widget]:
        inputs, parts = self._editor.inputs(), self._editor.parts()
        self._note.layout = self._context.layout("hint alone" if self._place.label and len(inputs) == 1 else "hint")
        below = [self._context.below(parts)] if parts else []
        return [*inputs, self._note, *below]

    def _chooser(self, field: FieldContext, shape: Shape) -> Chooser:
        return Chooser(self._context, field, shape, self._make, self._arrange)

    def _make(self, field: FieldContext, shape: Shape) -> Editor:
        """Make the editor for a shape, to be used inside a chooser."""
        if shape.kind == "record":
            if self._context.has_room_for(Record.size(shape)):
                return Record(self._context, shape, self._depth, self._arrange)
            return typed.json_text(self._context, field, shape, why=Record.too_large(shape))
        if shape.kind == "rows":
            return FormRows(self._context, shape.schema, self._depth, self._arrange).start()
        if shape.kind == "union" and field.choices < MAX_CHOICES:
            return self._chooser(field, shape)
        day = shape.kind == "text" and shape.schema.get("format") == "date"
        return _EDITORS.get("date" if day else shape.kind, typed.json_text)(self._context, field, shape)

    def _unset_words(self) -> str:
        if self._parameter.required:
            return "choose"
        if self._parameter.default is UNSET:
            return "not sent"
        return f"not sent: {json.dumps(self._parameter.default, ensure_ascii=False, default=repr)}"

    def _hint(self) -> str:
        # The array describes its items.
        words = argument_in_words(self._parameter, self._context.root) if self._place.label else ""
        about = " · ".join(filter(None, [words, self._parameter.description]))
        if len(about) <= LONG:
            return f'<div class="mcpnb-hint"><small>{escape(about)}</small></div>'
        start = about[:LONG].rpartition(" ")[0]
        return (
            f'<div class="mcpnb-hint"><small><details><summary>{escape(start)} …</summary>'
            f"{escape(about[len(start) :])}</details></small></div>"
        )


def _label(name: str) -> str:
    """Return a name as a label: in quotes if it is invisible, cut if it is long."""
    shown = name if name.isprintable() and name.strip() else json.dumps(name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


_EDITORS: Final[dict[str, Callable[[FormContext, FieldContext, Shape], Editor]]] = {
    "text": typed.text,
    "date": typed.date,
    "number": typed.number,
    "choice": Choice,
    "many": typed.many,
    "json": typed.json_text,
}
