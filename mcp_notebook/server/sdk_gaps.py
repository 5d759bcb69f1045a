"""Contain every access to a private part of the SDK, each with its reason.

`tests/server/test_sdk_gaps.py` has a test for each that fails when the SDK closes the gap.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp.client import Client
from mcp.client.session import ClientSession
from mcp.server._otel import OpenTelemetryMiddleware
from mcp.server.connection import Connection
from mcp.server.context import ServerMiddleware, ServerRequestContext
from mcp.server.extension import Extension, compose_tool_call_handler
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resources import ResourceTemplate
from mcp.server.request_state import RequestStateBoundary, authenticated_principal
from mcp.server.session import ServerSession
from mcp.server.subscriptions import ListenHandler, SubscriptionBus
from mcp_types import CallToolRequestParams
from pydantic import BaseModel, ValidationError

__all__ = [
    "InspectingClient",
    "add_extension",
    "bind_rounds",
    "connection",
    "entries",
    "extensions",
    "kept_in",
    "listen_handler",
    "listen_to",
    "matches",
    "own_bus",
    "put_entries",
    "quiet_construction",
    "run_on_streams",
    "share_entries",
    "wrap_spans",
]

Server = MCPServer[Any]

# Adding a name again keeps the first function (python-sdk #711, #1429), removing it first would move it to the end of
# the list, and resources cannot be removed publicly (#2331). One assignment replaces the whole list at once.

_KEPT_IN = {
    "tool": ("_tool_manager", "_tools"),
    "resource": ("_resource_manager", "_resources"),
    "resource template": ("_resource_manager", "_templates"),
    "prompt": ("_prompt_manager", "_prompts"),
}


# The public lists contain what goes over the wire; only these records have the functions.


def entries(server: Server, kind: str) -> dict[str, Any]:
    """Return the SDK's records of one kind, by tool or prompt name, URI, or URI template."""
    manager, kept = _KEPT_IN[kind]
    found: dict[str, Any] = getattr(getattr(server, manager), kept)
    return found


def kept_in(kind: str) -> tuple[str, str]:
    """Return the path of attributes to a server's records of one kind."""
    return _KEPT_IN[kind]


def put_entries(server: Server, kind: str, new: dict[str, Any]) -> None:
    """Replace all records of one kind."""
    manager, kept = _KEPT_IN[kind]
    setattr(getattr(server, manager), kept, new)


def share_entries(server: Server, other: Server) -> None:
    """Make `server` share its records with `other`, so that a change of one is a change of both."""
    for manager in {manager for manager, _ in _KEPT_IN.values()}:
        setattr(server, manager, getattr(other, manager))


def listen_handler(server: Server) -> ListenHandler | None:
    """Return the handler of ``subscriptions/listen``.

    `MCPServer` has no way to end open streams, and an open one holds up the HTTP server's shutdown
    (python-sdk #514, #1272, #2150).
    """
    entry = server._lowlevel_server.get_request_handler("subscriptions/listen")
    handler = entry.handler if entry is not None else None
    return handler if isinstance(handler, ListenHandler) else None


# A server's bus is chosen in its constructor, and only a request's context gives access to it (python-sdk #741, #1512).
# A notebook adopts existing servers, and changes them between requests.


def own_bus(server: Server) -> SubscriptionBus:
    """Return the bus that the server's tools publish on, the SDK's or the author's."""
    return server._subscriptions


def listen_to(server: Server, bus: SubscriptionBus) -> None:
    """Make the server's listen streams subscribe to `bus` instead."""
    handler = listen_handler(server)
    if handler is not None:
        handler._bus = bus


def connection(session: ServerSession) -> Connection:
    """Return the connection behind the session of one request: only the connection knows when the client is gone.

    A server does not list its live sessions (python-sdk #741, #875).
    """
    return session._connection


# Extensions are an argument of the constructor. A notebook adopts servers that exist already, and declares an extension
# only when a cell first uses it, so that clients see a server without it as before.


