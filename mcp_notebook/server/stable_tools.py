"""Offer a fixed pair of tools that reach all others, for clients that list tools only once."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field

from mcp_notebook.server.changes import replace

__all__ = ["offer", "withdraw"]


async def list_notebook_tools(ctx: Context[Any, Any]) -> list[dict[str, Any]]:
    """List the tools that the notebook has at this moment, with their input schemas.

    They change while the notebook is worked on: list them again before you say that one is not there.
    """
    listed = await ctx.mcp_server.list_tools()
    return [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in listed if tool.name not in TOOLS]


async def call_notebook_tool(
    name: Annotated[str, Field(description="The name of the tool, as list_notebook_tools has it.")],
    ctx: Context[Any, Any],
    arguments: Annotated[dict[str, Any], Field(description="Its arguments, as its input schema has them.")] = {},  # noqa: B006 - not changed
) -> CallToolResult | InputRequiredResult:
    """Call one of the tools that list_notebook_tools lists."""
    return await ctx.mcp_server.call_tool(name, arguments, ctx)


TOOLS = {
    "list_notebook_tools": Tool.from_function(
        list_notebook_tools, annotations=ToolAnnotations(read_only_hint=True), structured_output=False
    ),
    "call_notebook_tool": Tool.from_function(call_notebook_tool, structured_output=False),
}


def offer(server: MCPServer[Any]) -> None:
    """Put the pair on the server, in addition to its own tools."""
    replace(server, "tool", TOOLS)


def withdraw(server: MCPServer[Any]) -> None:
    """Remove the pair."""
    replace(server, "tool", {}, list(TOOLS))
