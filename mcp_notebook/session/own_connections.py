"""The notebook's connections to its own servers, of which each is opened when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from mcp_notebook.client import Connection, Era, Target
from mcp_notebook.client.notices import say
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.portal import Portal

__all__ = ["OwnConnections", "close"]


class OwnConnections:
    """One connection for each name and era, to the server that has the name now.

    Args:
        portal: The loop to open them on.
    """

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._open: dict[tuple[str, Era], tuple[Target, Connection]] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Connection]:
        return iter([connection for _, connection in self._open.values()])

    def to(self, name: str, target: Target, era: Era, timeout: float | None = None) -> Connection:
        """Return the connection to a server; one to an earlier server of that name is closed."""
        entry = self._open.get((name, era))
        if entry is None or entry[0] is not target:
            # Without a lock: opening may need the main thread, which may be about to open the same connection.
            opened = target, Connection(self._portal, target, era, name=name, timeout=timeout)
            with self._lock:
                found = self._open.get((name, era))
                entry, left = (found, opened) if found and found[0] is target else (opened, found)
                self._open[name, era] = entry
            if left is not None:
                close(left[1])
        return entry[1]

    def close(self, name: str | None = None) -> None:
        """Close the connections to the server of a name, or all."""
        for key in [key for key in self._open if name in (None, key[0])]:
            close(self._open.pop(key)[1])


def close(connection: Connection) -> None:
    """Close a connection; if that goes wrong, say so."""
    try:
        connection.close()
    except McpNotebookError as error:
        say(str(error))
