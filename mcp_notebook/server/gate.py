"""The token gate in front of a served app."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["TokenGate"]


class TokenGate:
    """Let a request pass that carries ``Authorization: Bearer TOKEN``; answer others with 401.

    The SDK's own gate wants an authorization server to name; a shared secret on loopback has none.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self._expected = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._expected)
