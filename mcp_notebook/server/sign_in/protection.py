"""Put a verifier of tokens in front of an ASGI app, with the SDK's own parts."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from pydantic import AnyHttpUrl, ConfigDict, TypeAdapter
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .services import Unavailable
from .tool_scopes import MissingScopes

__all__ = ["Resource", "Verifier", "protected"]

AGAIN_SECONDS = 30

_url = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True)).validate_python
"""Read a URL as it is: clients compare an issuer by its characters, and a slash at its end makes another one."""

log = logging.getLogger(__name__)


class Verifier(TokenVerifier, Protocol):
    """A `TokenVerifier` that can say whether it is able to work."""

    async def check(self) -> None:
        """Raise `Unavailable` if it is not."""


@dataclass(frozen=True)
class Resource:
    """The server as clients find it (RFC 9728).

    Attributes:
        url: The URL of its endpoint, as clients write it.
        issuers: The authorization servers that issue tokens for it.
        scopes: The scopes that exist.
    """

    url: str
    issuers: Sequence[str]
    scopes: Sequence[str] = ()

    @property
    def metadata(self) -> AnyHttpUrl:
        """The URL of its metadata."""
        return build_resource_metadata_url(_url(self.url))

    @property
    def routes(self) -> list[Route]:
        """The routes of its metadata, which need no token."""
        issuers = [_url(issuer) for issuer in self.issuers]
        return create_protected_resource_routes(_url(self.url), issuers, list(self.scopes) or None)


def protected(
    app: ASGIApp,
    verifier: TokenVerifier,
    *,
    required: Sequence[str] = (),
    missing: Callable[[Any, Sequence[str]], Awaitable[list[str]]] | None = None,
    resource: Resource | None = None,
) -> ASGIApp:
    """Return an app that lets in who has a valid token.

    Args:
        app: The app.
        verifier: Verifies tokens.
        required: The scopes that each token needs.
        missing: Returns the scopes that a call needs beside the granted ones; see `ToolScopes.missing`.
        resource: The server as clients find it; without one, there is no authorization server that they could ask.
    """
    metadata = resource.metadata if resource else None
    inner = app if missing is None else MissingScopes(app, missing, str(metadata) if metadata else None)
    gate = RequireAuthMiddleware(inner, list(required), metadata)
    known = AuthenticationMiddleware(AuthContextMiddleware(gate), backend=BearerAuthBackend(verifier))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send) if scope["type"] == "lifespan" else None
        try:
            await known(scope, receive, send)
        except Unavailable as error:
            log.warning("A token cannot be verified: %s", error)
            said = {"error": "temporarily_unavailable", "error_description": "Tokens cannot be verified at the moment."}
            response = JSONResponse(said, status_code=503, headers={"Retry-After": str(AGAIN_SECONDS)})
            await response(scope, receive, send)

    return answer
