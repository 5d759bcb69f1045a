"""A server whose tools end in each way in which a call can end, and a visitor who calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcp.client import Client
from mcp.server.context import ServerMiddleware
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent
from pydantic import ValidationError

from mcp_notebook.course.checking.bench import Bench

__all__ = ["TOOLS", "counted", "counts", "failing_server", "visit"]

TOOLS = ("search", "author", "owed", "move")
"""The tools: one that works, one that refuses, one with a bug, and one that answers with a protocol error."""


def failing_server(*middleware: ServerMiddleware[Any]) -> MCPServer[Any]:
    """Return a server with the tools of `TOOLS`."""
    server: MCPServer[Any] = MCPServer("failing", middleware=middleware, log_level="CRITICAL")

    @server.tool()
    def search() -> str:
        """Work."""
        return "Dune"

    @server.tool()
    def author() -> str:
        """Refuse."""
        raise ToolError("'Moby Dick' is not in the library.")

    @server.tool()
    def owed() -> str:
        """Have a bug."""
        fees: dict[str, str] = {}
        return fees["Ada"]

    @server.tool()
    def move() -> str:
        """Answer with a protocol error."""
        raise MCPError(4001, "This server is moving to another machine.")

    return server


async def visit(tools: Sequence[str], *middleware: ServerMiddleware[Any]) -> list[str]:
    """List the tools of the server, call some, and return what the client gets for each call."""
    seen = []
    async with Client(failing_server(*middleware)) as client:
        await client.list_tools()
        for tool in tools:
            try:
                result = await client.call_tool(tool)
            except MCPError as error:
                seen.append(f"{tool}: protocol error {error.code}")
                continue
            except ValidationError:
                seen.append(f"{tool}: not a valid result")
                continue
            text = ", ".join(block.text for block in result.content if isinstance(block, TextContent))
            seen.append(f"{tool}: {'error result' if result.is_error else 'result'}: {text}")
    return seen


class _Counter:
    """A counter with OpenTelemetry's method `add`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, amount: int, attributes: Mapping[str, Any] | None = None) -> None:
        """Count."""
        known = attributes or {}
        name = " ".join(str(known.get(key, f"(no {key})")) for key in ("tool", "outcome"))
        self.counts[name] = self.counts.get(name, 0) + amount


def counted(*tools: str, seen: bool = False) -> Callable[[Bench], Any]:
    """Return a look at what the learner's middleware counts when these tools are called.

    Args:
        tools: The tools to call.
        seen: Whether to return what the client gets instead.
    """

    async def look(bench: Bench) -> Any:
        counter = _Counter()
        got = await visit(tools, bench.namespace[bench.name](counter, set(TOOLS)))
        return got if seen else dict(sorted(counter.counts.items()))

    return look


def counts(**numbers: int) -> Mapping[str, int]:
    """Return counts as the check has them: ``author_tool_error=1`` is the tool and the outcome."""
    return {name.replace("_", " ", 1): number for name, number in sorted(numbers.items())}