def extensions(server: Server) -> list[Extension]:
    """Return the server's extensions."""
    return server._extensions


def add_extension(server: Server, extension: Extension) -> None:
    """Add an extension to a server, as the constructor does.

    Raises:
        ValueError: The server has an extension of the same identifier, or a handler for one of its methods.
    """
    server._apply_extension(extension)
    # The constructor's chain has a link for each extension, and each link costs every call.
    calls = [one for one in server._extensions if type(one).intercept_tool_call is not Extension.intercept_tool_call]
    if calls:
        chain = compose_tool_call_handler(calls, server._handle_call_tool)
        server._lowlevel_server.add_request_handler("tools/call", CallToolRequestParams, chain)


def wrap_spans(server: Server, wrap: Callable[[ServerMiddleware[Any]], ServerMiddleware[Any]]) -> None:
    """Wrap the middleware that makes spans: the SDK has no switch for it."""
    server.middleware[:] = [wrap(m) if isinstance(m, OpenTelemetryMiddleware) else m for m in server.middleware]


def bind_rounds(server: Server, principal: Callable[[ServerRequestContext[Any, Any]], str | None]) -> None:
    """Bind the state of a multi-round call to a principal, unless the author has chosen one.

    The policy is an argument of the constructor, and adopted servers already exist.
    """
    for layer in server.middleware:
        if isinstance(layer, RequestStateBoundary) and layer._security.bind_principal is authenticated_principal:
            layer._security.bind_principal = principal


async def run_on_streams(server: Server, read: Any, write: Any) -> None:
    """Serve one client on a pair of streams; `MCPServer` supports this only for stdio (python-sdk #1187)."""
    low = server._lowlevel_server
    await low.run(read, write, low.create_initialization_options())


def matches(template: ResourceTemplate, uri: str) -> bool:
    """Return whether the template answers for a URI."""
    try:
        return template.matches(uri) is not None
    except ValueError:  # the template refuses the path in the URI; reading it will be refused too
        return False


@contextmanager
def quiet_construction() -> Iterator[None]:
    """Keep every new `MCPServer` from configuring the root logger while the context is open.

    Its constructor calls ``logging.basicConfig``, and in a kernel every library's log would then be printed into the
    cells (python-sdk #420, #1656).
    """
    module: Any = sys.modules[MCPServer.__module__]
    original = module.configure_logging
    module.configure_logging = lambda level="INFO": None
    try:
        yield
    finally:
        module.configure_logging = original


@dataclass
class InspectingClient(Client):
    """The SDK's client, which passes on what it refuses, and does not check results against their schemas.

    The SDK raises if a result does not follow the protocol, and the result is lost. It also checks structured content
    itself: on the loop, with `re`, and without a time limit.
    """

    see: Callable[[Mapping[str, Any]], None] = field(kw_only=True)
    """Called with each result as it came."""

    read_anyway: Callable[[str, ValidationError], BaseModel | None] = field(kw_only=True)
    """Reads a result that the SDK refused; returns None if it stays refused."""

    async def _build_session(self, exit_stack: AsyncExitStack) -> ClientSession:
        session: Any = await super()._build_session(exit_stack)
        send_raw, send = session._dispatcher.send_raw_request, session.send_request

        async def send_raw_request(*args: Any, **options: Any) -> Any:
            result = await send_raw(*args, **options)
            self.see(result)
            return result

        async def send_request(request: Any, *args: Any, **options: Any) -> Any:
            try:
                return await send(request, *args, **options)
            except ValidationError as refusal:
                read = self.read_anyway(request.method, refusal)
                if read is None:
                    raise
                return read

        async def validate_tool_result(*_: object) -> None:
            return None

        session._dispatcher.send_raw_request = send_raw_request
        session.send_request = send_request
        session.validate_tool_result = validate_tool_result
        return session  # type: ignore[no-any-return]
