"""Track which cell owns which definitions, so that a cell that no longer defines one withdraws it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from mcp.server.mcpserver import MCPServer

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import KINDS, replace
from mcp_notebook.server.event_types import EVENT, event_types, replace_event_types

__all__ = ["Origins"]

Held = dict[tuple[str, str], str]


class Origins:
    """The definitions of a notebook's servers, by the cell that made them last.

    A cell is identified by the id that the front end gives it. Without an id, nothing is ever withdrawn.

    Attributes:
        cell: The id of the running cell.
    """

    def __init__(self) -> None:
        self._held: WeakKeyDictionary[MCPServer[Any], Held] = WeakKeyDictionary()
        self.cell: str | None = None

    def begin(self, cell: str | None) -> None:
        """Note that a cell begins to run."""
        self.cell = cell

    def held(self, server: MCPServer[Any]) -> dict[tuple[str, str], str]:
        """Return the mapping from each definition of a server to its cell; the caller may add to it."""
        return self._held.setdefault(server, {})

    def withdrawn(self, server: MCPServer[Any], kind: str, defined: Iterable[str]) -> list[str]:
        """Return the names of one kind that the running cell owned on the server and no longer defines."""
        held = self._held.get(server, {})
        kept = set(defined)
        return [n for (k, n), cell in held.items() if cell == self.cell and k == kind and n not in kept]

    def end(self, servers: Iterable[MCPServer[Any]], *, failed: bool) -> list[str]:
        """Note that the cell has ended; withdraw what it owned before and did not define now.

        A cell that raised withdraws nothing: it may not have reached the definition.

        Returns:
            The withdrawn names.
        """
        cell, self.cell = self.cell, None
        gone: list[str] = []
        for server in servers:
            fresh: list[tuple[str, str]] = list(server.runtime.defined)  # type: ignore[attr-defined]
            if cell is not None:
                gone += self._withdraw(server, cell, fresh, failed=failed)
            server.runtime.defined = {}  # type: ignore[attr-defined]
        return gone

    def _withdraw(self, server: MCPServer[Any], cell: str, fresh: list[tuple[str, str]], *, failed: bool) -> list[str]:
        held = self._held.setdefault(server, {})
        gone = [] if failed else [key for key, holder in held.items() if holder == cell and key not in fresh]
        for kind in KINDS:
            entries = sdk_gaps.entries(server, kind)
            names = [name for k, name in gone if k == kind and name in entries]
            # A decorator adds its definition at the end. If the cell renamed it, it moves to the old one's position.
            added = [name for k, name in fresh if k == kind and (k, name) not in held and name in entries]
            if names:
                replace(server, kind, {name: entries[name] for name in added}, names, moved=added)
        lost = [name for k, name in gone if k == EVENT]
        types = event_types(server)
        if any(name in types for name in lost):
            replace_event_types(server, {name: kept for name, kept in types.items() if name not in lost})
        for key in gone:
            del held[key]
        held.update(dict.fromkeys(fresh, cell))
        return [name for _, name in gone]
