"""Start and stop the listeners of a notebook, remember their addresses, and keep their approval cards."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from IPython.core.interactiveshell import InteractiveShell
from mcp.server.mcpserver import MCPServer

from mcp_notebook import addresses
from mcp_notebook.client.notices import say
from mcp_notebook.errors import HostingError, McpNotebookError
from mcp_notebook.portal import Portal
from mcp_notebook.server import LiveServer
from mcp_notebook.server.approval import Approval
from mcp_notebook.server.auth import Token
from mcp_notebook.server.call_limits import Limits
from mcp_notebook.server.class_code import new_code
from mcp_notebook.server.endpoint import WORKBENCH, Endpoint
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.shared_machine import why_shared
from mcp_notebook.session.identity import kernel_id, notebook_path
from mcp_notebook.session.surfaces import Surfaces

if TYPE_CHECKING:
    from mcp_notebook.widgets.approval import ApprovalCard

__all__ = ["Listening"]


class Listening:
    """Starts and stops the listeners of one notebook.

    Args:
        shell: The notebook's shell.
        portal: The loop that they run on.
        surfaces: The surroundings of the approval cards.
    """

    def __init__(self, shell: InteractiveShell, portal: Portal, surfaces: Surfaces) -> None:
        self._shell = shell
        self._portal = portal
        self._surfaces = surfaces
        self._cards: dict[str, ApprovalCard] = {}
        self._paused: tuple[int, dict[str, tuple[Endpoint, MCPServer[Any]]]] = (0, {})

    def serve(self, live: LiveServer, endpoint: Endpoint, instead: MCPServer[Any] | None = None) -> Listener:
        """Listen, and write the address to a private file, for the bridge and for the next start.

        A server that already listens keeps its address. With `endpoint.code`, `instead` is served in its place.

        Raises:
            HostingError: It cannot listen there; or the name is that of the class board or a server of the notebook,
                whichever listens already.
        """
        if live.listener is None:
            before = self.remembered(live)
            if before is not None and before.running and before.ours and before.guests != (endpoint.knows is not None):
                raise HostingError(f"Another server named {live.name!r} listens in this notebook. Stop that one first.")
            live.listener = Listener(self._portal, instead or live.server, name=live.name, endpoint=endpoint)
            address = self._address(live, live.listener)
            try:
                addresses.publish(address)
            except OSError as error:
                say(
                    f"{live.name!r} listens, but Jupyter's runtime directory is not writable ({error.strerror}), so "
                    "'mcp-notebook connect' will not find it, and its port and token will change after a restart."
                )
        return live.listener

    def endpoint(
        self, live: LiveServer, *, port: int | None, no_token: bool, allow_other_users: bool = False, **options: Any
    ) -> Endpoint:
        """Return where to listen: on the earlier port and with the earlier token, if the server has listened before.

        Args:
            live: The server; with the SDK's own authorization, it requires no token of this package.
            port: A port to use instead.
            no_token: Whether to require no token.
            allow_other_users: Whether to allow that, or a sign-in without passwords, on a machine with other users.
            options: The options of `Endpoint`.

        Raises:
            HostingError: `no_token` or the option `oauth` is set, and the machine has other users; or both are; or a
                limit in the environment is wrong.
        """
        # The server for code has no authorization of its own.
        own = live.server.settings.auth is not None and not options.get("code")
        oauth = options.get("oauth", False)
        # Anyone on this machine can sign in at the stand-in.
        option = "--no-token" if no_token else "--oauth" if oauth else None
        if option and not own and not allow_other_users and (why := why_shared(os.environ)):
            raise HostingError(
                f"{option} lets every user of this machine call the server, and {why}. Leave out {option}, or add "
                "--allow-other-users."
            )
        before = self.remembered(live)
        token = None
        if no_token and oauth:
            raise HostingError("--oauth has clients sign in, and --no-token lets all in. Leave one of them out.")
        # The SDK's own authorization uses the same header as our token.
        if not no_token and not own and not oauth:
            # A code that people type is too short for a token of other programs.
            kept = before is not None and before.guests == (options.get("knows") is not None) and before.token
            made = Token.make() if options.get("knows") is None else new_code()
            token = Token(kept) if kept else made
        try:
            limits = Limits.from_environment("MCP_NOTEBOOK", WORKBENCH)
        except ValueError as error:
            raise HostingError(f"{error}.") from error
        port = port or (urlsplit(before.url).port or 0 if before is not None else 0)
        return Endpoint(token, port, limits=limits, **options)

    def stop(self, live: LiveServer) -> None:
        """Stop listening, but remember the port and the token."""
        listener, live.listener = live.listener, None
        if listener is not None:
            try:
                listener.stop()
            finally:
                self._cards.pop(live.name, None)
                with suppress(OSError):
                    addresses.withdraw(self._address(live, listener))

    def remembered(self, live: LiveServer) -> addresses.Address | None:
        """Return the address where this server listened before; None if it never did."""
        return self._remembered(live.name)

    def _remembered(self, name: str) -> addresses.Address | None:
        return addresses.remembered(name, notebook_path(self._shell.user_ns), kernel_id(self._shell))

    def entrance(self, name: str) -> addresses.Entrance | None:
        """Return the address of a served server for clients on other machines; None if it has none."""
        return addresses.entrance(self._remembered(name))

    def guests_url(self, name: str) -> str | None:
        """Return the URL for the guests of a served server who are on other machines; None if there is none."""
        return addresses.guests_url(self._remembered(name))

    def approval_card(self, name: str, approval: Approval) -> ApprovalCard:
        """Return the approval card of a listener: the same one until it stops, so that all its views agree."""
        from mcp_notebook.widgets.approval import ApprovalCard  # ipywidgets takes 0.2 s to import

        if name not in self._cards:
            self._surfaces.prepare()
            self._cards[name] = ApprovalCard(approval, name)
        return self._cards[name]

    def pause(self, servers: Iterable[LiveServer]) -> None:
        """Stop all listeners, and remember the current cell for `resume`."""
        listened: dict[str, tuple[Endpoint, MCPServer[Any]]] = {}
        for live in servers:
            if live.listener is not None:
                listened[live.name] = live.listener.endpoint, live.listener.server
                try:
                    self.stop(live)
                except McpNotebookError as error:
                    say(str(error))
        self._paused = self._shell.execution_count, listened

    def resume(self, servers: Mapping[str, LiveServer]) -> None:
        """Listen again as before `pause`, if that was called in the same cell."""
        count, listened = self._paused
        if count == self._shell.execution_count:
            for name, (endpoint, served) in listened.items():
                try:
                    self.serve(servers[name], endpoint, served if endpoint.code else None)
                except McpNotebookError as error:
                    say(str(error))

    def _address(self, live: LiveServer, listener: Listener) -> addresses.Address:
        return addresses.Address(
            server=live.name,
            notebook=notebook_path(self._shell.user_ns),
            kernel=kernel_id(self._shell),
            url=listener.url,
            token=None if listener.token is None else str(listener.token),
            transport=listener.endpoint.transport,
            # Jupyter and its hub use the header that a sign-in would need.
            door=listener.endpoint.door and not listener.endpoint.oauth and live.server.settings.auth is None,
            guests=listener.endpoint.knows is not None,
        )
