"""Which cell holds which definitions, so that a cell that no longer defines one withdraws it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from mcp.server.mcpserver import MCPServer

from mcp_notebook.server.changes import Kind, replace

__all__ = ["Origins"]

Held = dict[tuple[Kind, str], str]


class Origins:
    """The definitions of a notebook's servers by the cell that made them last.

    A cell is known by the id that the front end gives it; where it gives none, nothing is ever withdrawn.
    """

    def __init__(self) -> None:
        self._held: WeakKeyDictionary[MCPServer[Any], Held] = WeakKeyDictionary()
        self._cell: str | None = None

    def begin(self, cell: str | None) -> None:
        """Notice that a cell begins to run."""
        self._cell = cell

    def withdrawn(self, server: MCPServer[Any], kind: Kind, defined: Iterable[str]) -> list[str]:
        """Return the names of one kind that the running cell held on the server, and no longer defines."""
        held = self._held.get(server, {})
        kept = set(defined)
        return [n for (k, n), cell in held.items() if cell == self._cell and k == kind and n not in kept]

    def end(self, servers: Iterable[MCPServer[Any]], *, failed: bool) -> list[str]:
        """Notice that the cell has ended, and withdraw what it held before and did not define now.

        A cell that raised withdraws nothing: it may not have come to the definition.

        Returns:
            The names that were withdrawn.
        """
        cell, self._cell = self._cell, None
        gone: list[str] = []
        for server in servers:
            fresh: dict[tuple[Kind, str], None] = server.runtime.defined  # type: ignore[attr-defined]
            server.runtime.defined = {}  # type: ignore[attr-defined]
            if cell is None:
                continue
            held = self._held.setdefault(server, {})
            for kind, name in [key for key, holder in held.items() if holder == cell and key not in fresh]:
                if not failed:
                    del held[kind, name]
                    replace(server, kind, {}, [name])
                    gone.append(name)
            held.update(dict.fromkeys(fresh, cell))
        return gone
