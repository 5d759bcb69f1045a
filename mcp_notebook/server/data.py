"""Build tools whose results may be data, in the way that an exported package does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.extensions.data import has_returned_data, returning_data

__all__ = ["data_tool", "may_return_data", "returns_data"]


def data_tool(function: Callable[..., Any], **options: Any) -> Tool:
    """Build a tool, as ``Tool.from_function`` does; data that the function returns becomes a bounded result.

    Raises:
        ImportError: The function returns a table, and narwhals is not installed.
    """
    structured = options.get("structured_output") is not False
    return Tool.from_function(returning_data(function, options.get("name"), structured=structured), **options)


def may_return_data(tool: Tool) -> Tool:
    """Return a tool of the SDK's as `data_tool` would have built it."""
    if returning_data(tool.fn) is tool.fn:
        return tool
    options = ("name", "title", "description", "annotations", "icons", "meta")
    return data_tool(tool.fn, **{option: getattr(tool, option) for option in options})


def returns_data(server: MCPServer[Any]) -> bool:
    """Return whether a tool of the server promises data, or has returned some."""
    return any(has_returned_data(tool.fn) for tool in sdk_gaps.entries(server, "tool").values())
