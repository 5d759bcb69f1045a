"""Keep the live servers of a notebook by name, and the current one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import HostingError, UnknownNameError, UsageError, did_you_mean
from mcp_notebook.recording import Recorder
from mcp_notebook.server.definitions import definitions
from mcp_notebook.server.foreign import foreign_server
from mcp_notebook.server.notebook_server import NotebookServer, adopt
from mcp_notebook.server.variables import is_a, variables_with

if TYPE_CHECKING:
    from mcp_notebook.server.hosting import Listener

__all__ = ["LiveServer", "Registry"]

DEFAULT_NAME = "notebook"

_CHOOSE = "Choose one with --server NAME or '%mcp use NAME'."


@dataclass
class LiveServer:
    """A server, under the name that the notebook knows it by.

    Attributes:
        name: A `NotebookServer`'s own name, or the variable of an adopted `MCPServer`.
        server: The server that has the name now; it is replaced when its cell runs again.
        variable: The variable to watch, for an adopted server.
        listener: The listener that serves it, or None.
        made_by_magic: Whether no variable refers to the server, so that only the registry keeps its definitions.
    """

    name: str
    server: MCPServer[Any]
    variable: str | None = None
    listener: Listener | None = None
    made_by_magic: bool = False


class Registry:
    """The live servers of one notebook. Servers are compared by identity, names by equality.

    Attributes:
        servers: The live servers by name.
        recorder: Keeps the calls of all servers.
    """

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.servers: dict[str, LiveServer] = {}
        self._current: str | None = None
        self._unasked: LiveServer | None = None
        self._seen: WeakSet[MCPServer[Any]] = WeakSet()
        self._passed_over: WeakSet[MCPServer[Any]] = WeakSet()

    @property
    def current(self) -> LiveServer:
        """The server that definitions go to; the first use creates one named ``notebook``."""
        if self._current is None:
            self._unasked = self.new(DEFAULT_NAME)
            return self._unasked
        return self.servers[self._current]

    def meant(self, namespace: Mapping[str, Any]) -> LiveServer:
        """Return the server to use if none is named.

        This is the current server. If no cell has chosen one and magics have defined nothing, it is the only plain
        `MCPServer` in a variable; among several, those without definitions are ignored.

        Raises:
            UsageError: There are several candidates, or there is only a server that is not an `MCPServer`.
        """
        if self._is_chosen():
            return self.current
        found = self.plain(namespace)
        if found:
            return self.use(self._only(found), namespace)
        if (other := foreign_server(namespace)) is not None:
            raise UsageError(other)
        return self.current

    def find(self, namespace: Mapping[str, Any], name: str | None = None) -> str:
        """Return the name of the server that is meant, as `use` and `take` accept it.

        Args:
            namespace: The notebook's variables.
            name: That of a live server, of a variable, or what an `MCPServer` calls itself. None means the only server;
                among several, those without definitions are ignored.

        Raises:
            UnknownNameError: There is no such server.
            UsageError: There are several candidates, or there is only a server that is not an `MCPServer`.
        """
        found = self.distinct(namespace)
        if name is None:
            return self._only(found, foreign_server(namespace))
        if self.known(name, namespace) is not None:
            return name
        called = [known for known, server in found.items() if server.name == name]
        if len(called) > 1:
            raise UsageError(f"There are several servers {name!r} here: {', '.join(called)}. {_CHOOSE}")
        if not called:
            raise self._unknown(name, namespace)
        return called[0]

    @staticmethod
    def _only(found: Mapping[str, MCPServer[Any]], foreign: str | None = None) -> str:
        """Return the only name, or the only one with definitions."""
        likely = list(found) if len(found) == 1 else [name for name in found if definitions(found[name])]
        if len(likely) == 1:
            return likely[0]
        if likely:
            raise UsageError(f"There are several servers here: {', '.join(likely)}. {_CHOOSE}")
        if foreign is not None:
            raise UsageError(foreign)
        if found:
            raise UsageError(f"There are several servers without definitions here: {', '.join(found)}. {_CHOOSE}")
        raise UnknownNameError("There is no server here. A %%mcp_tool cell makes one, or @mcp.tool() on an MCPServer.")

    def plain(self, namespace: Mapping[str, Any]) -> dict[str, MCPServer[Any]]:
        """Return the servers in variables that are not live, each once, by its first variable."""
        found: dict[str, MCPServer[Any]] = {}
        known: list[MCPServer[Any]] = [live.server for live in self.servers.values()]
        for variable, value in variables_with(MCPServer, namespace).items():
            if not variable.startswith("_") and all(value is not s for s in known):
                found[variable] = value
                known.append(value)
        return found

    def distinct(self, namespace: Mapping[str, Any]) -> dict[str, MCPServer[Any]]:
        """Return all servers, each once, by the name that `use` takes."""
        return {**{name: live.server for name, live in self.servers.items()}, **self.plain(namespace)}

    def known(self, name: str, namespace: Mapping[str, Any]) -> MCPServer[Any] | None:
        """Return the live server of that name, or the one in the variable of that name; None where there is neither."""
        if name in self.servers:
            return self.servers[name].server
        found = namespace.get(name)
        return found if is_a(found, MCPServer) else None

    def _is_chosen(self) -> bool:
        """Return whether a cell has chosen the current server, or used it."""
        if self._current is None:
            return False
        live = self.servers[self._current]
        return live is not self._unasked or live.listener is not None or bool(definitions(live.server))

    def new(self, name: str) -> LiveServer:
        """Make an empty server of that name and make it current; it replaces an existing one."""
        return self.add(name, NotebookServer(name))

    def add(self, name: str, server: MCPServer[Any]) -> LiveServer:
        """Keep a server that no variable refers to under a name, and make it current; it replaces an existing one."""
        self._put(name, server, made_by_magic=True)
        return self._make_current(name)

    def use(self, name: str, namespace: Mapping[str, Any]) -> LiveServer:
        """Make the server of that name current, or adopt the one in the variable of that name.

        Raises:
            UnknownNameError: There is neither.
        """
        return self._make_current(self.take(name, namespace).name)

    def take(self, name: str, namespace: Mapping[str, Any]) -> LiveServer:
        """Return the server of that name, or adopt the one in the variable of that name.

        The server becomes current if there is no current one.

        Raises:
            UnknownNameError: There is neither.
        """
        found = namespace.get(name)
        if is_a(found, MCPServer):
            self._give_way()
        if name not in self.servers or (is_a(found, MCPServer) and found in self._passed_over):
            if not is_a(found, MCPServer):
                raise self._unknown(name, namespace)
            variable = None if isinstance(found, NotebookServer) else name
            name = name if variable else found.name
            self._put(name, found, variable=variable)
            self._current = self._current or name
        return self.servers[name]

    def sync(self, namespace: Mapping[str, Any], *, failed: bool = False) -> list[str]:
        """Update the live servers after a cell may have changed variables.

        A `NotebookServer` in a variable is live under its name, and a newer one of the same name replaces it. An
        adopted server is always the one that its variable refers to now. Each server takes over only once: an older
        one that some variable still refers to does not come back.

        Args:
            namespace: The notebook's variables.
            failed: Whether the cell raised. Its servers may be incomplete, so they replace no live server.

        Returns:
            One line for each server that did not take over, with the reason.
        """
        notices: list[str] = []
        for name, variable, server in self._newcomers(namespace):
            live = self.servers.get(name)
            self._seen.add(server)
            if live is not None and failed:
                notices.append(
                    f"this cell raised, so {name!r} is still the earlier server. Fix the cell and run it again."
                )
            elif live is not None and live.made_by_magic and definitions(live.server):
                self._passed_over.add(server)
                notices.append(
                    f"{name!r} is already live, defined by magics, so the new server of that name in {variable!r} was "
                    f"ignored. To use it: %mcp use {variable}."
                )
            else:
                try:
                    self._put(name, server, variable=live.variable if live is not None else None)
                except HostingError as error:
                    notices.append(str(error))
                self._give_way()
                self._current = self._current or name
        return notices

    def _give_way(self) -> None:
        """Drop the server that was created because there was none, unless a cell has used it."""
        if self._unasked is not None and not self._is_chosen():
            self.servers.pop(self._unasked.name)
            self._current = self._unasked = None

    def _newcomers(self, namespace: Mapping[str, Any]) -> list[tuple[str, str, MCPServer[Any]]]:
        """Return new servers in variables: the name each would take, its variable, and the server."""
        watched = {live.variable: live.name for live in self.servers.values() if live.variable is not None}
        found = []
        for variable, value in variables_with(MCPServer, namespace).items():
            if value not in self._seen:
                if variable in watched:
                    found.append((watched[variable], variable, value))
                elif isinstance(value, NotebookServer) and not any(value is server for *_, server in found):
                    found.append((value.name, variable, value))
        return found

    def names(self, namespace: Mapping[str, Any]) -> list[str]:
        """Return the names that `use` accepts: live servers, and variables that refer to a server."""
        variables = [name for name in variables_with(MCPServer, namespace) if not name.startswith("_")]
        return list(dict.fromkeys([*self.servers, *variables]))

    def _put(
        self, name: str, server: MCPServer[Any], *, variable: str | None = None, made_by_magic: bool = False
    ) -> None:
        self._seen.add(adopt(server, self.recorder))
        live = self.servers.setdefault(name, LiveServer(name, server))
        if live.server is not server and live.listener is not None:
            # First, because it may raise; then the earlier server stays in place everywhere.
            live.listener.follow(server)
        live.server, live.variable, live.made_by_magic = server, variable, made_by_magic

    def _make_current(self, name: str) -> LiveServer:
        self._current = name
        if self._unasked is not None and self._unasked.name == name:
            self._unasked = None
        return self.servers[name]

    def _unknown(self, name: str, namespace: Mapping[str, Any]) -> UnknownNameError:
        if name in namespace:
            return UnknownNameError(
                f"{name!r} is a {type(namespace[name]).__name__}, not an MCP server. Name a live server, or a variable "
                "that holds an MCPServer."
            )
        names = self.names(namespace)
        there = f"There is: {', '.join(names)}." if names else "There is none yet."
        return UnknownNameError(
            f"There is no server {name!r} here.{did_you_mean(name, names)} {there} '%mcp new {name}' creates one."
        )
