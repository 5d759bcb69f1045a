"""Run the HTTP app of one server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.abc
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_notebook.portal import GRACE
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.endpoint import PATHS, Endpoint
from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.events import Events
from mcp_notebook.server.idle_sessions import MOST_SESSIONS, IdleSessions

__all__ = ["RunningApp"]


class RunningApp:
    """The HTTP app of a server; its lifespan is open for as long as its task runs.

    Attributes:
        server: The server.
        app: Its app.
        keeps_events: Whether the server keeps events for clients that were disconnected.
        failure: The error that its lifespan raised after it had begun.
    """

    def __init__(self, server: MCPServer[Any], endpoint: Endpoint) -> None:
        self.server = server
        # An app's session manager runs only once, so each start needs a new app.
        self.app: Starlette = APPS[endpoint.transport](server, endpoint.security)
        self.keeps_events = _keeps_events(server)
        self._path = PATHS[endpoint.transport]
        self._at_path = IdleSessions(_without_detour(self.app, self._path))
        self._stop = anyio.Event()
        self._stopped = anyio.Event()
        self.failure: Exception | None = None

    async def run(self, *, task_status: anyio.abc.TaskStatus[RunningApp]) -> None:
        """Run the lifespan from beginning to end; `task_status` is notified when requests can be answered."""
        open_ = False
        try:
            async with self.app.router.lifespan_context(self.app):
                open_ = True
                task_status.started(self)
                await self._stop.wait()
        except Exception as error:  # the author's lifespan may raise anything
            if not open_:
                raise
            # The lifespan failed later, mostly at its end. Raised here, the error would also end the listener.
            self.failure = error
        finally:
            self._stopped.set()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI app."""
        await (self._at_path if scope["path"] == self._path else self.app)(scope, receive, send)

    async def stop(self) -> None:
        """End all streams and the lifespan; wait at most `GRACE` seconds."""
        # An open listen stream would delay the shutdown, so these are closed first.
        listen = sdk_gaps.listen_handler(self.server)
        if listen is not None:
            listen.close()
        events = extension_of(self.server, Events)
        if events is not None:
            events.board.close()
        self._stop.set()
        with anyio.move_on_after(GRACE):
            await self._stopped.wait()


def _keeps_events(server: MCPServer[Any]) -> bool:
    """Return whether a client can resume after an event; True if the author's own app answers, which is unknown."""
    try:
        return server.session_manager.event_store is not None
    except RuntimeError:
        return True


def _without_detour(app: Starlette, path: str) -> ASGIApp:
    """Return the app at `path` without Starlette's layers in between, which take 17 us of a call's 400.

    If there is middleware, such as that of authorization, return the whole app.
    """
    at_path = [route.app for route in app.routes if isinstance(route, Route) and route.path == path]
    return at_path[0] if at_path and not app.user_middleware else app


APPS: dict[str, Callable[[MCPServer[Any], TransportSecuritySettings], Starlette]] = {
    "http": lambda server, security: server.streamable_http_app(
        transport_security=security, max_sessions=MOST_SESSIONS
    ),
    "sse": lambda server, security: server.sse_app(transport_security=security),
}
"""The factory of the app, by transport."""
