"""Recognize server objects in a notebook that are not the SDK's `MCPServer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server.lowlevel import Server

from mcp_notebook.server.variables import is_a

__all__ = ["foreign_server"]


def foreign_server(namespace: Mapping[str, Any]) -> str | None:
    """Return a sentence that names the first such server and what to write instead; None if there is none."""
    for name, value in list(namespace.items()):
        if name.startswith("_"):
            continue
        if is_a(value, Server):
            return (
                f"{name} is the SDK's low-level Server. It has no definitions that this notebook could work with. "
                "Write its tools on an MCPServer: @mcp.tool()."
            )
        # The standalone package, or the SDK before version 2; neither has to be installed here.
        if any(kind.__name__ == "FastMCP" for kind in type(value).__mro__):
            return (
                f"{name} is a FastMCP from the package {type(value).__module__.partition('.')[0]}, not the SDK's "
                "MCPServer. Write: from mcp.server.mcpserver import MCPServer, and MCPServer(...) for FastMCP(...)."
            )
    return None
