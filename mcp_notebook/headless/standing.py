"""What a notebook has made so far, to go back to when a change of it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.headless.running import Headless
from mcp_notebook.server import LiveServer, sdk_gaps
from mcp_notebook.server.changes import KINDS, put_back

__all__ = ["Standing"]


class Standing:
    """The variables, and what each live server offers; values that cells change in place stay changed.

    While a change is tried, servers do not follow their listeners: a session belongs to the server that it began with.
    """

    def __init__(self, headless: Headless) -> None:
        self._namespace = headless.shell.user_ns
        self._variables = dict(self._namespace)
        self._origins = headless.session.origins
        self._registry = headless.session.registry
        self._current = self._registry.current.name if self._registry.servers else None
        self._lives = [(live, dict(vars(live))) for live in self._registry.servers.values()]
        self._tables = [
            (live.server, {kind: dict(sdk_gaps.entries(live.server, kind)) for kind in KINDS})
            for live, _ in self._lives
        ]
        self._held = [(live.server, dict(self._origins.held(live.server))) for live, _ in self._lives]
        for live, _ in self._lives:
            live.listener = None

    def replaced(self) -> Iterator[tuple[LiveServer, MCPServer[Any]]]:
        """Yield each name that another server has taken, and the server that had it."""
        for live, was in self._lives:
            if live.server is not was["server"]:
                yield live, was["server"]

    def listen_again(self) -> None:
        """Give the servers their listeners back."""
        for live, was in self._lives:
            live.listener = live.listener or was["listener"]

    def restore(self) -> None:
        """Go back to what was; clients are told where that changes what they see."""
        self._namespace.update(self._variables)
        for name in self._namespace.keys() - self._variables.keys():
            del self._namespace[name]
        for live, was in self._lives:
            vars(live).update(was)
        for name in self._registry.servers.keys() - {live.name for live, _ in self._lives}:
            del self._registry.servers[name]
        if self._current is not None:
            self._registry.use(self._current, {})
        for server, tables in self._tables:
            put_back(server, tables)
        for server, held in self._held:
            self._origins.held(server).clear()
            self._origins.held(server).update(held)
