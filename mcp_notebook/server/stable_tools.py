"""Offer a fixed pair of tools that reach all others: for clients that list tools only once, and for long lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from mcp_types import Tool as ListedTool
from pydantic import Field

from mcp_notebook.server import tool_search
from mcp_notebook.server.changes import replace

__all__ = ["LISTING", "SEARCHING", "TOOLS", "VARIABLES", "is_of_the_notebook", "offer", "searching_pair", "withdraw"]

MOST_FOUND = 20
"""Most tools that one search returns."""


async def list_notebook_tools(ctx: Context[Any, Any]) -> list[dict[str, Any]]:
    """List the tools that the notebook has at this moment, with their input schemas.

    They change while the notebook is worked on: list them again before you say that one is not there.
    """
    listed = await ctx.mcp_server.list_tools()
    return [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in listed if tool.name not in TOOLS]


async def search_notebook_tools(
    query: Annotated[str, Field(description="Words for what you want to do.")],
    ctx: Context[Any, Any],
    limit: Annotated[int, Field(description="The most tools to return.", ge=1, le=MOST_FOUND)] = 5,
) -> list[dict[str, Any]] | str:
    """Find the tools for a task, with their input schemas; then call one with call_notebook_tool."""
    listed = [tool for tool in await ctx.mcp_server.list_tools() if tool.name not in TOOLS]
    tools = tool_search.found(query, listed)[:limit]
    if not tools:
        return f"None of the {len(listed)} tools fits these words. Try others, fewer or more general ones."
    return [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in tools]


async def call_notebook_tool(
    name: Annotated[str, Field(description="The name of the tool, as it is listed or found.")],
    ctx: Context[Any, Any],
    arguments: Annotated[dict[str, Any], Field(description="Its arguments, as its input schema has them.")] = {},  # noqa: B006 - not changed
) -> CallToolResult | InputRequiredResult:
    """Call one of the notebook's tools by its name."""
    return await ctx.mcp_server.call_tool(name, arguments, ctx)


TOOLS = {
    "list_notebook_tools": Tool.from_function(
        list_notebook_tools, annotations=ToolAnnotations(read_only_hint=True), structured_output=False
    ),
    "search_notebook_tools": Tool.from_function(
        search_notebook_tools, annotations=ToolAnnotations(read_only_hint=True), structured_output=False
    ),
    "call_notebook_tool": Tool.from_function(call_notebook_tool, structured_output=False),
}

VARIABLES = "notebook_variables"
"""The name of the tool of ``%mcp variables``."""

LISTING = ("list_notebook_tools", "call_notebook_tool")
SEARCHING = ("search_notebook_tools", "call_notebook_tool")
"""The names of the tools of each pair."""


def is_of_the_notebook(name: str) -> bool:
    """Return whether a tool of this name is the notebook's, so that a package does not have it."""
    return name in TOOLS or name == VARIABLES


def offer(server: MCPServer[Any], pair: Sequence[str] = LISTING) -> None:
    """Put a pair on the server, in addition to its own tools."""
    replace(server, "tool", {name: TOOLS[name] for name in pair})


def searching_pair() -> list[ListedTool]:
    """Return the entries of the pair that finds and calls, as clients see them."""
    return [
        ListedTool(name=name, description=tool.description, input_schema=tool.parameters, annotations=tool.annotations)
        for name, tool in TOOLS.items()
        if name in SEARCHING
    ]


def withdraw(server: MCPServer[Any]) -> None:
    """Remove the pairs."""
    replace(server, "tool", {}, list(TOOLS))
