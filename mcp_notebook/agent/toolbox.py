"""Collect the tools of several servers under distinct names for a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace

from mcp_types import Tool

from mcp_notebook.client import Connection
from mcp_notebook.errors import UnknownNameError, did_you_mean

__all__ = ["Entry", "Toolbox"]

LONGEST_NAME = 64
"""Characters of a name: OpenAI's limit for functions, the lowest of the large providers."""


@dataclass(frozen=True)
class Entry:
    """A tool, its server, and the connection for calls."""

    server: str
    connection: Connection
    tool: Tool


class Toolbox:
    """The tools that the connections list at this moment.

    A tool keeps its name, unless two servers use it: then both names get their server's name in front.

    Args:
        connections: By the name of the server.

    Raises:
        RequestError: A server did not list its tools.
    """

    def __init__(self, connections: Mapping[str, Connection]) -> None:
        entries = [
            Entry(server, connection, tool) for server, connection in connections.items() for tool in connection.tools()
        ]
        self._instructions = {server: connection.instructions for server, connection in connections.items()}
        times = Counter(entry.tool.name for entry in entries)
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            name = entry.tool.name if times[entry.tool.name] == 1 else f"{entry.server}_{entry.tool.name}"
            self._entries[self._free(name)] = entry

    @property
    def tools(self) -> list[Tool]:
        """The tools as the model sees them."""
        return [
            Tool(name=name, description=entry.tool.description, input_schema=entry.tool.input_schema)
            for name, entry in self._entries.items()
        ]

    @property
    def instructions(self) -> str | None:
        """The servers' instructions to the model; None if there are none."""
        told = [f"About the tools of {server}: {text}" for server, text in self._instructions.items() if text]
        return "\n\n".join(told) or None

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def at(self, present: Toolbox) -> Toolbox:
        """Return the tools as they were listed here, with calls on the connections that another toolbox has now."""
        connections = {entry.server: entry.connection for entry in present}
        earlier = copy(self)
        earlier._entries = {
            name: replace(entry, connection=connections.get(entry.server, entry.connection))
            for name, entry in self._entries.items()
        }
        return earlier

    def find(self, name: str) -> Entry:
        """Return the tool that has this name for the model.

        Raises:
            UnknownNameError: There is no such tool.
        """
        if name not in self._entries:
            raise UnknownNameError(
                f"There is no tool {name!r}.{did_you_mean(name, self._entries)} "
                f"Tools: {', '.join(self._entries) or 'none'}."
            )
        return self._entries[name]

    def _free(self, name: str) -> str:
        # Providers allow fewer characters than the protocol.
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:LONGEST_NAME]
        candidate, number = plain, 1
        while candidate in self._entries:
            number += 1
            candidate = f"{plain[: LONGEST_NAME - 4]}_{number}"
        return candidate
