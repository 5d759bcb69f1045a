"""Show a form's arguments as JSON, to read and to edit, and the same call as code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import ipywidgets as w

from mcp_notebook.schema import Schema, accepts_null, accepts_text_only, parameters
from mcp_notebook.widgets.form.editor import json_from, json_line, same
from mcp_notebook.widgets.form.form_context import wrong
from mcp_notebook.widgets.form.schema_form import SchemaForm

__all__ = ["JsonPanel", "magic_line", "python_line"]

QUOTE: Final = "\\u0027"
"""A single quote, escaped in JSON."""


class JsonPanel(w.VBox):
    """Shows the values of a form as JSON and as code, and takes edited JSON back.

    Args:
        form: The form.
        tool: The name of the tool that it calls.
        line: The beginning of the magic's line that makes this call.
        schema: The tool's input schema.
    """

    def __init__(self, form: SchemaForm, tool: str, line: str, schema: Schema) -> None:
        self._form, self._tool, self._line, self._schema = form, tool, line, schema
        wide = w.Layout(width="auto", max_width="60em")
        label: dict[str, Any] = {"style": {"description_width": "9em"}, "layout": wide}
        self._json = w.Textarea(description="JSON", continuous_update=False, rows=5, **label)
        self._wrong = w.HTML(layout=w.Layout(margin="0 0 0 9.5em"))
        self._magic = w.Text(description="copy as %mcp", tooltip="This call as a magic, to copy", **label)
        self._python = w.Text(description="copy as Python", tooltip="This call in Python, to copy", **label)
        self._writing = False
        self._json.observe(self._edited, "value")
        for code in (self._magic, self._python):
            # ipywidgets has no read-only text that can be selected, so typed changes are undone at once.
            code.observe(lambda _: self.write(), "value")
        form.on_change(self.write)
        super().__init__([self._json, self._wrong, self._magic, self._python])
        self.write()

    def write(self) -> None:
        """Show the current values of the form."""
        if self._writing:
            return
        self._writing = True
        try:
            arguments = self._form.draft()
            self._json.value = json.dumps(arguments, ensure_ascii=False, indent=2)
            self._magic.value = magic_line(self._line, arguments, self._schema)
            self._python.value = python_line(self._tool, arguments)
            self._wrong.value = ""
        finally:
            self._writing = False

    def _edited(self, change: Any) -> None:
        if self._writing:
            return
        try:
            arguments = json_from(change["new"] or "{}")
            if not isinstance(arguments, dict):
                raise ValueError("the arguments must be one object, in braces")
        except (ValueError, RecursionError) as error:
            reason = f"not applied: {error}. The form has not changed."
            self._wrong.value = f'<div class="mcpnb-hint">{wrong(reason)}</div>'
            return
        self._writing = True
        try:
            self._form.fill(arguments)
        finally:
            self._writing = False
        if same(arguments, self._form.draft()):
            # Keep the text as typed, with its spaces; update only the code.
            typed = change["new"]
            self.write()
            self._writing, self._json.value = True, typed
            self._writing = False
        else:
            self.write()


def magic_line(line: str, arguments: Mapping[str, Any], schema: Schema) -> str:
    """Write a call as a magic that parses to exactly these arguments."""
    known = {parameter.name: parameter.schema for parameter in parameters(schema)}
    words = [_word(name, value, known.get(name), schema) for name, value in arguments.items()]
    if all(words):
        return " ".join([line, *(word for word in words if word)])
    # A quote would end the word. In JSON it occurs only in texts, where it can be escaped.
    return f"{line} --json '{json_line(arguments).replace(chr(39), QUOTE)}'"


def _word(name: str, value: Any, schema: Schema | None, root: Schema) -> str | None:
    """Write ``name=value``; return None if that would be read as something else."""
    if schema is None or not re.fullmatch(r"[A-Za-z_]\w*", name):
        return None
    if (
        accepts_text_only(schema, root)
        and not isinstance(value, str)
        and not (value is None and accepts_null(schema, root))
    ):
        return None
    return f"{name}={json_line(value)}"


def python_line(tool: str, arguments: Mapping[str, Any]) -> str:
    """Write a call as Python code on an open connection."""
    return f"connection.call({tool!r}, {dict(arguments)!r}).result"
