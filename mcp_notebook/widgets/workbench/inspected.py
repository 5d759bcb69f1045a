"""What a workbench looks at: a connection, and the server behind it where that is one of this kernel."""

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
from mcp_notebook.widgets.form import SchemaForm

__all__ = ["Home", "Inspected"]


@dataclass(frozen=True)
class Home:
    """A server of this kernel, as its notebook knows it.

    Attributes:
        server: Returns the server; a cell may put another one in its place.
        portal: The loop that it lives on.
        keep_frames: Has its frames kept from now on.
        listening: Says where it listens.
    """

    server: Callable[[], MCPServer[Any]]
    portal: Portal
    keep_frames: Callable[[], None]
    listening: Callable[[], str]


class Inspected:
    """A connection, and another one in its place where a cell put another server there.

    Args:
        connect: Returns the connection that there is now.
        home: Where the server is one of this kernel.
    """

    def __init__(self, connect: Callable[[], Connection], home: Home | None) -> None:
        self._connect = connect
        self.connection = connect()
        self.home = home
        self._completes = False

    def renew(self) -> bool:
        """Take the connection that there is now; say whether it is another one."""
        earlier, self.connection = self.connection, self._connect()
        return self.connection is not earlier

    @property
    def calls(self) -> list[Call]:
        """The recorded calls of this server, the oldest first."""
        calls = self.connection.recorder.calls
        server = self.home.server() if self.home is not None else None
        return calls if server is None else [call for call in calls if call.server == server.name]

    def completing(self, ref: Reference, form: Callable[[], SchemaForm]) -> Callable[[str, str], list[str]]:
        """Return what suggests values for the texts of a form; a server that completes nothing is not asked."""

        def complete(argument: str, typed: str) -> list[str]:
            given = {name: str(value) for name, value in form().draft().items() if name != argument}
            with suppress(McpNotebookError):
                if self._completes:
                    return self.connection.complete(ref, argument, typed, given)
            return []

        return complete

    def definitions(self) -> dict[tuple[str, str], Definition]:
        """Return what cells defined, by kind and name; nothing for a server that is not of this kernel."""
        found = [] if self.home is None else definitions(self.home.server())
        return {(definition.kind, definition.name): definition for definition in found}

    def lists(self) -> Lists:
        """Ask the server for its lists; one that it does not give is empty, and the problems say why."""
        can = self.connection.capabilities
        self._completes = can.completions is not None
        if self.home is not None:
            # Not by the client, which takes ten times as long for a thousand tools.
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
