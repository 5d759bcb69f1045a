"""Let callers see and call the tools that their token's scopes allow, and tell them which scope is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from pydantic_core import from_json
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SCOPES", "MissingScopes", "ToolScopes", "scopes_of"]

SCOPES = "requiredScopes"
"""The key in a tool's ``_meta`` with the scopes that a caller needs, all of them."""

INVALID_REQUEST = -32600

MOST_BYTES = 4 * 1024 * 1024
"""The most that a request may have, as at the SDK's own endpoint."""


def scopes_of(meta: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the scopes that the ``_meta`` of a tool requires.

    Raises:
        ValueError: They are not a list of texts; nobody may call such a tool by mistake.
    """
    said = (meta or {}).get(SCOPES, ())
    if not isinstance(said, (list, tuple)) or not all(isinstance(one, str) and one for one in said):
        raise ValueError(f"{SCOPES} is a list of texts, not {said!r}")
    return tuple(said)


class ToolScopes:
    """Middleware of a server: leaves tools out of lists, and refuses calls, by the scopes of the token.

    Without a token, as over stdio, everything is allowed: the person who starts the process has all of its rights.
    """

    def __init__(self, server: MCPServer[Any], *, changing: bool = False) -> None:
        """Take the server.

        Args:
            server: The server.
            changing: Whether its tools may change while it serves, as in a notebook.
        """
        self._server = server
        self._changing = changing
        self._known: dict[str, tuple[str, ...]] = {}

    async def missing(self, tool: Any, granted: Sequence[str]) -> list[str]:
        """Return the scopes that a call of a tool needs beside the granted ones."""
        if not isinstance(tool, str):  # the server says what is wrong
            return []
        if self._changing or tool not in self._known:
            self._known = {each.name: scopes_of(each.meta) for each in await self._server.list_tools()}
        return [scope for scope in self._known.get(tool, ()) if scope not in granted]

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Handle a request, as middleware of the SDK.

        Raises:
            MCPError: The caller may not call this tool.
        """
        token = get_access_token()
        if token is None or ctx.method not in ("tools/call", "tools/list"):
            return await call_next(ctx)
        if ctx.method == "tools/call":
            missing = await self.missing((ctx.params or {}).get("name"), token.scopes)
            if missing:
                raise MCPError(INVALID_REQUEST, f"This needs the scope {' '.join(missing)}.")
            return await call_next(ctx)
        result = await call_next(ctx)
        if not isinstance(result, dict):
            return result
        tools = [tool for tool in result.get("tools", []) if set(scopes_of(tool.get("_meta"))) <= set(token.scopes)]
        # A list for one caller must not be kept for others.
        private = {"cacheScope": "private"} if "cacheScope" in result else {}
        return {**result, **private, "tools": tools}


class MissingScopes:
    """An ASGI app that answers a call with 403 and the scopes that it needs, before the server sees it (RFC 6750)."""

    def __init__(
        self, app: ASGIApp, missing: Callable[[Any, Sequence[str]], Awaitable[list[str]]], metadata: str | None = None
    ) -> None:
        """Take the app behind it.

        Args:
            app: The app.
            missing: Returns the scopes that a call of a tool needs beside the granted ones; see `ToolScopes.missing`.
            metadata: The URL of the protected resource's metadata.
        """
        self.app = app
        self.missing = missing
        self.metadata = metadata

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        user = scope.get("user")
        if scope["type"] != "http" or scope["method"] != "POST" or not isinstance(user, AuthenticatedUser):
            return await self.app(scope, receive, send)
        tool, receive = await _called(scope, receive)
        missing = await self.missing(tool, user.scopes)
        await (self._refusal(missing) if missing else self.app)(scope, receive, send)

    def _refusal(self, missing: list[str]) -> JSONResponse:
        needed = " ".join(missing)
        said = {"error": "insufficient_scope", "error_description": f"This tool needs the scope {needed}."}
        about = f', resource_metadata="{self.metadata}"' if self.metadata else ""
        challenge = f'Bearer error="insufficient_scope", scope="{needed}"{about}'
        return JSONResponse(said, status_code=403, headers={"WWW-Authenticate": challenge})


async def _called(scope: Scope, receive: Receive) -> tuple[str | None, Receive]:
    """Return the tool that a request calls, None if it calls none, and the request as it was.

    The headers tell it since 2026-07-28, and `ToolScopes` looks at what is called in the end.
    """
    headers = Headers(scope=scope)
    name = headers.get("mcp-name", "")
    if "mcp-method" in headers and not name.startswith("=?"):
        return name if headers["mcp-method"] == "tools/call" else None, receive
    messages: list[Message] = []
    size = 0
    while size <= MOST_BYTES:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            break

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return _tool(b"".join(message.get("body", b"") for message in messages)), again


def _tool(body: bytes) -> Any:
    """Return the name of the tool that a request calls; None if it is another request, or none at all."""
    try:
        request = from_json(body)
    except ValueError:  # the server says what is wrong
        return None
    if not isinstance(request, dict) or request.get("method") != "tools/call":
        return None
    params = request.get("params")
    name = params.get("name") if isinstance(params, dict) else None
    return name if isinstance(name, str) else None
