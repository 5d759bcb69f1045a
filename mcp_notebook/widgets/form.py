"""The tool form: fields from an input schema, a Call button, the result below."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from html import escape
from typing import Any

import ipywidgets as w
from mcp_types import CallToolResult, Tool

from mcp_notebook.client import Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.schema import UNSET, Parameter, parameters
from mcp_notebook.server.interface import argument_in_words
from mcp_notebook.widgets import content, look
from mcp_notebook.widgets.calls import put_out
from mcp_notebook.widgets.fields import field_for

__all__ = ["ToolForm"]


class ToolForm(w.VBox):
    """A form that calls one tool; the kernel is free while the call runs.

    Args:
        tool: The tool as listed.
        start_call: Starts a call with these arguments and returns its future.
        explain: Says where the tool raised an exception, for its author.
    """

    def __init__(
        self,
        tool: Tool,
        start_call: Callable[[dict[str, Any]], Future[Outcome[CallToolResult]]],
        explain: Callable[[BaseException], str],
    ) -> None:
        root = tool.input_schema
        self._tool = tool
        self._start_call = start_call
        self._explain = explain
        self._call: Future[Outcome[CallToolResult]] | None = None
        self._fields = [field_for(parameter, root) for parameter in parameters(root)]
        self._button = w.Button(description="Call", button_style="primary", tooltip=f"Call {tool.name}")
        self._cancel = w.Button(description="Cancel", disabled=True, tooltip="Cancel the call at the server")
        self._state = w.HTML()
        self._result = w.HTML()
        self._button.on_click(self._start)
        self._cancel.on_click(lambda _: self._call.cancel() if self._call else None)
        heading = w.HTML(f"<b>{look.code(tool.name)}</b> {look.muted(tool.title or '')}")
        rows = [self._row(field.parameter, field.widget) for field in self._fields]
        buttons = w.HBox([self._button, self._cancel, self._state])
        super().__init__([heading, *rows, buttons, self._result], layout=w.Layout(padding="4px 0"))

    def _row(self, parameter: Parameter, widget: w.DOMWidget) -> w.Widget:
        words = argument_in_words(parameter, self._tool.input_schema)
        about = " · ".join(filter(None, [words, parameter.description]))
        return w.HBox([widget, w.HTML(f"<small>{escape(about)}</small>")], layout=w.Layout(flex_flow="row wrap"))

    def _start(self, _button: object) -> None:
        if self._call is not None and not self._call.done():
            return
        try:
            values = {field.parameter.name: field.read() for field in self._fields}
        except ValueError as error:
            self._show("not called", look.error("not called", str(error)))
            return
        arguments = {name: value for name, value in values.items() if value is not UNSET}
        try:
            self._call = self._start_call(arguments)
        except McpNotebookError as error:
            self._show("not called", look.error("not called", str(error)))
            return
        self._button.disabled, self._cancel.disabled = True, False
        self._state.value = look.muted("calling …")
        self._call.add_done_callback(self._finish)

    def _finish(self, call: Future[Outcome[CallToolResult]]) -> None:
        """Show how a call ended; runs on the loop's thread."""
        try:
            outcome = call.result()
            html = content.render(outcome.result).html
            if outcome.call is not None:
                html += put_out(outcome.call, self._explain)
            self._show("error" if outcome.result.is_error else "done", html)
        except CancelledError:
            self._show("cancelled", "")
        except McpNotebookError as error:
            self._show("refused", look.error("refused", str(error)))
        except BaseException as error:
            self._show("failed", look.error("failed", repr(error)))
            raise
        finally:
            self._button.disabled, self._cancel.disabled = False, True

    def _show(self, state: str, html: str) -> None:
        self._state.value = look.muted(state)
        self._result.value = html

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        # ipywidgets cuts the text after 110 characters.
        bundle["text/plain"] = repr(self)
        return bundle

    def __repr__(self) -> str:
        root = self._tool.input_schema
        rows = [(p.name, argument_in_words(p, root), p.description) for p in parameters(root)]
        return "\n".join(
            [
                f"form of {self._tool.name} (a widget; without one: %mcp call {self._tool.name} ...)",
                *look.columns(rows),
            ]
        )
