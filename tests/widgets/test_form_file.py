"""The whole result of a form's call, for its download."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest
from mcp_types import CallToolResult, TextContent, Tool

from mcp_notebook.client import Outcome
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.widgets.tool_form import ToolForm

LONG = "one line of many\n" * 10_000


def form() -> ToolForm:
    def start(arguments: dict[str, Any], on_progress: object) -> Future[Outcome[CallToolResult]]:
        call: Future[Outcome[CallToolResult]] = Future()
        call.set_result(Outcome(CallToolResult(content=[TextContent(type="text", text=LONG)]), None))
        return call

    return ToolForm(Tool(name="read it", input_schema={"type": "object"}), start)


def test_the_file_has_the_whole_of_a_result_of_which_a_part_is_shown() -> None:
    card = form()
    card.actions["send"]({"arguments": "{}"})
    assert card.state["whole"]
    assert len(card.result) < len(LONG)
    assert card.actions["file"]({}) == {"name": "read-it.txt", "type": "text/plain", "text": LONG}


def test_without_a_result_there_is_no_file() -> None:
    with pytest.raises(McpNotebookError, match="There is no result"):
        form().actions["file"]({})
