"""Registering one definition more costs the same, however many there are."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from mcp_notebook import NotebookServer
from mcp_notebook.server import changes


def steps_of_adding(server: NotebookServer, name: str) -> int:
    """Return how many lines of the module that swaps definitions run while a tool is added."""
    lines = [0]

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != changes.__file__:
            return None
        lines[0] += event == "line"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        server.add_tool(lambda x: x, name=name)
    finally:
        sys.settrace(before)
    return lines[0]


def test_a_tool_more_is_no_more_work_where_there_are_many() -> None:
    server = NotebookServer("many")
    server.add_tool(lambda x: x, name="first")
    few = steps_of_adding(server, "second")
    for number in range(300):
        server.add_tool(lambda x: x, name=f"tool_{number}")
    assert few > 5
    assert steps_of_adding(server, "last") == few
