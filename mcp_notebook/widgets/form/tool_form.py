"""Make the form that calls a tool: fields for its input schema, a Call button, and the result below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from typing import Any

import ipywidgets as w
from mcp_types import CallToolResult, Tool

from mcp_notebook.client import OnProgress, Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering import content, look
from mcp_notebook.rendering.calls.log import put_out
from mcp_notebook.rendering.tool_form import heading, tool_form
from mcp_notebook.widgets.form.json_panel import JsonPanel
from mcp_notebook.widgets.form.progress import ProgressBar
from mcp_notebook.widgets.form.schema_form import SchemaForm

__all__ = ["ToolForm"]

StartCall = Callable[[dict[str, Any], OnProgress], Future[Outcome[CallToolResult]]]


class ToolForm(w.VBox):
    """A form that calls one tool, without blocking the kernel during the call.

    Args:
        tool: The tool as listed.
        start_call: Starts a call with the given arguments and progress callback, and returns its future.
        explain: Describes where the tool raised an exception, for its author.
        line: The beginning of the magic's line that makes this call.

    Attributes:
        form: The fields.
        questions: The box for the questions that the server asks during the call; emptied before each call.
    """

    def __init__(
        self,
        tool: Tool,
        start_call: StartCall,
        *,
        explain: Callable[[BaseException], str] = repr,
        line: str | None = None,
    ) -> None:
        self._tool = tool
        self._start_call = start_call
        self._explain = explain
        self._line = line or f"%mcp call {tool.name}"
        self._call: Future[Outcome[CallToolResult]] | None = None
        self._told = self._refused = False
        self.form = SchemaForm(tool.input_schema)
        whole = w.Layout(width="auto", min_width="7em", flex="0 0 auto")
        self._button = w.Button(description="Call", button_style="primary", tooltip=f"Call {tool.name}", layout=whole)
        self._cancel = w.Button(
            description="Cancel", disabled=True, tooltip="Cancel the call at the server", layout=whole
        )
        self._state = w.HTML()
        self._result = w.HTML()
        self._button.on_click(self._start)
        self._cancel.on_click(lambda _: self._call.cancel() if self._call else None)
        self._progress = ProgressBar()
        self._progress.layout.display = "none"
        self.questions = w.VBox()
        self._fold = w.ToggleButton(
            description="JSON and code", tooltip="Show the arguments as JSON and as code", layout=whole
        )
        self._panel = w.VBox()
        self._fold.observe(self._unfold, "value")
        self.form.on_change(self._corrected)
        buttons = w.HBox(
            [self._button, self._cancel, self._fold, self._state],
            layout=w.Layout(flex_flow="row wrap", align_items="center"),
        )
        # A minimum height, so that neither the progress nor a short result moves the widgets below.
        result = w.VBox([self._progress, self._result], layout=w.Layout(min_height="8em"))
        parts = [w.HTML(heading(tool)), self.form, buttons, self._panel, self.questions, result]
        super().__init__(parts, layout=w.Layout(padding="4px 0"))
        self.add_class("mcpnb-form")

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that Call would send now.

        Raises:
            ValueError: The values do not fit the tool's schema; the message has a line for each problem.
        """
        return self.form.read()

    def fill(self, arguments: Mapping[str, Any]) -> None:
        """Set the fields; fields that `arguments` does not name become unset."""
        self.form.fill(arguments)

    def _unfold(self, _change: object) -> None:
        if not self._panel.children:
            self._panel.children = [JsonPanel(self.form, self._tool.name, self._line, self._tool.input_schema)]
        self._panel.layout.display = None if self._fold.value else "none"

    def _start(self, _button: object) -> None:
        if self._call is not None and not self._call.done():
            return
        self.questions.children = ()
        self.form.show_problems()
        try:
            self._call = self._start_call(self.arguments, self._tell)
        except (McpNotebookError, ValueError) as error:
            self._refused = True
            self._show("not called", look.error("not called", str(error)))
            return
        self._button.disabled, self._cancel.disabled = True, False
        self._state.value = look.muted("calling …")
        self._told = self._refused = False
        self._call.add_done_callback(self._finish)

    def _corrected(self) -> None:
        """Remove the message that the tool was not called, once the values are valid."""
        if self._refused and self.form.valid:
            self._refused = False
            self._show("", "")

    def _tell(self, progress: float, total: float | None, message: str | None) -> None:
        self._told = True
        self._progress.layout.display = None
        self._progress.report(progress, total, message)

    def _finish(self, call: Future[Outcome[CallToolResult]]) -> None:
        """Show the outcome of a call; runs on the loop's thread."""
        try:
            outcome = call.result()
            html = content.render(outcome.result, self._tool.output_schema).html
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
        if self._told:
            self._progress.end(state)
        self._state.value = look.muted(state)
        self._result.value = html

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        # ipywidgets cuts the text after 110 characters.
        bundle["text/plain"] = repr(self)
        bundle["text/html"] = tool_form(self._tool, self._line).html
        return bundle

    def __repr__(self) -> str:
        return tool_form(self._tool, self._line).text
