"""The card of a tool: a form that calls it, the result, and what an agent sees of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mcp_types import Tool

from mcp_notebook.recording import Recorder
from mcp_notebook.rendering.badges import traits
from mcp_notebook.rendering.definition import tool_sections
from mcp_notebook.rendering.look import Rendering
from mcp_notebook.rendering.tool_form import tool_form
from mcp_notebook.server.listing import Entry, changes, listed, tokens
from mcp_notebook.visible import visible
from mcp_notebook.widgets.code import magic_line, python_line
from mcp_notebook.widgets.request_form import InApp, RequestForm, Start

__all__ = ["ToolForm"]


class ToolForm(RequestForm):
    """A form that calls one tool.

    Args:
        tool: The tool as listed.
        start: Starts a call, see `RequestForm`.
        explain: Describes where the tool raised an exception, for its author.
        line: The beginning of the magic's line that makes this call.
        recorder: Records the calls; None to follow none.
        function: The function behind the tool, for the lint; None if it is not in this kernel.
        place: Words that say where the tool is.
        rendering: The form for places without widgets; defaults to the arguments of the tool.
        before: The entry that the tool's replaces, to show what changed; None to show nothing.
        in_app: Shows a result in the tool's app, see `RequestForm`.
    """

    def __init__(
        self,
        tool: Tool,
        start: Start,
        *,
        explain: Callable[[BaseException], str] = repr,
        line: str | None = None,
        recorder: Recorder | None = None,
        function: Callable[..., Any] | None = None,
        place: str = "",
        rendering: Rendering | None = None,
        before: Entry | None = None,
        in_app: InApp | None = None,
    ) -> None:
        beginning = line or f"%mcp call {tool.name}"
        super().__init__(
            _about(tool, function, place, before),
            tool.input_schema,
            start,
            verb="Call",
            rendering=rendering or tool_form(tool, beginning),
            codes={
                "in a cell": lambda arguments: magic_line(beginning, arguments, tool.input_schema),
                "in Python": lambda arguments: python_line(tool.name, arguments),
            },
            output_schema=tool.output_schema,
            explain=explain,
            recorder=recorder,
            recorded=("tools/call", tool.name),
            in_app=in_app,
        )


def _about(tool: Tool, function: Callable[..., Any] | None, place: str, before: Entry | None) -> dict[str, Any]:
    entry = listed(tool)
    sections = tool_sections(entry, function)
    return {
        "kind": "tool",
        "name": visible(tool.name, one_line=True),
        "title": visible(tool.title or "", one_line=True),
        "text": visible((tool.description or "").strip()),
        "badges": traits(entry),
        "place": " · ".join(filter(None, [visible(place, one_line=True), f"about {tokens(entry)} tokens"])),
        "changed": [] if before is None else [visible(line) for line in changes(before, entry)],
        "schema": sections.html,
        "lint": [visible(line) for line in sections.advice],
        "entry": visible(json.dumps(entry, ensure_ascii=False, indent=2, default=str)),
    }
