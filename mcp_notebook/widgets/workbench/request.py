"""Show one request: a description, a form, a button to send it, and the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any

import ipywidgets as w

from mcp_notebook import cells
from mcp_notebook.client import Answerer, Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering import content, look
from mcp_notebook.rendering.calls.log import put_out
from mcp_notebook.widgets.closing import close_with_all
from mcp_notebook.widgets.form import SchemaForm
from mcp_notebook.widgets.question_card import ask_in
from mcp_notebook.widgets.workbench.paging import DETAIL

__all__ = ["RequestPane"]

Start = Callable[[dict[str, Any], Answerer], "Future[Outcome[Any]]"]
"""Starts a request with the form's values, and the answerer for questions of the server."""


class RequestPane(w.VBox):
    """The pane next to a list; the kernel is free while the request runs.

    Args:
        verb: The button's label.
        hint: The text that is shown while nothing is chosen.
        more: Further buttons.
    """

    def __init__(self, verb: str, hint: str, more: Sequence[w.Widget] = ()) -> None:
        self._hint = w.HTML(look.muted(hint))
        self._about = w.HTML()
        self._form: SchemaForm | None = None
        self._start: Start | None = None
        self._under_way: Future[Outcome[Any]] | None = None
        self._button = w.Button(description=verb, button_style="primary", layout={"width": "auto"})
        self._cancel = w.Button(
            description="Cancel", disabled=True, tooltip="Cancel the request at the server", layout={"width": "auto"}
        )
        self._state = w.HTML()
        self._questions = w.VBox()
        self._result = w.HTML()
        self._button.on_click(lambda _: self.send())
        self._cancel.on_click(lambda _: self._under_way.cancel() if self._under_way else None)
        self._bar = w.HBox([self._button, self._cancel, *more, self._state], layout={"flex_flow": "row wrap"})
        super().__init__([self._hint], layout=DETAIL)

    def show(self, about: str, form: SchemaForm, start: Start) -> None:
        """Show another request: its description (HTML), its form, and the function that starts it."""
        self.clear()
        self._about.value, self._form, self._start = about, form, start
        self.children = [form, self._bar, self._questions, self._result, self._about]

    def clear(self) -> None:
        """Show only the hint."""
        self._start = None
        self._state.value = self._result.value = ""
        self.children = [self._hint]
        if self._form is not None:
            close_with_all(self._form)
            self._form = None

    def send(self) -> None:
        """Make the request."""
        if self._form is None or self._start is None or (self._under_way is not None and not self._under_way.done()):
            return
        self._questions.children = ()
        self._form.show_problems()
        try:
            self._under_way = self._start(self._form.read(), ask_in(self._questions))
        except (ValueError, McpNotebookError) as error:
            self._say("not sent", look.error("not sent", str(error)))
            return
        self._button.disabled, self._cancel.disabled = True, False
        self._state.value = look.muted("asking …")
        start = self._start
        self._under_way.add_done_callback(lambda done: self._finish(start, done))

    def _finish(self, start: Start, done: Future[Outcome[Any]]) -> None:
        """Show the outcome, unless the pane shows another request by now; runs on the loop's thread."""
        self._button.disabled, self._cancel.disabled = False, True
        if start is not self._start:
            return
        try:
            outcome = done.result()
        except CancelledError:
            self._say("cancelled", "")
        except McpNotebookError as error:
            self._say("refused", look.error("refused", str(error)))
        else:
            html = content.render(outcome.result).html
            self._say("done", html + (put_out(outcome.call, cells.explain) if outcome.call is not None else ""))

    def _say(self, state: str, html: str) -> None:
        self._state.value = look.muted(state)
        self._result.value = html
