"""`Session`: the live servers and the connections of one notebook."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult, Root

from mcp_notebook import cells
from mcp_notebook.agent import Conversation
from mcp_notebook.client import Answerer, Connection, Era, EraChoice, OnProgress, Outcome, Target
from mcp_notebook.client.connection import end_commands
from mcp_notebook.client.notices import say
from mcp_notebook.client.opening import opened
from mcp_notebook.client.targets import same_place
from mcp_notebook.errors import McpNotebookError, UnknownNameError, UsageError, did_you_mean
from mcp_notebook.portal import Portal
from mcp_notebook.server import LiveServer, Registry
from mcp_notebook.server.notebook_server import let_replace
from mcp_notebook.server.offered import Offered
from mcp_notebook.server.origins import Origins
from mcp_notebook.server.variables import members, variables_with
from mcp_notebook.session.catalog import Catalog, live_catalog
from mcp_notebook.session.exposures import Exposures
from mcp_notebook.session.listening import Listening
from mcp_notebook.session.person import Person

if TYPE_CHECKING:
    from mcp_notebook.widgets.form import ToolForm
    from mcp_notebook.widgets.workbench import Workbench

__all__ = ["Session"]


class Session:
    """The servers and connections of one notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.portal = Portal()
        self.registry = Registry()
        self.listening = Listening(shell, self.portal)
        self.origins = Origins()
        self.offered = Offered()
        self.exposures = Exposures(shell)
        self.answerer: Answerer = Person(shell)
        """Answers what servers ask during requests that bring no answers."""
        self.roots: list[Root] | None = None
        """What servers are told when they ask for the roots; None where a person is asked each time."""
        self.restore_asyncio: Callable[[], None] | None = None
        """Undoes what ``%mcp asyncio on`` did; None where it is off."""
        self.local: Mapping[str, Any] = {}
        self.cell = ("", "")
        """The magic's line and the body of the cell that runs now."""
        self.opened: dict[str, Connection] = {}
        """What ``%mcp connect`` opened, by name."""
        self.conversation = Conversation()
        self.model: str | None = None
        """Whom ``%%mcp_chat`` asks where its line does not say."""
        self.workbenches: dict[str, Workbench] = {}
        """Those that are open, by the cell that opened them."""
        self._connections: dict[tuple[str, Era], tuple[Target, Connection]] = {}

    @property
    def namespace(self) -> dict[str, Any]:
        """The notebook's variables."""
        return self.shell.user_ns

    @property
    def variables(self) -> Mapping[str, Any]:
        """What a name on the magic's line can mean: a local variable where a function called it, or the notebook's."""
        return ChainMap(dict(self.local), self.shell.user_ns)

    @property
    def connected(self) -> dict[str, Connection]:
        """The open connections: of ``%mcp connect`` by name; of `connect` by name, and by the variables that hold them.

        A live server of a name goes before a connection of a cell's that is called the same.
        """
        elsewhere = {connection.name: connection for connection in opened()}
        held = variables_with(Connection, self.namespace).items()
        elsewhere |= {name: value for name, value in held if not name.startswith("_") and not value.closed}
        taken = self.registry.servers
        return {**{name: found for name, found in elsewhere.items() if name not in taken}, **self.opened}

    @property
    def distinct(self) -> dict[str, Connection]:
        """The open connections, each under one name: its variable where it has one."""
        names = {id(connection): name for name, connection in self.connected.items()}
        return {name: connection for name, connection in self.connected.items() if names[id(connection)] == name}

    def sync(self, *, failed: bool = False) -> None:
        """Follow what cells did to the variables that hold servers; say what was not followed, and why."""
        for notice in self.registry.sync(self.namespace, failed=failed):
            say(notice)

    def cell_ended(self, *, failed: bool) -> None:
        """Follow what a cell did: to servers, to what it defined before, and to variables that are exposed."""
        self.sync(failed=failed)
        live: set[MCPServer[Any]] = {live.server for live in self.registry.servers.values()}
        servers = live.union(members(MCPServer, self.namespace))
        for server in servers:
            let_replace(server)
        self.offered.note(servers)
        gone = self.origins.end((live.server for live in self.registry.servers.values()), failed=failed)
        if gone:
            say(f"withdrawn, because this cell no longer defines it: {', '.join(gone)}.")
        self.exposures.follow(self.namespace)
        for workbench in self.workbenches.values():
            workbench.cell_ended()

    def live(self, name: str | None = None) -> LiveServer:
        """Return the live server of that name, or the one that is meant where none is named.

        A name can also be that of a variable with a plain `MCPServer`.

        Raises:
            UnknownNameError: There is none of that name.
            UsageError: It is not clear which one is meant.
        """
        self.sync()
        if name is None:
            return self.registry.meant(self.namespace)
        return self.registry.take(self.registry.find(self.namespace, name), self.namespace)

    def defining(self, name: str | None = None) -> LiveServer:
        """Return the server that a cell magic defines on: the live one of that name, or the current one."""
        self.sync()
        beside = list(self.registry.plain(self.namespace)) if not self.registry.servers and name is None else []
        live = self.live(name) if name is not None else self.registry.current
        if beside:
            one = beside[0]
            say(f"{live.name!r} is new, beside {', '.join(beside)}. To define on {one} instead: %mcp use {one}.")
        return live

    def connection(self, live: LiveServer, era: Era = "modern") -> Connection:
        """Return the open connection to a live server; a new one where another server has its name now."""
        return self._kept(live.name, live.server, era)

    def on(self, name: str | None = None, era: Era | None = None) -> Connection:
        """Return the connection that a name means: one that ``%mcp connect`` opened, or that to a live server.

        Without a name it is the current server, without an era that of the connection, or the modern one.

        Raises:
            UnknownNameError: There is none of that name.
            McpNotebookError: In that era it cannot be opened.
        """
        connection = self.connected.get(name or "")
        if connection is None:
            return self.connection(self.named(name), era or "modern")
        if era is None or era == connection.era:
            return connection
        return self._kept(connection.name, connection.target, era, connection.timeout)

    def named(self, name: str | None) -> LiveServer:
        """Return the server that `live` does, where a connection could be meant too.

        Raises:
            UnknownNameError: There is neither of that name.
            UsageError: It is not clear which one is meant.
        """
        self.sync()
        if name is not None and name not in self.registry.names(self.namespace):
            raise self._unknown(name)
        return self.live(name)

    def catalog(self, name: str | None = None) -> Catalog:
        """Return what the connection or live server of that name offers, or the current server.

        Raises:
            UnknownNameError: There is none of that name.
        """
        connected = self.connected
        return Catalog(connected[name]) if name in connected else live_catalog(self.portal, self.named(name))

    def connect(self, target: Target, name: str | None, era: EraChoice, timeout: float | None = None) -> Connection:
        """Open a connection and keep it by its name; an earlier one of that name gives way.

        Raises:
            McpNotebookError: It cannot be opened, or the server calls itself as another one here.
        """
        connection = Connection(self.portal, target, era, name=name, answerer=self.answerer, timeout=timeout)
        earlier = self.opened.get(connection.name)
        another = earlier is not None and name is None and not same_place(earlier.target, target)
        if another or connection.name in self.registry.servers:
            _close(connection)
            raise UsageError(f"{connection.name!r} is the name of another server here. Give one: --as NAME.")
        if earlier is not None:
            self.disconnect(connection.name)
        self.opened[connection.name] = connection
        connection.roots = self.roots
        return connection

    def disconnect(self, name: str) -> None:
        """Close what `connect` opened.

        Raises:
            UnknownNameError: There is none of that name.
        """
        connected = self.connected
        if name not in connected:
            known = ", ".join(connected) or "nothing"
            raise UnknownNameError(
                f"Nothing is connected as {name!r}.{did_you_mean(name, connected)} There is: {known}."
            )
        connection = self.opened.pop(name, connected[name])
        for key in [key for key in self._connections if key[0] == connection.name]:
            _close(self._connections.pop(key)[1])
        _close(connection)

    def give_roots(self, roots: list[Root] | None) -> None:
        """Tell servers of these directories when they ask, and legacy ones that this has changed."""
        self.roots = roots
        for connection in [*self.opened.values(), *(connection for _, connection in self._connections.values())]:
            connection.roots = roots

    def _kept(self, name: str, target: Target, era: Era, timeout: float | None = None) -> Connection:
        kept, connection = self._connections.get((name, era), (None, None))
        if connection is not None and kept is not target:
            del self._connections[name, era]
            _close(connection)
            connection = None
        if connection is None:
            connection = Connection(self.portal, target, era, name=name, timeout=timeout)
            self._connections[name, era] = (target, connection)
        connection.answerer = self.answerer
        connection.roots = self.roots
        return connection

    def _unknown(self, name: str) -> UnknownNameError:
        known = [*self.connected, *self.registry.servers]
        return UnknownNameError(
            f"Nothing is connected as {name!r}.{did_you_mean(name, known)} There is: {', '.join(known) or 'nothing'}. "
            f"To connect: %mcp connect TARGET --as {name}."
        )

    def keep_frames(self) -> None:
        """Keep the frames on the wire from now on; the notebook's own connections are opened anew, with frames."""
        wire = self.registry.recorder.wire
        if not wire.on:
            wire.on = True
            self._close_connections()

    def form(self, on: str, tool: str) -> ToolForm:
        """Return a form that calls a tool of a connection or live server, whichever has that name at the time."""
        from mcp_notebook.widgets.form import ToolForm
        from mcp_notebook.widgets.question_card import ask_in

        found = next(t for t in self.catalog(on).tools() if t.name == tool)

        def start_call(arguments: dict[str, Any], on_progress: OnProgress) -> Future[Outcome[CallToolResult]]:
            answerer = ask_in(form.questions)
            return self.on(on).start_call(tool, arguments, answerer=answerer, on_progress=on_progress)

        form = ToolForm(found, start_call, explain=cells.explain, line=self.call_line(on, tool))
        return form

    def call_line(self, on: str, tool: str) -> str:
        """Return how a line that calls a tool begins; for the current server it need not say which one is meant."""
        current = on not in self.connected and self.registry.current.name == on
        return f"%mcp call {tool}" if current else f"%mcp call {tool} --on {on}"

    def pause(self) -> None:
        """Stop listening and close the connections; the servers and what they define stay."""
        while self.workbenches:
            self.workbenches.popitem()[1].close()
        self.listening.pause(self.registry.servers.values())
        self._close_connections()
        self._close_connected()
        end_commands(self.portal)  # their loop ends here, and who does not listen to its stdin is ended by it
        self.portal.close()
        if self.restore_asyncio is not None:
            self.restore_asyncio()
            self.restore_asyncio = None

    def resume(self) -> None:
        """Listen again as before `pause`, where that was in the cell that runs now: ``%reload_ext``."""
        self.listening.resume(self.registry.servers)

    def _close_connections(self) -> None:
        connections = [connection for _, connection in self._connections.values()]
        self._connections.clear()
        for connection in connections:
            _close(connection)

    def _close_connected(self) -> None:
        for name in list(self.opened):
            self.disconnect(name)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except McpNotebookError as error:
        say(str(error))
