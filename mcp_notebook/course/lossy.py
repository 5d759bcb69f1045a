"""A connection that loses answers, as networks do: the server has acted, and the client does not hear of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from mcp.client import Client
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.shared.exceptions import MCPError
from mcp_types import REQUEST_TIMEOUT, CallToolResult, ToolAnnotations

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.library import rows_of

__all__ = ["LossyClient", "desk", "patiently"]

UNKNOWN = "'Moby Dick' is not in the library."
"""The end of the error of the desk about a book that is not there."""

PATIENCE = 20
"""Seconds that the learner's function may take."""

MOVING = 4001
"""The code of the protocol error of the desk; it is outside the range that JSON-RPC reserves."""


@dataclass
class LossyClient(Client):
    """A client that does not get its first answers: each of these calls times out after the server has answered.

    Attributes:
        lost: The number of answers that are still to be lost.
        asked: The names of the tools that were called, in order.
    """

    lost: int = 0
    asked: list[str] = field(default_factory=list)

    async def call_tool(
        self, name: str, arguments: Mapping[str, Any] | None = None, *words: Any, **options: Any
    ) -> CallToolResult:
        """Call a tool.

        Raises:
            MCPError: The answer was lost; the code is that of the SDK for a request that timed out.
        """
        self.asked.append(name)
        result: CallToolResult = await super().call_tool(name, dict(arguments or {}), *words, **options)
        if self.lost > 0:
            self.lost -= 1
            raise MCPError(REQUEST_TIMEOUT, f"Timed out waiting for 'tools/call' of {name}")
        return result


def desk(file: str | Path) -> MCPServer[Any]:
    """Return a server on the library's database, with a tool for each kind of claim about being repeated."""
    server: MCPServer[Any] = MCPServer("desk", log_level="CRITICAL")

    def query(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(file)) as database, database:
            return database.execute(sql, values).fetchall()

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def copies(title: str) -> str:
        """Say how many copies of a book there are; an unknown title is an error."""
        found = query("SELECT copies FROM books WHERE title = ?", title)
        if not found:
            raise ToolError(f"{title!r} is not in the library.")
        return f"{title}: {found[0][0]}"

    @server.tool(annotations=ToolAnnotations(read_only_hint=False, idempotent_hint=True))
    def rename(subject: str, to: str) -> str:
        """Rename a subject; to do that twice changes nothing more."""
        query("UPDATE books SET subject = ? WHERE subject IN (?, ?)", to, subject, to)
        return f"{subject} is {to} now"

    @server.tool(annotations=ToolAnnotations(read_only_hint=False, idempotent_hint=False))
    def lend(title: str, member: str) -> str:
        """Lend a book; to do that twice lends it twice."""
        query("INSERT INTO loans (title, member, lent, due) VALUES (?, ?, '2026-11-02', '2026-11-23')", title, member)
        return f"{title}: lent to {member}"

    @server.tool()
    def join(name: str) -> str:
        """Add a member; it has no annotations."""
        query("INSERT INTO members VALUES (?, '2026-11-02')", name)
        return f"{name} is a member"

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def hours() -> str:
        """Answer with a protocol error."""
        raise MCPError(MOVING, "This server is moving to another machine.")

    return server


def patiently(tool: str, lost: int = 0, then: str = "", **arguments: str) -> Callable[[Bench], Any]:
    """Return a look at how the learner's function calls a tool of the desk whose first `lost` answers get lost.

    Args:
        tool: The tool.
        lost: The number of answers to lose.
        then: A statement that counts rows afterwards.
        arguments: The arguments of the call.
    """

    async def look(bench: Bench) -> str:
        assert bench.file is not None
        client, said = LossyClient(desk(bench.file), lost=lost), "no end"
        async with client:
            with anyio.move_on_after(PATIENCE):
                try:
                    said = repr(await bench.namespace[bench.name](client, tool, arguments))
                except MCPError as error:
                    said = f"MCPError {error.code}"
                except ToolError as error:
                    said = "ToolError with its text" if UNKNOWN in str(error) else f"ToolError {str(error)!r}"
        times = client.asked.count(tool)
        counted = f", rows: {rows_of(bench.file, then)[0][0]}" if then else ""
        return f"{said} after {times} {'call' if times == 1 else 'calls'}{counted}"

    return look
