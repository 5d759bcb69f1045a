"""Servers that a notebook can hold in a variable, and that are not the SDK's `MCPServer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp.server.lowlevel import Server

from mcp_notebook.server.variables import is_a

__all__ = ["foreign_server"]


def foreign_server(namespace: Mapping[str, Any]) -> str | None:
    """Return a sentence about the first such server: what it is, and what to write instead; None without one."""
    for name, value in list(namespace.items()):
        if name.startswith("_"):
            continue
        if is_a(value, Server):
            return (
                f"{name} is the SDK's low-level Server, which says itself what it serves, so it has no definitions "
                "here. Write its tools on an MCPServer: @mcp.tool()."
            )
        # The standalone package of that name, and the SDK before 2: neither needs to be installed here.
        if any(kind.__name__ == "FastMCP" for kind in type(value).__mro__):
            return (
                f"{name} is a FastMCP of the package {type(value).__module__.partition('.')[0]}, not the SDK's "
                "MCPServer. Write: from mcp.server.mcpserver import MCPServer, and MCPServer(...) for FastMCP(...)."
            )
    return None
