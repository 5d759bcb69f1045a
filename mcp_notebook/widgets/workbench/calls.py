"""Show one call: its card, sequence diagram and cell, with buttons to replay, edit, save and compare it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any

import ipywidgets as w

from mcp_notebook import cells
from mcp_notebook.client import Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import as_tests, testable
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.compare import compare
from mcp_notebook.rendering.calls.sequence import diagram
from mcp_notebook.rendering.calls.traffic import cell_source
from mcp_notebook.widgets.workbench.inspected import Inspected

__all__ = ["CallDetail"]

MOST_COMPARED = 50
"""Calls of the same definition that are offered for a comparison."""


class CallDetail(w.VBox):
    """One recorded call.

    Args:
        subject: The server and connection that the call belongs to.
        edit: Opens the call's arguments in the form of its tool.
    """

    def __init__(self, subject: Inspected, edit: Callable[[Call], None]) -> None:
        self._subject = subject
        self._call: Call | None = None
        self._drawn: tuple[object, ...] = ()
        self._replay = _button("Replay", "Make the call again, with the same arguments")
        self._edit = _button("Edit and call", "Open the arguments in the tool's form")
        self._test = _button("Save as test", "Write the call as a pytest test into this file")
        self._file = w.Text(description="into", layout={"width": "18em"})
        self._file.style.description_width = "3em"
        self._earlier = w.Dropdown(description="Compare with", options=[("(no other call)", 0)])
        self._earlier.style.description_width = "7em"
        self._replay.on_click(lambda _: self._start_replay())
        self._edit.on_click(lambda _: edit(self._call) if self._call else None)
        self._test.on_click(lambda _: self._save())
        self._earlier.observe(self._compare, "value")
        self._said = w.HTML()
        self._body = w.HTML()
        first = w.HBox([self._replay, self._edit, self._earlier], layout={"flex_flow": "row wrap"})
        second = w.HBox([self._test, self._file], layout={"flex_flow": "row wrap"})
        super().__init__([first, second, self._said, self._body])

    def show(self, call: Call) -> None:
        """Show another call."""
        self._call, self._drawn = call, ()
        self._said.value = ""
        self._file.value = f"test_call_{call.number}.py"
        self._offer(call)
        self.update()

    def update(self) -> None:
        """Show the call's current state; send nothing to the browser if nothing has changed."""
        call = self._call
        if call is None or self._drawn == (call, call.state, len(call.events), call.rounds):
            return
        self._drawn = (call, call.state, len(call.events), call.rounds)
        self._replay.disabled = call.running or call.cut or call.malformed or call.method not in REPLAYS
        self._edit.disabled = call.cut or call.malformed or call.method != "tools/call"
        self._test.disabled = self._file.disabled = not testable(call)
        card = call_card(call, cells.place_of(call.function), cells.explain)
        self._body.value = card.html + diagram(call).html + cell_source(cells.cell_of(call.function))

    def _offer(self, call: Call) -> None:
        others = [
            (f"call {other.number}, {other.state}", other.number)
            for other in reversed(self._subject.calls)
            if other is not call and other.name == call.name and other.method == call.method
        ][:MOST_COMPARED]
        self._earlier.options = [("(choose a call)" if others else "(no other call)", 0), *others]
        self._earlier.disabled = not others

    def _compare(self, change: Any) -> None:
        earlier = self._subject.connection.recorder.find(change["new"] or 0)
        if self._call is not None and earlier is not None:
            self._said.value = compare(earlier, self._call).html

    def _start_replay(self) -> None:
        earlier = self._call
        if earlier is None:
            return
        self._said.value = look.muted("calling …")
        try:
            future = REPLAYS[earlier.method](self._subject, earlier)
        except McpNotebookError as error:
            self._said.value = look.error("not called", str(error))
            return
        future.add_done_callback(lambda done: self._replayed(earlier, done))

    def _replayed(self, earlier: Call, done: Future[Outcome[Any]]) -> None:
        try:
            now = done.result().call
        except CancelledError:
            self._said.value = look.muted("cancelled")
        except McpNotebookError as error:
            self._said.value = look.error("refused", str(error))
        else:
            self._said.value = compare(earlier, now).html if now is not None else look.muted("done")

    def _save(self) -> None:
        path = Path(self._file.value.strip())
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(as_tests([self._call] if self._call else [], "server:mcp"))
        except FileExistsError:
            self._said.value = look.error("not saved", f"{path} already exists. Choose another name.")
        except OSError as error:
            self._said.value = look.error("not saved", f"{path} cannot be written: {error.strerror}.")
        else:
            self._said.value = look.card(
                f"saved {look.code(path)}",
                "<p>The test imports the server from <code>server:mcp</code>. Change that line to your module.</p>",
            )


def _button(name: str, tooltip: str) -> w.Button:
    return w.Button(description=name, tooltip=tooltip, layout={"width": "auto"})


Replay = Callable[[Inspected, Call], "Future[Outcome[Any]]"]

REPLAYS: dict[str, Replay] = {
    "tools/call": lambda subject, call: subject.connection.start_call(call.name, call.arguments),
    "resources/read": lambda subject, call: subject.connection.start_read(call.name),
    "prompts/get": lambda subject, call: subject.connection.start_prompt(
        call.name, {key: str(value) for key, value in call.arguments.items()}
    ),
}
"""A function for each kind of call that makes it again."""
