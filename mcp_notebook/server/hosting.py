"""Serve one server of the kernel over HTTP, on the background loop."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable
from concurrent.futures import TimeoutError
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

import anyio
import anyio.abc
from mcp.server.mcpserver import MCPServer
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_notebook import browser_tab
from mcp_notebook.errors import HostingError, PortTakenError, innermost
from mcp_notebook.portal import GRACE, Portal
from mcp_notebook.recording.wire import Wire, tapped
from mcp_notebook.server import stable_tools
from mcp_notebook.server.approval import Approval
from mcp_notebook.server.auth import Token, TokenGate
from mcp_notebook.server.call_limits import CallerLimits
from mcp_notebook.server.class_code import CodeGate
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.event_types import HOLDER, let_webhooks
from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.server.running_app import RunningApp
from mcp_notebook.server.runtime import APPROVAL, SEARCH, TRANSPORT
from mcp_notebook.server.stand_in import PEOPLE, StandInGate

if sys.platform != "emscripten":  # uvicorn is not installed there
    import uvicorn

    from mcp_notebook.server.http_limits import LimitedProtocol, backlog

__all__ = ["Listener"]

BRIDGE = b"mcp-notebook-connect/"
"""The start of the bridge's ``User-Agent``."""

DOOR = b"1.1 mcp-notebook-door"
"""The ``Via`` header of the door."""

SWITCH_INTERVAL = 0.0005
"""Seconds for which Python lets one thread run while another waits, as long as a server listens.

With Python's default of 0.005, a call waits at each of its steps for a cell that computes: 8.4 ms in total, against
1.8 ms with this value (measured on two cores, Python 3.11). Without calls, a running cell does not notice.
"""


class Listener:
    """A server that listens until `stop`, with its Host and Origin headers checked.

    Attributes:
        endpoint: The address and its rules, with the actual port.
        approval: Asks a person about calls that arrive here; None if nobody is asked.

    Args:
        portal: The background loop to run on.
        server: The server to serve.
        name: The notebook's name for the server.
        endpoint: Where and how to listen.
        wire: Keeps the frames; defaults to that of the server's recorder.

    Raises:
        HostingError: The port is taken, the server's lifespan raised, or this is a browser tab.
    """

    def __init__(
        self, portal: Portal, server: MCPServer[Any], *, name: str, endpoint: Endpoint, wire: Wire | None = None
    ) -> None:
        if browser_tab.HERE:
            raise HostingError(browser_tab.elsewhere(browser_tab.CANNOT_LISTEN))
        self._portal = portal
        self._name = name
        self._socket = _bind(endpoint)
        self.endpoint = replace(endpoint, port=self._socket.getsockname()[1])
        self.approval = Approval(endpoint.approve, endpoint.approve_timeout) if endpoint.approve else None
        self._notes = {APPROVAL: self.approval, SEARCH: endpoint.search, HOLDER: endpoint.token is not None}
        self._running: RunningApp | None = None
        self._tasks: anyio.abc.TaskGroup | None = None
        self._server = server
        app: ASGIApp = tapped(self._answer, lambda: wire or self._server.runtime.recorder.wire)  # type: ignore[attr-defined]
        app = CallerLimits(app, endpoint.limits)
        self._stand_in = StandInGate(app, self.endpoint, name) if endpoint.oauth else None
        config = uvicorn.Config(
            self._stand_in or _gated(app, endpoint),
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            ws="none",
            http=LimitedProtocol,
            backlog=backlog(),
            timeout_graceful_shutdown=int(GRACE),
        )
        self._uvicorn = uvicorn.Server(config)
        try:
            self._served = portal.start_task(self._serve, server)
        except BaseException:
            self._socket.close()
            raise

    @property
    def name(self) -> str:
        """The notebook's name for the server."""
        return self._name

    @property
    def server(self) -> MCPServer[Any]:
        """The server that is served."""
        return self._server

    @property
    def url(self) -> str:
        """The URL for clients on this machine."""
        return self.endpoint.url

    @property
    def token(self) -> Token | None:
        """The token that clients send, if any."""
        return self.endpoint.token

    def __repr__(self) -> str:
        token = "  No token is required."
        if self.endpoint.oauth:
            token = (
                f"  Clients sign in ({' or '.join(PEOPLE)}), at a stand-in for an authorization server: no passwords"
            )
        elif self.token:
            token = "  Clients send a token: token = %mcp token  (--show prints it)"
        seen = "this machine only" if self.endpoint.local else "reachable from other machines"
        asked = f"\n  A person allows calls ({self.approval.which}): %mcp approvals" if self.approval else ""
        code = "\n  Clients get two tools: search finds functions, run runs code" if self.endpoint.code else ""
        return f"{self._name} listens at {self.url} ({seen})\n{token}{asked}{code}"

    def follow(self, server: MCPServer[Any]) -> None:
        """Serve `server` instead of the current one, at the same URL and with the same token.

        Calls that still run on the earlier server are cancelled. The server for code goes on, because it lists
        functions only when it is asked.
        """
        if self.endpoint.code:
            return
        self._portal.run(self._use, server)
        if (tasks := extension_of(self._server, Tasks)) is not None:
            tasks.close()
        self._server = server

    def stop(self) -> None:
        """Deny waiting requests, close all streams and stop; return when the port is free again."""
        if self.approval is not None and self.approval.close():
            self._portal.run(_let_answers_out)
        try:
            self._portal.run(self._use, None)
        finally:
            self._uvicorn.should_exit = True
            # uvicorn closes the socket first, then waits for open requests up to its own limit.
            with suppress(TimeoutError):
                self._served.result(2 * GRACE)

    async def _serve(self, server: MCPServer[Any], started: Callable[[], None]) -> None:
        failure: HostingError | None = None
        try:
            async with anyio.create_task_group() as self._tasks:
                try:
                    await self._use(server)
                except HostingError as error:  # raised inside the group, it would come out as an exception group
                    failure = error
                else:
                    started()
                    with _Sharing():
                        await self._uvicorn.serve(sockets=[self._socket])
        finally:
            # When uvicorn is cancelled, it leaves its socket registered with the loop, which would then ignore the
            # next socket to which the system gives the same number.
            for listening in getattr(self._uvicorn, "servers", ()):
                listening.close()
            self._socket.close()
        if failure is not None:
            raise failure

    async def _use(self, server: MCPServer[Any] | None) -> None:
        assert self._tasks is not None
        earlier = self._running
        # The new app starts before the earlier one stops: if its lifespan raises, the earlier one keeps running.
        try:
            app = RunningApp(server, self.endpoint) if server is not None else None
            self._running = await self._tasks.start(app.run) if app is not None else None
        except Exception as error:  # the author's lifespan may raise anything
            raise HostingError(
                f"{self._name!r} could not start: its lifespan raised {innermost(error)!r}. Fix the cell that defines "
                "it and run it again. The earlier server goes on."
            ) from error
        if self._stand_in is not None:
            self._stand_in.use(server)
        pairs = [stable_tools.LISTING] * self.endpoint.stable_tools + [stable_tools.SEARCHING] * self.endpoint.search
        if pairs and earlier is not None:
            stable_tools.withdraw(earlier.server)
        if server is not None:
            for pair in pairs:
                stable_tools.offer(server, pair)
        for running, on in ((earlier, False), (self._running, True)):
            if self.endpoint.webhooks and running is not None:
                let_webhooks(running.server, on)
        if earlier is not None:
            await earlier.stop()
            if earlier.failure is not None:
                raise HostingError(
                    f"The earlier {self._name!r} is closed, but its lifespan raised {innermost(earlier.failure)!r} "
                    "when it ended."
                ) from earlier.failure

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        # RFC 9110, 5.5: whitespace around a value does not belong to it. httptools keeps it at the end, and the SDK
        # compares Mcp-Name literally.
        headers = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        if self._running and not self._running.keeps_events:
            # The SDK gives no answer at all to a client that asks for the events after a given one. Without the header,
            # the client gets a new stream.
            headers = [(name, value) for name, value in headers if name != b"last-event-id"]
        transport: str = self.endpoint.transport
        for name, value in headers:
            if name == b"via" and value == DOOR:
                transport = "door"
            elif name == b"user-agent" and value.startswith(BRIDGE):
                transport = "bridge"
        app: ASGIApp = self._running.answer if self._running else PlainTextResponse("stopping", status_code=503)
        with suppress(ClientDisconnect):  # in the middle of its request
            await app({**scope, "headers": headers, **self._notes, TRANSPORT: transport}, receive, send)


