"""Listening: one server of the kernel over HTTP, on the background loop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import TimeoutError
from contextlib import suppress
from typing import Any

import anyio
import anyio.abc
import uvicorn
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_notebook.errors import HostingError, innermost
from mcp_notebook.portal import GRACE, Portal
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.gate import Token, TokenGate

__all__ = ["Listener"]

LOOPBACK = "127.0.0.1"
PATH = "/mcp"


class Listener:
    """A server that listens on loopback until `stop`, for both eras, with Host and Origin checked.

    Attributes:
        url: Where clients connect.
        port: The port in it.
        token: What they send as ``Authorization: Bearer``; None where the kernel checks nothing, as for a server
            that brings the SDK's own authorization.

    Args:
        name: What the notebook calls the server.

    Raises:
        HostingError: The port is taken, or the server's lifespan raised.
    """

    def __init__(
        self, portal: Portal, server: MCPServer[Any], *, name: str, port: int = 0, token: Token | None
    ) -> None:
        self.token = token
        self._portal = portal
        self._name = name
        self._socket = _bind(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{LOOPBACK}:{self.port}{PATH}"
        self._running: _RunningApp | None = None
        self._tasks: anyio.abc.TaskGroup | None = None
        config = uvicorn.Config(
            TokenGate(self._answer, self.token) if self.token else self._answer,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=int(GRACE),
        )
        self._uvicorn = uvicorn.Server(config)
        try:
            self._served = portal.start_task(self._serve, server)
        except BaseException:
            self._socket.close()
            raise

    def __repr__(self) -> str:
        token = (
            "  Clients send a token: token = %mcp token  (--show prints it)"
            if self.token
            else "  No token is asked for."
        )
        return f"{self._name} listens at {self.url} (this machine only)\n{token}"

    def follow(self, server: MCPServer[Any]) -> None:
        """Put `server` in the place of the one served until now; URL and token stay.

        Calls that still run on the earlier server are cancelled.
        """
        self._portal.run(self._use, server)

    def stop(self) -> None:
        """Close all streams and stop listening; return when the port is free again."""
        try:
            self._portal.run(self._use, None)
        finally:
            self._uvicorn.should_exit = True
            # uvicorn closes the socket first, then gives open requests its own grace.
            with suppress(TimeoutError):
                self._served.result(2 * GRACE)

    async def _serve(self, server: MCPServer[Any], started: Callable[[], None]) -> None:
        failure: HostingError | None = None
        try:
            async with anyio.create_task_group() as self._tasks:
                try:
                    await self._use(server)
                except HostingError as error:  # raised in here, it would come out in an exception group
                    failure = error
                else:
                    started()
                    await self._uvicorn.serve(sockets=[self._socket])
        finally:
            self._socket.close()
        if failure is not None:
            raise failure

    async def _use(self, server: MCPServer[Any] | None) -> None:
        assert self._tasks is not None
        earlier = self._running
        try:
            self._running = await self._tasks.start(_RunningApp(server).run) if server is not None else None
        except Exception as error:  # the author's lifespan may raise anything
            raise HostingError(
                f"{self._name!r} could not start: its lifespan raised {innermost(error)!r}. Mend the cell that defines "
                "it and run that; what was served before goes on."
            ) from error
        if earlier is not None:
            await earlier.stop()
            if earlier.failure is not None:
                raise HostingError(
                    f"The earlier {self._name!r} is closed, but its lifespan raised {innermost(earlier.failure)!r} "
                    "when it ended."
                ) from earlier.failure

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self._running.app if self._running else PlainTextResponse("stopping", status_code=503)
        await app(scope, receive, send)


class _RunningApp:
    """The HTTP app of a server, its lifespan open for as long as its task runs."""

    def __init__(self, server: MCPServer[Any]) -> None:
        self._server = server
        # An app's session manager runs only once, so each start has a new app.
        self.app: Starlette = server.streamable_http_app(host=LOOPBACK)
        self._stop = anyio.Event()
        self._stopped = anyio.Event()
        self.failure: Exception | None = None

    async def run(self, *, task_status: anyio.abc.TaskStatus[_RunningApp]) -> None:
        try:
            async with self.app.router.lifespan_context(self.app):
                task_status.started(self)
                await self._stop.wait()
        except Exception as error:  # the author's lifespan may raise anything
            if not self._stop.is_set():
                raise
            # The lifespan failed when it ended. Raised here, it would end the listener too.
            self.failure = error
        finally:
            self._stopped.set()

    async def stop(self) -> None:
        # An open listen stream would hold up the shutdown, so those are closed first.
        listen = sdk_gaps.listen_handler(self._server)
        if listen is not None:
            listen.close()
        self._stop.set()
        with anyio.move_on_after(GRACE):
            await self._stopped.wait()


def _bind(port: int) -> socket.socket:
    """Bind here, not in uvicorn, so that the port is known, and taken, before anything is started.

    Without IPPROTO_TCP asyncio does not turn off Nagle's algorithm: a call takes 44 ms instead of 0.5 ms.
    Without SO_REUSEADDR the port stays taken for a while after a restart.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        # Clients that come before uvicorn is up wait in this queue.
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise HostingError(
            f"Port {port} of {LOOPBACK} cannot be had ({error.strerror}). Give another --port, or none for a free one."
        ) from error
    return listener
