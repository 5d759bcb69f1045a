"""Edit a value that has parts: choose whether to send it and in which variant, then fill in the parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import ipywidgets as w
from typing_extensions import override

from mcp_notebook.schema import UNSET, Problem, Shape, shape_of
from mcp_notebook.schema.parameters import sequence
from mcp_notebook.widgets.form.editor import Editor, same
from mcp_notebook.widgets.form.form_context import FormContext
from mcp_notebook.widgets.form.typed import FieldContext

__all__ = ["MAX_CHOICES", "Chooser"]

MANY_CHARACTERS: Final = 20_000
"""A value whose repr is longer is shown as JSON, not in fields."""

MAX_CHOICES: Final = 4
"""Choosers inside choosers, because a union that contains itself has no end."""


@dataclass
class _Form:
    """An option: a constant, or a shape whose editor is made when the option is first chosen."""

    label: str
    constant: Any = UNSET
    shape: Shape | None = None
    editor: Editor | None = None


class Chooser(Editor):
    """Choose a variant of the value, and fill it in.

    Args:
        context: The form's context.
        field: The field that this edits.
        shape: The shape of the value; each variant of a union is an option.
        make: Makes the editor of a variant.
        arrange: Updates the field's layout after another choice.
    """

    def __init__(
        self,
        context: FormContext,
        field: FieldContext,
        shape: Shape,
        make: Callable[[FieldContext, Shape], Editor],
        arrange: Callable[[], None],
    ) -> None:
        self._context, self._make, self._arrange = context, make, arrange
        self._inside = replace(field, label="", required=True, deep=False, choices=field.choices + 1)
        variants = [(label, shape_of(schema, context.root)) for label, schema in shape.variants]
        variants = variants or [(_WORDS.get(shape.kind, "one value"), replace(shape, nullable=False))]
        self._forms = [_Form(label, shape=each) for label, each in variants]
        if not field.required or len(variants) > 1 or field.deep or _begins_empty(variants[0][1]):
            self._forms.insert(0, _Form(f"({field.unset})"))
        if shape.nullable:
            self._forms.append(_Form("null", None))
        self._alone = len(self._forms) == 1
        self._forms.append(_Form("as JSON", shape=Shape("json", shape.schema)))
        self._dropdown = context.input(
            w.Dropdown, field.label, about=field.name, options=[form.label for form in self._forms], index=0
        )
        self._label = context.label(field.label) if self._alone else None
        self._dropdown.observe(self._chosen, "index")

    @override
    def inputs(self) -> Sequence[w.Widget]:
        editor = self._editor()
        head = self._label if self._label is not None and self._dropdown.index == 0 else self._dropdown
        return (head, *editor.inputs()) if editor else (head,)

    @override
    def parts(self) -> Sequence[w.Widget]:
        editor = self._editor()
        return editor.parts() if editor else ()

    @override
    def value(self) -> Any:
        editor = self._editor()
        return editor.value() if editor else self._forms[self._dropdown.index].constant

    @override
    def fill(self, value: Any) -> None:
        self._dropdown.index = self._form_for(value)
        if value is UNSET and self._forms[0].shape is not None:
            # There is no option for unset. Start with an empty editor, or the earlier value would be sent.
            self._forms[0].editor = None
            self._arrange()

    @override
    def problems(self) -> list[Problem]:
        editor = self._editor()
        return editor.problems() if editor else []

    @override
    def show(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        editor = self._editor()
        return editor.show(problems) if editor else problems

    def begin(self) -> None:
        """Choose the option with fields, if nothing is chosen yet and there is exactly one such option."""
        shaped = [i for i, form in enumerate(self._forms[:-1]) if form.shape is not None]
        if self._forms[self._dropdown.index].shape is None and len(shaped) == 1:
            self._dropdown.index = shaped[0]

    def _editor(self, index: int | None = None) -> Editor | None:
        form = self._forms[self._dropdown.index if index is None else index]
        if form.editor is None and form.shape is not None:
            form.editor = self._make(self._inside, form.shape)
        return form.editor

    def _form_for(self, value: Any) -> int:
        """Return the first option that can show a value. Options with a fitting schema are tried first, JSON last."""
        last = len(self._forms) - 1
        for i, form in enumerate(self._forms[:last]):
            if form.shape is None and same(form.constant, value):
                return i
        if value is UNSET:
            return 0
        if len(repr(value)) <= MANY_CHARACTERS:
            shapes = {i: form.shape.schema for i, form in enumerate(self._forms[:last]) if form.shape is not None}
            fitting = [i for i, schema in shapes.items() if self._context.checker.fits(value, schema)]
            for i in fitting or shapes:
                if self._holds(i, value):
                    return i
        self._holds(last, value)
        return last

    def _holds(self, index: int, value: Any) -> bool:
        editor = self._editor(index)
        assert editor is not None
        editor.fill(value)
        return same(editor.value(), value)

    def _chosen(self, change: Any) -> None:
        self._context.replenish()
        before, now = self._forms[change["old"]], self._forms[change["new"]]
        fresh = now.editor is None
        editor = self._editor()
        if fresh and editor is not None and before.editor is not None:
            value = before.editor.value()
            if value is not UNSET:
                editor.fill(value)
        self._arrange()
        self._context.notice()


def _begins_empty(shape: Shape) -> bool:
    """Return whether nothing has to be filled in; an empty list or object is sent only if a person chose it."""
    schema = shape.schema
    if shape.kind == "rows":
        least = schema.get("minItems")
        return not (isinstance(least, int) and least > 0)
    return shape.kind == "record" and not sequence(schema.get("required"))


_WORDS: Final = {"record": "fill in", "rows": "list"}