def _gated(app: ASGIApp, endpoint: Endpoint) -> ASGIApp:
    if endpoint.token is None:
        return app
    return TokenGate(app, endpoint.token) if endpoint.knows is None else CodeGate(app, endpoint.token, endpoint.knows)


async def _let_answers_out() -> None:
    """Wait a little: a decision made just now is written to the client a few turns of the loop later."""
    for _ in range(20):
        await anyio.sleep(0.005)


class _Sharing:
    """Makes the interpreter switch threads sooner while any server listens."""

    _open: ClassVar[int] = 0
    _before: ClassVar[float] = 0

    def __enter__(self) -> None:
        if _Sharing._open == 0:
            _Sharing._before = sys.getswitchinterval()
            sys.setswitchinterval(min(SWITCH_INTERVAL, _Sharing._before))
        _Sharing._open += 1

    def __exit__(self, *_: object) -> None:
        _Sharing._open -= 1
        if _Sharing._open == 0:
            sys.setswitchinterval(_Sharing._before)


_TAKEN = {errno.EADDRINUSE, errno.EACCES} if sys.platform == "win32" else {errno.EADDRINUSE}
"""The errors that mean a port is in use; Windows denies access to a port that is bound exclusively."""


def _bind(endpoint: Endpoint) -> socket.socket:
    """Bind the socket here, not in uvicorn, so that the port is known and reserved before anything starts.

    IPPROTO_TCP makes asyncio turn off Nagle's algorithm: without it, a call takes 44 ms instead of 0.5 ms.
    SO_REUSEADDR frees the port at once after a restart. On Windows that option would let two programs share a port,
    and SO_EXCLUSIVEADDRUSE keeps others out.
    """
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    alone = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
    listener.setsockopt(socket.SOL_SOCKET, alone, 1)
    try:
        listener.bind((endpoint.host, endpoint.port))
        # Clients that connect before uvicorn is up wait in this queue.
        listener.listen(backlog())
    except OSError as error:
        listener.close()
        if error.errno in _TAKEN:
            raise PortTakenError(
                f"Port {endpoint.port} of {endpoint.host} is taken. Give another --port, or --any-port for a free one."
            ) from error
        raise HostingError(
            f"Cannot bind port {endpoint.port} of {endpoint.host} ({error.strerror}). Give another --host or --port."
        ) from error
    return listener
