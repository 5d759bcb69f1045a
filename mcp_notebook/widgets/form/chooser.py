"""The editor for what has parts: whether it is sent, in which of its forms, and those parts."""

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
"""Written down, before a value is shown as that and not in fields of its own."""

MAX_CHOICES: Final = 4
"""Choices inside choices; a union that has itself for an option has no end."""


@dataclass
class _Form:
    """One thing to choose: a constant, or a shape with an editor that is made when it is first chosen."""

    label: str
    constant: Any = UNSET
    shape: Shape | None = None
    editor: Editor | None = None


class Chooser(Editor):
    """Choose what is filled in, and fill that in.

    Args:
        context: The form's.
        field: Where it stands.
        shape: What fits; each variant of a union is one thing to choose.
        make: Makes the editor of a variant.
        arrange: Lays the field out anew, after another choice.
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
            # Nothing stands for unset: begin anew, or what was there before would be sent.
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
        """Choose to fill in, where nothing is chosen yet and there is one way to do so."""
        shaped = [i for i, form in enumerate(self._forms[:-1]) if form.shape is not None]
        if self._forms[self._dropdown.index].shape is None and len(shaped) == 1:
            self._dropdown.index = shaped[0]

    def _editor(self, index: int | None = None) -> Editor | None:
        form = self._forms[self._dropdown.index if index is None else index]
        if form.editor is None and form.shape is not None:
            form.editor = self._make(self._inside, form.shape)
        return form.editor

    def _form_for(self, value: Any) -> int:
        """Return the first form that holds this value, those first that it fits; JSON holds any."""
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
    """Whether nothing need be filled in: an empty list or object is sent only where a person has chosen it."""
    schema = shape.schema
    if shape.kind == "rows":
        least = schema.get("minItems")
        return not (isinstance(least, int) and least > 0)
    return shape.kind == "record" and not sequence(schema.get("required"))


_WORDS: Final = {"record": "fill in", "rows": "list"}
