"""What a workbench looks at: a connection, and the server behind it where that is one of this kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp_types import Prompt, Resource, ResourceTemplate, Tool
from pydantic import BaseModel

from mcp_notebook import cells
from mcp_notebook.cells import Cell
from mcp_notebook.client import Connection
from mcp_notebook.client.requests import Reference
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.server import definitions
from mcp_notebook.server.definitions import Definition
from mcp_notebook.server.interface import listed, tokens

__all__ = ["Home", "Lists", "Subject", "cell_of", "place"]


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


class Subject:
    """A connection, asked for anew each time, because a cell may put another server in the place of this one.

    Args:
        connect: Returns the connection.
        home: Where the server is one of this kernel.
    """

    def __init__(self, connect: Callable[[], Connection], home: Home | None) -> None:
        self._connect = connect
        self.home = home

    @property
    def connection(self) -> Connection:
        """The open connection."""
        return self._connect()

    @property
    def calls(self) -> list[Call]:
        """The recorded calls of this server, the oldest first."""
        calls = self.connection.recorder.calls
        server = self.home.server() if self.home is not None else None
        return calls if server is None else [call for call in calls if call.server == server.name]

    def complete(self, ref: Reference, argument: str, value: str, given: dict[str, str]) -> list[str]:
        """Ask what an argument can be; a server that completes nothing is not asked."""
        connection = self.connection
        return connection.complete(ref, argument, value, given) if connection.capabilities.completions else []

    def definitions(self) -> dict[tuple[str, str], Definition]:
        """Return what cells defined, by kind and name; nothing for a server that is not of this kernel."""
        found = [] if self.home is None else definitions(self.home.server())
        return {(definition.kind, definition.name): definition for definition in found}

    def lists(self) -> Lists:
        """Ask the server for its lists.

        Raises:
            RequestError: It did not answer.
        """
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
        connection = self.connection
        can = connection.capabilities
        return Lists(
            connection.tools() if can.tools else [],
            connection.resources() if can.resources else [],
            connection.templates() if can.resources else [],
            connection.prompts() if can.prompts else [],
        )


@dataclass(frozen=True)
class Lists:
    """What a server lists, and what cells defined of it."""

    tools: list[Tool] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    templates: list[ResourceTemplate] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    definitions: dict[tuple[str, str], Definition] = field(default_factory=dict)

    @cached_property
    def tokens(self) -> int:
        """About how many tokens they take, all told."""
        items: list[BaseModel] = [*self.tools, *self.resources, *self.templates, *self.prompts]
        return sum(tokens(listed(item)) for item in items)


def cell_of(call: Call) -> Cell | None:
    """Return the cell that defined what was called; None where none did."""
    return cells.cell_of(call.function) if call.function is not None else None


def place(call: Call) -> str:
    """Say which cell defined what was called, as the log does."""
    cell = cell_of(call)
    return f"cell {cell.execution_count}" if cell else ""
