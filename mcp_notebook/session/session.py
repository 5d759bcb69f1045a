"""Keep the live servers and the connections of one notebook."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell
from mcp.server.mcpserver import MCPServer
from mcp_types import Root

from mcp_notebook.agent import Conversation
from mcp_notebook.client import Answerer, Connection, Era, EraChoice, Target
from mcp_notebook.client.connection import end_commands
from mcp_notebook.client.notices import say
from mcp_notebook.client.opening import opened
from mcp_notebook.client.targets import same_place
from mcp_notebook.errors import UnknownNameError, UsageError, did_you_mean
from mcp_notebook.portal import Portal
from mcp_notebook.server import LiveServer, Registry
from mcp_notebook.server.extensions import cluster
from mcp_notebook.server.notebook_server import let_replace
from mcp_notebook.server.offered import Offered
from mcp_notebook.server.origins import Origins
from mcp_notebook.server.variables import members, variables_with
from mcp_notebook.session.catalog import Catalog, live_catalog
from mcp_notebook.session.exposures import Exposures
from mcp_notebook.session.kept_evals import KeptEvals
from mcp_notebook.session.listening import Listening
from mcp_notebook.session.live_views import LiveViews
from mcp_notebook.session.own_connections import OwnConnections, close
from mcp_notebook.session.person import Person
from mcp_notebook.session.shown_apps import ShownApps
from mcp_notebook.session.surfaces import Surfaces

if TYPE_CHECKING:
    from mcp_notebook.client.background_call import BackgroundCall
    from mcp_notebook.session.class_board import ClassBoard
    from mcp_notebook.session.sharing import Sharing

__all__ = ["Session"]


class Session:
    """The servers and connections of one notebook."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.portal = Portal()
        self.registry = Registry()
        self.surfaces = Surfaces(shell)
        self.listening = Listening(shell, self.portal, self.surfaces)
        self.origins = Origins()
        self.offered = Offered()
        self.exposures = Exposures(shell)
        self.answerer: Answerer = Person(shell, self.surfaces)
        """Answers questions of servers during requests without prepared answers."""
        self.roots: list[Root] | None = None
        """The answer when servers ask for the roots; None to ask a person each time."""
        self.restore_asyncio: Callable[[], None] | None = None
        """Undoes ``%mcp asyncio on``; None while it is off."""
        self.local: Mapping[str, Any] = {}
        self.cell = ("", "")
        """The magic's line and the body of the running cell."""
        self.opened: dict[str, Connection] = {}
        """The connections opened by ``%mcp connect``, by name."""
        self.conversation = Conversation()
        self.model: str | None = None
        """The model for ``%%mcp_chat`` if its line names none."""
        self.background_calls: dict[int, BackgroundCall] = {}
        """The calls of ``%mcp call --background``, by number."""
        self.views = LiveViews()
        self.apps = ShownApps()
        self.evals = KeptEvals()
        self.sharing: Sharing | None = None
        """Reports the learner's progress to the board of a class."""
        self._board: ClassBoard | None = None
        self._own = OwnConnections(self.portal)

    @property
    def board(self) -> ClassBoard:
        """The board of the class; the first use makes it."""
        if self._board is None:
            from mcp_notebook.session.class_board import ClassBoard  # only teachers need it

            self._board = ClassBoard(self.listening)
        return self._board

    @property
    def namespace(self) -> dict[str, Any]:
        """The notebook's variables."""
        return self.shell.user_ns

    @property
    def variables(self) -> Mapping[str, Any]:
        """The variables that a magic's line can name: locals if a function called the magic, and the notebook's."""
        return ChainMap(dict(self.local), self.shell.user_ns)

    @property
    def connected(self) -> dict[str, Connection]:
        """The open connections: those of ``%mcp connect`` by name, and those of `connect` by name and by variable.

        A live server takes precedence over a connection of the same name that a cell opened with `connect`.
        """
        elsewhere = {connection.name: connection for connection in opened()}
        held = variables_with(Connection, self.namespace).items()
        elsewhere |= {name: value for name, value in held if not name.startswith("_") and not value.closed}
        taken = self.registry.servers
        return {**{name: found for name, found in elsewhere.items() if name not in taken}, **self.opened}

    @property
    def distinct(self) -> dict[str, Connection]:
        """The open connections, each under one name: its variable's, if it has one."""
        names = {id(connection): name for name, connection in self.connected.items()}
        return {name: connection for name, connection in self.connected.items() if names[id(connection)] == name}

    def sync(self, *, failed: bool = False) -> None:
        """Follow the changes of variables with servers, and report changes that cannot be followed."""
        for notice in self.registry.sync(self.namespace, failed=failed):
            say(notice)

    def cell_ended(self, *, failed: bool) -> None:
        """Follow the changes that a cell made to servers, to its earlier definitions and to exposed variables."""
        self.sync(failed=failed)
        live: set[MCPServer[Any]] = {live.server for live in self.registry.servers.values()}
        servers = live.union(members(MCPServer, self.namespace))
        for server in servers:
            let_replace(server)
        self.offered.note(servers)
        if gone := self.origins.end((live.server for live in self.registry.servers.values()), failed=failed):
            say(f"withdrawn, because this cell no longer defines it: {', '.join(gone)}.")
        self.exposures.follow(self.namespace)
        self.apps.cell_ended()
        self.evals.cell_ended()
        self.views.cell_ended()

    def live(self, name: str | None = None) -> LiveServer:
        """Return the live server of that name, or without a name the one that is clearly meant.

        The name can also be a variable's with a plain `MCPServer`.

        Raises:
            UnknownNameError: There is nothing of that name.
            UsageError: It is not clear which server is meant.
        """
        self.sync()
        if name is None:
            return self.registry.meant(self.namespace)
        return self.registry.take(self.registry.find(self.namespace, name), self.namespace)

    def defining(self, name: str | None = None) -> LiveServer:
        """Return the server for the definitions of a cell magic: the live one of that name, or the current one."""
        self.sync()
        beside = list(self.registry.plain(self.namespace)) if not self.registry.servers and name is None else []
        live = self.live(name) if name is not None else self.registry.current
        if beside:
            one, others = beside[0], ", ".join(beside)
            say(f"{live.name!r} is a new server, besides {others}. To define on {one} instead: %mcp use {one}.")
        return live

    def connection(self, live: LiveServer, era: Era = "modern") -> Connection:
        """Return the open connection to a live server, or a new one if another server has taken its name."""
        return self._kept(live.name, live.server, era)

    def on(self, name: str | None = None, era: Era | None = None) -> Connection:
        """Return the connection of that name, or a connection to the live server of that name.

        The name defaults to the current server, and the era to the connection's, or to the modern one.

        Raises:
            UnknownNameError: There is nothing of that name.
            McpNotebookError: It cannot be opened in that era.
        """
        connection = self.connected.get(self.full_name(name) or "")
        if connection is None:
            return self.connection(self.named(name), era or "modern")
        if era is None or era == connection.era:
            return connection
        return self._kept(connection.name, connection.target, era, connection.timeout)

    def named(self, name: str | None) -> LiveServer:
        """Return the same server as `live`, with an error message that also lists connections.

        Raises:
            UnknownNameError: There is neither a server nor a connection of that name.
            UsageError: It is not clear which server is meant.
        """
        self.sync()
        if name is not None and name not in self.registry.names(self.namespace):
            raise self._unknown(name)
        return self.live(name)

    def catalog(self, name: str | None = None) -> Catalog:
        """Return the definitions of the connection or live server of that name, or of the current server.

        Raises:
            UnknownNameError: There is nothing of that name.
        """
        connection = self.connected.get(self.full_name(name) or "")
        return live_catalog(self.portal, self.named(name)) if connection is None else Catalog(connection)

    def full_name(self, name: str | None) -> str | None:
        """Complete a part of a name: if nothing here has that name and one connection's contains it, return the latter.

        Servers name themselves, and some names are long, such as ``mcp-servers/everything``.
        """
        connected = self.connected
        if not name or name in connected or name in self.registry.names(self.namespace):
            return name
        found = [known for known in connected if name in known]
        return found[0] if len(found) == 1 else name

    def connect(self, target: Target, name: str | None, era: EraChoice, **options: Any) -> Connection:
        """Open a connection, with options of `Connection`, and keep it by its name; close an earlier one of that name.

        Raises:
            McpNotebookError: It cannot be opened, or its name is taken by another server here.
        """
        connection = Connection(self.portal, target, era, name=name, answerer=self.answerer, **options)
        earlier = self.opened.get(connection.name)
        another = earlier is not None and name is None and not same_place(earlier.target, target)
        if another or connection.name in self.registry.servers:
            close(connection)
            raise UsageError(f"Another server here is named {connection.name!r}. Choose a name with --as NAME.")
        if earlier is not None:
            self.disconnect(connection.name)
        self.opened[connection.name] = connection
        connection.roots = self.roots
        return connection

    def disconnect(self, name: str) -> None:
        """Close a connection that `connect` opened.

        Raises:
            UnknownNameError: There is nothing of that name.
        """
        connected = self.connected
        name = self.full_name(name) or name
        if name not in connected:
            known = ", ".join(connected) or "none"
            raise UnknownNameError(
                f"Nothing is connected as {name!r}.{did_you_mean(name, connected)} Connections: {known}."
            )
        connection = self.opened.pop(name, connected[name])
        self._own.close(connection.name)
        close(connection)

    def give_roots(self, roots: list[Root] | None) -> None:
        """Set the roots that servers get when they ask, and notify legacy servers of the change."""
        self.roots = roots
        for connection in [*self.opened.values(), *self._own]:
            connection.roots = roots

    def _kept(self, name: str, target: Target, era: Era, timeout: float | None = None) -> Connection:
        connection = self._own.to(name, target, era, timeout)
        connection.answerer = self.answerer
        connection.roots = self.roots
        return connection

    def _unknown(self, name: str) -> UnknownNameError:
        known = [*self.connected, *self.registry.servers]
        return UnknownNameError(
            f"Nothing is connected as {name!r}.{did_you_mean(name, known)} Known: {', '.join(known) or 'nothing'}. "
            f"To connect: %mcp connect TARGET --as {name}."
        )

    def keep_frames(self) -> None:
        """Keep the frames on the wire from now on; close the notebook's connections, so that new ones keep frames."""
        wire = self.registry.recorder.wire
        if not wire.on:
            wire.on = True
            self._own.close()

    def pause(self) -> None:
        """Stop listening and close the connections; keep the servers and their definitions."""
        self.views.close()
        self.apps.close()
        self.listening.pause(self.serving().values())
        self.surfaces.close()
        self._own.close()
        for name in list(self.opened):
            self.disconnect(name)
        end_commands(self.portal)  # before their loop ends; commands that ignore their stdin would outlive it
        self.portal.close()
        cluster.close()
        if self.restore_asyncio is not None:
            self.restore_asyncio()
            self.restore_asyncio = None

    def resume(self) -> None:
        """Listen again as before `pause`, if that was called in the same cell: ``%reload_ext``."""
        self.listening.resume(self.serving())

    def serving(self) -> Mapping[str, LiveServer]:
        """Return the servers that may listen: the live ones, and the board's."""
        board = {} if self._board is None else {self._board.live.name: self._board.live}
        return {**board, **self.registry.servers}
