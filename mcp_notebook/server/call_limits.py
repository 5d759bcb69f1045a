"""Limit what one caller can ask for over HTTP, and what one call can take.

A caller is the user and client of the token, if there is a sign-in, and else the address of the connection. The limits
count in one process: with several, a caller has as many times as much. `CallerLimits` is an app around the server, and
`limit_calls` is its middleware, which finds the caller in the request. Other transports have no limits.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import OrderedDict
from collections.abc import Coroutine, Hashable
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import principal_components
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .caller_errors import measured

__all__ = ["STREAMS", "CallerLimits", "Limits", "limit_calls"]

MOST_CALLERS = 10_000
"""The most callers that are remembered; one more replaces the one that has not called for longest."""

STREAMS = ("subscriptions/listen", "events/stream")
"""Requests that stay open, which count apart."""

CALLER = "call_limits.caller"
"""The key of the caller in a request's ASGI scope."""


@dataclass(frozen=True)
class Limits:
    """The limits; 0 for none.

    Attributes:
        rate: Requests a second that one caller may make on average.
        burst: Requests that one caller may make at once, after a pause.
        at_once: Requests of one caller that may run at a time.
        streams: Streams that one caller may hold open.
        seconds: Seconds that a call may take.
        request_bytes: The most bytes of a request's body.
        result_bytes: The most bytes of a result, as JSON.
    """

    rate: float = 0.0
    burst: int = 100
    at_once: int = 128
    streams: int = 64
    seconds: float = 300.0
    request_bytes: int = 4 * 1024 * 1024
    result_bytes: int = 16 * 1024 * 1024

    @classmethod
    def from_environment(cls, prefix: str, usual: Limits | None = None) -> Limits:
        """Read ``PREFIX_LIMIT_RATE`` and so on; those that are not set are as usual.

        Raises:
            ValueError: One is not a number, or below 0.
        """
        found = {one.name: _set(prefix, one) for one in fields(cls)}
        return replace(usual or cls(), **{name: number for name, number in found.items() if number is not None})


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
    """One caller.

    Attributes:
        limits: The limits.
        left: Requests that are left in the bucket.
        seen: The time of the last look at the bucket.
        requests: Requests whose answers have not ended.
        calls: Those of them that the server works on, and those that go on after their client has left.
        streams: Streams that are open.
    """

    limits: Limits
    left: float
    seen: float = field(default_factory=time.monotonic)
    requests: int = 0
    calls: int = 0
    streams: int = 0

    @property
    def running(self) -> int:
        """The requests that run, whether or not somebody waits for them."""
        return max(self.requests, self.calls)


class CallerLimits:
    """An ASGI app that answers 429 to a caller who asks for too much, and 413 to a request that is too long.

    It must be behind the app that knows who calls. It reads a request to its end before the server gets it, so that a
    client that leaves in the middle is not an error of the server.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self._callers: OrderedDict[Hashable, _Caller] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        caller, streams = self._caller(_name(scope)), _is_stream(scope)
        refusal = self._taken(caller) or self._full(caller, streams)
        if refusal is not None:
            return await refusal(scope, receive, send)
        caller.requests += not streams
        caller.streams += streams
        try:
            await self._pass_on({**scope, CALLER: caller}, receive, send)
        finally:
            caller.requests -= not streams
            caller.streams -= streams

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, most = bytearray(), self.limits.request_bytes or math.inf
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if len(body) > most:
                return await _error(413, f"The body of a request may have {most:,} bytes.")(scope, receive, send)
            if not message.get("more_body"):
                break
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        await self.app(scope, again, send)

    def _caller(self, name: Hashable) -> _Caller:
        caller = self._callers.get(name)
        if caller is None:
            caller = self._callers[name] = _Caller(self.limits, self.limits.burst)
            if len(self._callers) > MOST_CALLERS:
                idle = (one for one, about in self._callers.items() if not about.running and not about.streams)
                self._callers.pop(next(idle, name), None)
        else:
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


async def limit_calls(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """End calls that take too long, and hold back results that are too large; as middleware of the SDK.

    Raises:
        MCPError: It is another request than a call of a tool, whose result says so.
    """
    caller: _Caller | None = ctx.request.scope.get(CALLER) if ctx.request is not None else None
    if caller is None or ctx.request_id is None or ctx.method in STREAMS:
        return await call_next(ctx)
    limits = caller.limits
    if not limits.seconds:
        result = await _run(caller, ctx, call_next)
    elif (task := await _within(limits.seconds, _run(caller, ctx, call_next))).done():
        result = task.result()
    else:
        return _failed(ctx, f"No answer within {limits.seconds:g} s, so the call was stopped.")
    result, size = measured(result)
    if limits.result_bytes and size > limits.result_bytes:
        return _failed(ctx, f"The result has more than {limits.result_bytes:,} bytes. Ask for less.")
    return result


async def _run(caller: _Caller, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    caller.calls += 1
    try:
        return await call_next(ctx)
    finally:
        caller.calls -= 1


async def _within(seconds: float, work: Coroutine[Any, Any, HandlerResult]) -> asyncio.Task[HandlerResult]:
    """Run it in a task of its own, which is stopped when the time is over, and has then not ended.

    A function on a thread cannot be stopped. It goes on to its end, and counts for so long, but nobody waits for it.
    """
    stop = anyio.CancelScope()

    async def run() -> HandlerResult:
        with stop:
            return await work
        return None

    task = asyncio.create_task(run())
    _running.add(task)
    task.add_done_callback(_ended)
    try:
        await asyncio.wait([task], timeout=seconds)
    finally:
        stop.cancel()
    return task


_running: set[asyncio.Task[Any]] = set()
"""The tasks: asyncio itself keeps none alive."""


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        task.exception()  # asyncio would log it if nobody asked for it


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
    wait = max(1, math.ceil(seconds))
    return _error(429, f"{why} Try again in {wait} s.", {"Retry-After": str(wait)})


def _error(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an answer whose text the SDK's client passes on, which it does with an error of JSON-RPC only.

    Its code is the status: the specification reserves -32000 to -32099, and new codes are to be outside.
    """
    said = {"jsonrpc": "2.0", "id": None, "error": {"code": status, "message": why}}
    return JSONResponse(said, status_code=status, headers=headers)
