"""Protect a served app with a token."""

from __future__ import annotations

import hmac
import secrets

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Token", "TokenGate"]


class Token(str):
    """A secret that does not appear in a cell by accident: its repr hides it; used as text, it is the secret."""

    __slots__ = ()

    @classmethod
    def make(cls) -> Token:
        """Return a new random token of 256 bits."""
        return cls(secrets.token_urlsafe(32))

    def __repr__(self) -> str:
        return f"<token, {len(self)} characters, hidden: use it as text, or show it with %mcp token --show>"


class TokenGate:
    """Lets requests with ``Authorization: Bearer TOKEN`` pass, and answers all others with 401.

    The SDK's own gate requires the address of an authorization server; a shared secret on loopback has none.
    """

    def __init__(self, app: ASGIApp, token: Token) -> None:
        self.app = app
        self._expected = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI app."""
        if scope["type"] == "http" and not self._carries_token(scope):
            response = JSONResponse(
                {"error": "This server needs its token: send the header 'Authorization: Bearer TOKEN'."},
                status_code=401,
                headers={"WWW-Authenticate": "Bearer"},
            )
            await response(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _carries_token(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._expected)
