"""The live servers of a notebook, by name, and which of them is current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import UnknownNameError, did_you_mean
from mcp_notebook.portal import Portal
from mcp_notebook.server.notebook_server import NotebookServer, adopt

if TYPE_CHECKING:
    from mcp_notebook.server.hosting import Listener

__all__ = ["LiveServer", "Registry"]

DEFAULT_NAME = "notebook"


@dataclass
class LiveServer:
    """A server under the name that the notebook knows it by.

    Attributes:
        name: A `NotebookServer`'s own name, or the variable that an adopted `MCPServer` was found in.
        server: The server that has that name now; another takes its place when its cell runs again.
        variable: For an adopted server, the variable to watch.
        listener: Where it is served, or None.
    """

    name: str
    server: MCPServer[Any]
    variable: str | None = None
    listener: Listener | None = None


class Registry:
    """The live servers of one notebook. Servers are told apart by identity, names by equality."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.servers: dict[str, LiveServer] = {}
        self._current: str | None = None
        self._seen: WeakSet[MCPServer[Any]] = WeakSet()

    @property
    def current(self) -> LiveServer:
        """The server that definitions and calls go to; the first use makes one named ``notebook``."""
        if self._current is None:
            return self.new(DEFAULT_NAME)
        return self.servers[self._current]

    def new(self, name: str) -> LiveServer:
        """Make an empty server of that name, current from now on; one that had the name is replaced."""
        self._put(name, NotebookServer(name))
        return self._make_current(name)

    def use(self, name: str, namespace: Mapping[str, Any]) -> LiveServer:
        """Make the server of that name current, or adopt the one in the variable of that name.

        Raises:
            UnknownNameError: There is neither.
        """
        found = namespace.get(name)
        if name not in self.servers:
            if not isinstance(found, MCPServer):
                raise UnknownNameError(self._why_unknown(name, found, namespace))
            if isinstance(found, NotebookServer):
                self._put(found.name, found)
                return self._make_current(found.name)
            self._put(name, found, variable=name)
        return self._make_current(name)

    def named(self, name: str | None) -> LiveServer:
        """Return the server of that name, or the current one for None.

        Raises:
            UnknownNameError: There is none of that name.
        """
        if name is None:
            return self.current
        if name not in self.servers:
            known = ", ".join(self.servers) or "none yet"
            raise UnknownNameError(
                f"There is no server {name!r} (live: {known}).{did_you_mean(name, self.servers)} "
                f"Make one with '%mcp new {name}'."
            )
        return self.servers[name]

    def sync(self, namespace: Mapping[str, Any]) -> None:
        """Follow what cells did to variables.

        A `NotebookServer` in a variable is known under its name, the newest of a name wins; an adopted
        server is the one that its variable holds now.
        """
        for live in list(self.servers.values()):
            if live.variable is not None:
                found = namespace.get(live.variable)
                if isinstance(found, MCPServer) and found is not live.server:
                    self._put(live.name, found, variable=live.variable)
        for found in list(namespace.values()):
            # Each server takes its name once: an older one that is still in some variable does not come back.
            if isinstance(found, NotebookServer) and found not in self._seen:
                self._put(found.name, found)
                self._current = self._current or found.name

    def names(self, namespace: Mapping[str, Any]) -> list[str]:
        """Return what `use` takes: live servers, and variables that hold one."""
        variables = [k for k, v in list(namespace.items()) if isinstance(v, MCPServer) and not k.startswith("_")]
        return list(dict.fromkeys([*self.servers, *variables]))

    def stop(self) -> None:
        """Stop serving everything."""
        for live in self.servers.values():
            if live.listener is not None:
                live.listener.stop()
                live.listener = None

    def _put(self, name: str, server: MCPServer[Any], variable: str | None = None) -> None:
        self._seen.add(adopt(server))
        live = self.servers.setdefault(name, LiveServer(name, server))
        live.variable = variable
        if live.server is not server:
            live.server = server
            if live.listener is not None:
                live.listener.follow(server)

    def _make_current(self, name: str) -> LiveServer:
        self._current = name
        return self.servers[name]

    def _why_unknown(self, name: str, found: Any, namespace: Mapping[str, Any]) -> str:
        if name in namespace:
            return (
                f"{name!r} is a {type(found).__name__}, not an MCP server: '%mcp use' takes the name of a live "
                "server, or of a variable that holds an MCPServer."
            )
        return (
            f"There is no live server and no variable {name!r}.{did_you_mean(name, self.names(namespace))} "
            f"'%mcp new {name}' makes a server of that name."
        )
