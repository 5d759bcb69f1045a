"""The form of a tool, in the kernel and in the front end, and what it sends."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from mcp_types import Tool

from mcp_notebook.widgets.tool_form import ToolForm
from tests.support.front_end import Hands

__all__ = ["Sending"]


class Sending:
    """The form of a tool that is never really called.

    Args:
        schema: The schema of its arguments.

    Attributes:
        sent: The arguments of the calls.
        form: The form in the kernel.
        hands: The form in the front end.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        self.sent: list[dict[str, Any]] = []
        self.form = ToolForm(Tool(name="tool", input_schema=schema), self._start)
        self.hands = Hands(schema)

    def called(self) -> dict[str, Any] | None:
        """Press Call, and return the arguments that are sent; None if nothing is."""
        if self.hands.problems():
            return None
        before = len(self.sent)
        self.form.actions["send"]({"arguments": self.hands.text()})
        return self.sent[-1] if len(self.sent) > before else None

    def _start(self, arguments: dict[str, Any], on_progress: Any) -> Future[Any]:
        self.sent.append(arguments)
        ended: Future[Any] = Future()
        ended.cancel()
        return ended
