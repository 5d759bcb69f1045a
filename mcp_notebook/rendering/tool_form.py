"""Render the form of a tool for places without widgets: a saved notebook, or a terminal."""

from __future__ import annotations

from html import escape

from mcp_types import Tool

from mcp_notebook.rendering import look
from mcp_notebook.schema import parameters
from mcp_notebook.server.listing import argument_in_words, behavior, listed
from mcp_notebook.visible import visible

__all__ = ["heading", "tool_form"]

MOST_ROWS = 100
"""The most arguments that a saved form shows."""


def heading(tool: Tool) -> str:
    """Draw (HTML) the name, the description and the stated behavior of a tool."""
    lines = [f"<b>{look.code(tool.name)}</b> {escape(tool.title or '')}"]
    if tool.description:
        lines.append(f'<div style="white-space:pre-line;max-width:60em">{escape(tool.description.strip())}</div>')
    if tool.annotations is not None:
        lines.append(f'<div class="mcpnb-hint"><small>{escape(behavior(listed(tool)))}</small></div>')
    return "".join(lines)


def tool_form(tool: Tool, line: str) -> look.Rendering:
    """Draw the arguments of a tool; `line` is the beginning of the magic's line that calls it."""
    rows = _rows(tool)
    title = visible(f"form of {tool.name} (no widget shown? Use {line} ...)", one_line=True)
    text = "\n".join([title, *look.columns(rows)])
    drawn = [[look.code(name), escape(words), escape(about)] for name, words, about in rows]
    note = look.muted("run this cell to show the form")
    html = look.card(f"form of {look.code(tool.name)} {note}", look.table(("", "", ""), drawn) if drawn else "")
    return look.Rendering(text, html)


def _rows(tool: Tool) -> list[tuple[str, str, str]]:
    root = tool.input_schema
    found = parameters(root)
    rows = [(p.name, argument_in_words(p, root), p.description) for p in found[:MOST_ROWS]]
    more = len(found) - len(rows)
    return [*rows, *([("...", f"and {more:,} more, not shown", "")] if more else [])]
