"""Track what each server has offered, to find out what was removed from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from mcp.server.mcpserver import MCPServer

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import KINDS, Kind

__all__ = ["Offered"]


class Offered:
    """The names that servers had at the end of some cell, however they were added or removed."""

    def __init__(self) -> None:
        self._seen: WeakKeyDictionary[MCPServer[Any], dict[tuple[Kind, str], None]] = WeakKeyDictionary()

    def note(self, servers: Iterable[MCPServer[Any]]) -> None:
        """Record what servers offer now."""
        for server in servers:
            self._seen.setdefault(server, {}).update(dict.fromkeys(_offered(server)))

    def gone(self, server: MCPServer[Any]) -> tuple[tuple[Kind, str], ...]:
        """Return what a server offered earlier and no longer does."""
        now = set(_offered(server))
        return tuple(key for key in self._seen.get(server, ()) if key not in now)


def _offered(server: MCPServer[Any]) -> list[tuple[Kind, str]]:
    return [(kind, name) for kind in KINDS for name in sdk_gaps.entries(server, kind)]
