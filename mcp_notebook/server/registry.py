"""The live servers of a notebook, by name, and which of them is current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import HostingError, UnknownNameError, did_you_mean
from mcp_notebook.recording import Recorder
from mcp_notebook.server.definitions import definitions
from mcp_notebook.server.foreign import foreign_server
from mcp_notebook.server.notebook_server import NotebookServer, adopt
from mcp_notebook.server.variables import is_a, variables_with

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
        made_by_magic: Whether no variable holds it, so that nothing but this keeps what it defines.
    """

    name: str
    server: MCPServer[Any]
    variable: str | None = None
    listener: Listener | None = None
    made_by_magic: bool = False


class Registry:
    """The live servers of one notebook. Servers are told apart by identity, names by equality.

    Attributes:
        servers: The live servers by name.
        recorder: Keeps the calls of all of them.
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
        """The server that definitions go to; the first use makes one named ``notebook``."""
        if self._current is None:
            self._unasked = self.new(DEFAULT_NAME)
            return self._unasked
        return self.servers[self._current]

    def meant(self, namespace: Mapping[str, Any]) -> LiveServer:
        """Return the server that is meant where none is named.

        It is the current one. Where no cell chose one, and magics defined nothing, it is the one plain `MCPServer` that
        a variable holds; of several, those without definitions are passed over.

        Raises:
            UnknownNameError: There are several, or one that is not an `MCPServer`.
        """
        if self._is_chosen():
            return self.current
        found = self.plain(namespace)
        chosen = self.likely(found)
        if len(chosen) == 1:
            return self.use(chosen[0], namespace)
        if found:
            raise UnknownNameError(
                f"There are several servers here: {', '.join(found)}. Say which one is meant: "
                f"%mcp use {next(iter(chosen or found))}."
            )
        if (other := foreign_server(namespace)) is not None:
            raise UnknownNameError(other)
        return self.current

    def plain(self, namespace: Mapping[str, Any]) -> dict[str, MCPServer[Any]]:
        """Return the servers in variables that are not live, each once, by the first variable that holds it."""
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

    @staticmethod
    def likely(found: Mapping[str, MCPServer[Any]]) -> list[str]:
        """Return the names that can be meant where none is given: the only one, or those with definitions."""
        return list(found) if len(found) == 1 else [name for name in found if definitions(found[name])]

    def _is_chosen(self) -> bool:
        """Whether a cell chose the current server, or gave it something to do."""
        if self._current is None:
            return False
        live = self.servers[self._current]
        return live is not self._unasked or live.listener is not None or bool(definitions(live.server))

    def new(self, name: str) -> LiveServer:
        """Make an empty server of that name, current from now on; one that had the name is replaced."""
        self._put(name, NotebookServer(name), made_by_magic=True)
        return self._make_current(name)

    def use(self, name: str, namespace: Mapping[str, Any]) -> LiveServer:
        """Make the server of that name current, or adopt the one in the variable of that name.

        Raises:
            UnknownNameError: There is neither.
        """
        return self._make_current(self.take(name, namespace).name)

    def take(self, name: str, namespace: Mapping[str, Any]) -> LiveServer:
        """Return the server of that name, or adopt the one in the variable of that name, current if none is.

        Raises:
            UnknownNameError: There is neither.
        """
        found = namespace.get(name)
        if is_a(found, MCPServer):
            self._give_way()
        if name not in self.servers or (is_a(found, MCPServer) and found in self._passed_over):
            if not is_a(found, MCPServer):
                raise UnknownNameError(self._why_unknown(name, found, namespace))
            variable = None if isinstance(found, NotebookServer) else name
            name = name if variable else found.name
            self._put(name, found, variable=variable)
            self._current = self._current or name
        return self.servers[name]

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

    def sync(self, namespace: Mapping[str, Any], *, failed: bool = False) -> list[str]:
        """Follow what a cell did to variables.

        A `NotebookServer` in a variable is known under its name, and a newer one of that name takes over; an
        adopted server is the one that its variable holds now. Each server takes over once: an older one that is
        still in some variable does not come back.

        Args:
            namespace: The notebook's variables.
            failed: The cell raised, so what it made may be half made and takes no place of a live server.

        Returns:
            A line for each server that did not take over, which says why.
        """
        notices: list[str] = []
        for name, variable, server in self._newcomers(namespace):
            live = self.servers.get(name)
            self._seen.add(server)
            if live is not None and failed:
                notices.append(
                    f"this cell raised, so {name!r} is still the server of before. Mend the cell and run it again."
                )
            elif live is not None and live.made_by_magic and definitions(live.server):
                self._passed_over.add(server)
                notices.append(
                    f"{name!r} is live already, from magics, so the new server of that name in {variable!r} was not "
                    f"taken. To take it: %mcp use {variable}."
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
        """Drop the server that was made because none was there, unless a cell gave it something to do."""
        if self._unasked is not None and not self._is_chosen():
            self.servers.pop(self._unasked.name)
            self._current = self._unasked = None

    def _newcomers(self, namespace: Mapping[str, Any]) -> list[tuple[str, str, MCPServer[Any]]]:
        """Return servers that were not there before: the name each would take, its variable, and the server."""
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
        """Return what `use` takes: live servers, and variables that hold one."""
        variables = [name for name in variables_with(MCPServer, namespace) if not name.startswith("_")]
        return list(dict.fromkeys([*self.servers, *variables]))

    def _put(
        self, name: str, server: MCPServer[Any], *, variable: str | None = None, made_by_magic: bool = False
    ) -> None:
        self._seen.add(adopt(server, self.recorder))
        live = self.servers.setdefault(name, LiveServer(name, server))
        if live.server is not server and live.listener is not None:
            # First, because it may raise, and then the earlier server goes on everywhere.
            live.listener.follow(server)
        live.server, live.variable, live.made_by_magic = server, variable, made_by_magic

    def _make_current(self, name: str) -> LiveServer:
        self._current = name
        if self._unasked is not None and self._unasked.name == name:
            self._unasked = None
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
