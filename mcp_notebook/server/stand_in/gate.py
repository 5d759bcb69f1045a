"""Put the stand-in and the check of its tokens in front of a server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from mcp.server.auth.provider import ProviderTokenVerifier
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import RequestBodyLimitMiddleware, TransportSecurityMiddleware
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.extensions.data import serve_kept
from mcp_notebook.server.sign_in import Resource, ToolScopes, protected, required_by
from mcp_notebook.server.stand_in.handlers import Handlers
from mcp_notebook.server.stand_in.provider import StandIn

__all__ = ["StandInGate"]

MOST_BYTES = 64 * 1024
"""The most that a request to the stand-in may have."""

WELL_KNOWN = "/.well-known/"

HEADERS = {
    # Scopes come and go with the cells, and pages have secrets in them.
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # With "no-referrer", browsers would send "Origin: null" with the form.
    "Referrer-Policy": "same-origin",
}


class StandInGate:
    """The stand-in of one listener, as an ASGI app in front of it.

    Args:
        app: The app of the server, which needs a token.
        endpoint: Where the server listens, with the actual port.
        name: The notebook's name for it.
    """

    def __init__(self, app: ASGIApp, endpoint: Endpoint, name: str) -> None:
        self._server: MCPServer[Any] | None = None
        self._scopes: ToolScopes | None = None
        self._resource = endpoint.url
        self._issuer = "{0.scheme}://{0.netloc}".format(urlsplit(endpoint.url))
        self.provider = StandIn(self._issuer, self._resource, self._known)
        routes = Handlers(self.provider, name).routes
        self._own = {route.path for route in routes}
        self._pages = _Hardened(Starlette(routes=routes), endpoint)
        self._metadata = _Hardened(self._answer_metadata, endpoint)
        self._metadata_path = Resource(self._resource, [self._issuer]).routes[0].path
        verifier = ProviderTokenVerifier(self.provider)
        self._guarded = protected(
            app, verifier, missing=self._missing, resource=Resource(self._resource, [self._issuer])
        )

    def use(self, server: MCPServer[Any] | None) -> None:
        """Guard the tools of a server in place of the earlier one; None at the end."""
        if self._server is not None and self._scopes in self._server.middleware:
            self._server.middleware.remove(self._scopes)
        self._server = server
        self._scopes = ToolScopes(server, changing=True) if server is not None else None
        if server is not None and self._scopes is not None:
            # Just inside the notebook's own, so that what the author's middleware answers is checked, too.
            layers = server.middleware
            layers.insert(layers.index(serve_kept) + 1 if serve_kept in layers else 0, self._scopes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI app."""
        app: ASGIApp = self._guarded
        if scope["type"] == "http" and scope["path"] == self._metadata_path:
            app = self._metadata
        elif scope["type"] == "http" and (scope["path"] in self._own or scope["path"].startswith(WELL_KNOWN)):
            app = self._pages
        await app(scope, receive, send)

    async def _answer_metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        routes = Resource(self._resource, [self._issuer], sorted(await self._known())).routes
        await Starlette(routes=routes)(scope, receive, send)

    async def _known(self) -> dict[str, list[str]]:
        """Return the scopes of the tools, each with the names of these."""
        found: dict[str, list[str]] = {}
        for tool in await self._server.list_tools() if self._server is not None else ():
            for scope in required_by(tool.meta) or ():
                found.setdefault(scope, []).append(tool.name)
        return found

    async def _missing(self, tool: Any, granted: Sequence[str]) -> list[str]:
        return await self._scopes.missing(tool, granted) if self._scopes is not None else []


class _Hardened:
    """Checks Host and Origin before an app, limits the body, and adds `HEADERS` to its answers."""

    def __init__(self, app: ASGIApp, endpoint: Endpoint) -> None:
        self._app = RequestBodyLimitMiddleware(app, MOST_BYTES)
        self._security = TransportSecurityMiddleware(endpoint.security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = await self._security.validate_request(Request(scope))
        await (refused or self._app)(scope, receive, sending)
