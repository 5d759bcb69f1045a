"""Give the workbench its data: a connection, and the server behind it if that is in this kernel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.client import Connection
from mcp_notebook.client.reading import ItemList
from mcp_notebook.client.requests import Reference
from mcp_notebook.errors import McpNotebookError, RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.rendering.overview import Lists
from mcp_notebook.server import definitions
from mcp_notebook.server.definitions import Definition

__all__ = ["Home", "Inspected"]


@dataclass(frozen=True)
class Home:
    """A server of this kernel, with what its notebook knows about it.

    Attributes:
        server: Returns the server; a cell may replace it.
        portal: The loop that it runs on.
        keep_frames: Begins to keep its frames.
        listening: Describes where it listens.
    """

    server: Callable[[], MCPServer[Any]]
    portal: Portal
    keep_frames: Callable[[], None]
    listening: Callable[[], str]


class Inspected:
    """A connection to the inspected server, replaced by a new one if a cell replaces the server.

    Args:
        connect: Returns the current connection.
        home: The server, if it is in this kernel.
    """

    def __init__(self, connect: Callable[[], Connection], home: Home | None) -> None:
        self._connect = connect
        self.connection = connect()
        self.home = home
        self._completes = False

    def renew(self) -> bool:
        """Switch to the current connection, and return whether it is a new one."""
        earlier, self.connection = self.connection, self._connect()
        return self.connection is not earlier

    @property
    def calls(self) -> list[Call]:
        """The recorded calls of this server, oldest first."""
        calls = self.connection.recorder.calls
        server = self.home.server() if self.home is not None else None
        return calls if server is None else [call for call in calls if call.server == server.name]

    @property
    def on(self) -> str:
        """The option of a magic that reaches this server."""
        return "" if self.home is not None else f" --on {self.connection.name}"

    def completing(self, ref: Reference) -> Callable[[str, str, dict[str, Any]], list[str]]:
        """Return a function that suggests values for the texts of a form, if the server supports completion."""

        def complete(argument: str, typed: str, given: dict[str, Any]) -> list[str]:
            others = {name: str(value) for name, value in given.items() if name != argument}
            with suppress(McpNotebookError):
                if self._completes:
                    return self.connection.complete(ref, argument, typed, others)
            return []

        return complete

    def definitions(self) -> dict[tuple[str, str], Definition]:
        """Return the definitions by kind and name; none for a server outside this kernel."""
        found = [] if self.home is None else definitions(self.home.server())
        return {(definition.kind, definition.name): definition for definition in found}

    def lists(self) -> Lists:
        """Ask the server for its lists; if one fails, it is empty, and the problems say why."""
        can = self.connection.capabilities
        self._completes = can.completions is not None
        if self.home is not None:
            # The client would take ten times as long for a thousand tools.
            server, run = self.home.server(), self.home.portal.run
            return Lists(
                run(server.list_tools),
                run(server.list_resources),
                run(server.list_resource_templates),
                run(server.list_prompts),
                self.definitions(),
            )
        connection, problems = self.connection, []

        def ask(name: str, listing: Callable[[], ItemList[Any]]) -> list[Any]:
            try:
                found = listing()
            except RequestError as error:
                if connection.closed:
                    raise
                problems.append(f"{name}: {error}")
                return []
            problems.extend(f"{name}: {problem}" if not problem.place else str(problem) for problem in found.problems)
            return found

        return Lists(
            ask("tools", connection.tools) if can.tools else [],
            ask("resources", connection.resources) if can.resources else [],
            ask("resource templates", connection.templates) if can.resources else [],
            ask("prompts", connection.prompts) if can.prompts else [],
            problems=problems,
        )
