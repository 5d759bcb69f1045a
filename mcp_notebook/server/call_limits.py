"""Limit what one caller can ask for, and what one call can take.

A caller is who has the token, where there is a sign-in, and the address of the connection otherwise. The limits count
in one process: with several, a caller has as many times as much.
"""

from __future__ import annotations

import math
import os
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import Field, dataclass, field, fields
from typing import Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import principal_components
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic_core import to_json
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["CallLimits", "CallerLimits", "Limits"]

MOST_CALLERS = 10_000
"""The most callers that are remembered; one more replaces who has not called for longest."""

STREAMS = ("subscriptions/listen",)
"""Requests that stay open, which count apart."""


@dataclass(frozen=True)
class Limits:
    """The limits; 0 for none.

    Attributes:
        rate: Requests a second that one caller may make on average.
        burst: Requests that one caller may make at once, after a pause.
        at_once: Requests of one caller that may run at a time.
        streams: Streams that one caller may hold open.
        seconds: Seconds that a call may take.
        result_bytes: The most bytes of a result, as JSON.
    """

    rate: float = 0.0
    burst: int = 100
    at_once: int = 128
    streams: int = 64
    seconds: float = 300.0
    result_bytes: int = 16 * 1024 * 1024

    @classmethod
    def from_environment(cls, prefix: str) -> Limits:
        """Read ``PREFIX_LIMIT_RATE`` and so on, where they are set.

        Raises:
            ValueError: One is not a number, or below 0.
        """
        return cls(**{one.name: found for one in fields(cls) if (found := _set(prefix, one)) is not None})


def _set(prefix: str, limit: Field[Any]) -> Any:
    name = f"{prefix}_LIMIT_{limit.name.upper()}"
    said = os.environ.get(name, "").strip()
    if not said:
        return None
    try:
        number = float(said) if isinstance(limit.default, float) else int(said)
    except ValueError:
        number = -1
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be a number from 0 on, not {said!r}; 0 is for no limit")
    return number


@dataclass
class _Caller:
    left: float
    seen: float = field(default_factory=time.monotonic)
    running: int = 0
    streams: int = 0


class CallerLimits:
    """An ASGI app that answers 429 to who asks for too much; it stands behind the one that knows who calls."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self._callers: OrderedDict[Hashable, _Caller] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        caller = self._caller(_name(scope))
        refusal = self._taken(caller) or self._full(caller, streams := _is_stream(scope))
        if refusal is not None:
            return await refusal(scope, receive, send)
        caller.running += not streams
        caller.streams += streams
        try:
            await self.app(scope, receive, send)
        finally:
            caller.running -= not streams
            caller.streams -= streams

    def _caller(self, name: Hashable) -> _Caller:
        caller = self._callers.get(name)
        if caller is None:
            caller = self._callers[name] = _Caller(self.limits.burst)
            if len(self._callers) > MOST_CALLERS:
                idle = (one for one, about in self._callers.items() if not about.running and not about.streams)
                self._callers.pop(next(idle, name), None)
        elif name in self._callers:
            self._callers.move_to_end(name)
        return caller

    def _taken(self, caller: _Caller) -> JSONResponse | None:
        """Take one request from the caller's bucket; return the answer if it is empty."""
        if not self.limits.rate:
            return None
        now = time.monotonic()
        caller.left = min(self.limits.burst, caller.left + (now - caller.seen) * self.limits.rate)
        caller.seen = now
        if caller.left >= 1:
            caller.left -= 1
            return None
        return _refusal("Too many requests.", (1 - caller.left) / self.limits.rate)

    def _full(self, caller: _Caller, streams: bool) -> JSONResponse | None:
        running, most = (caller.streams, self.limits.streams) if streams else (caller.running, self.limits.at_once)
        if not most or running < most:
            return None
        what = "streams are open" if streams else "requests are running"
        return _refusal(f"{most} {what}, and one caller may not have more.", 1)


class CallLimits:
    """Middleware of a server that ends calls that take too long, and holds back results that are too large."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Handle a request, as middleware of the SDK."""
        if ctx.request_id is None or ctx.method in STREAMS:
            return await call_next(ctx)
        limits = self.limits
        with anyio.move_on_after(limits.seconds or math.inf) as time_limit:
            result = await call_next(ctx)
        if time_limit.cancelled_caught:
            return _failed(ctx, f"No answer within {limits.seconds:g} s, so the call was stopped.")
        if limits.result_bytes and len(to_json(result)) > limits.result_bytes:
            return _failed(ctx, f"The result has more than {limits.result_bytes:,} bytes. Ask for less.")
        return result


def _failed(ctx: ServerRequestContext[Any, Any], why: str) -> HandlerResult:
    """Return what a model reads, for a call of a tool.

    Raises:
        MCPError: It is another request.
    """
    if ctx.method != "tools/call":
        raise MCPError(INTERNAL_ERROR, why)
    result = {"content": [{"type": "text", "text": why}], "isError": True}
    return result if ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS else {**result, "resultType": "complete"}


def _name(scope: Scope) -> Hashable:
    user = scope.get("user")
    if isinstance(user, AuthenticatedUser):
        return principal_components(user.access_token)
    client = scope.get("client")
    return client[0] if client else ""


def _is_stream(scope: Scope) -> bool:
    if scope["method"] == "GET":
        return True
    method = next((value for name, value in scope["headers"] if name == b"mcp-method"), b"")
    return method.decode("latin-1") in STREAMS


def _refusal(why: str, seconds: float) -> JSONResponse:
    headers = {"Retry-After": str(max(1, math.ceil(seconds)))}
    return JSONResponse({"error": why}, status_code=429, headers=headers)
