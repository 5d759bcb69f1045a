"""Push: one long request, on whose stream the events of one subscription arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY

from .occurrences import Batch
from .sources import EventType, Types
from .wire import Code, StreamNotification, StreamParams, refusal

__all__ = ["Stream", "Wake", "ended_by"]

HEARTBEAT = 15.0
"""Seconds after which a quiet stream shows that it is alive; the protocol wants it every 30 seconds."""

AT_ONCE = 100
"""Events that are read at once."""


class Wake:
    """A signal for a task of the running loop; it can be given from any thread."""

    def __init__(self) -> None:
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def set(self) -> None:
        """Give the signal."""
        with suppress(RuntimeError):  # the loop is closed, and the task with it
            self._loop.call_soon_threadsafe(self._event.set)

    def close(self) -> None:
        """Give the last signal."""
        self.closed = True
        self.set()

    async def wait(self, seconds: float) -> None:
        """Wait for a signal since the last wait, at most so many seconds."""
        if not self.closed:
            with anyio.move_on_after(seconds):
                await self._event.wait()
        self._event.clear()


class Stream:
    """One open stream.

    Args:
        types: The types of the server.
        ctx: The request that opened it.
        params: The subscription.
        wake: Is set when something happens to the type.
    """

    def __init__(self, types: Types, ctx: ServerRequestContext[Any, Any], params: StreamParams, wake: Wake) -> None:
        self._types = types
        self._ctx = ctx
        self._params = params
        self._wake = wake
        self._meta = {SUBSCRIPTION_ID_META_KEY: ctx.request_id}
        self._silent_since = 0.0

    async def run(self) -> dict[str, Any]:
        """Send what happens until the client leaves, the server closes the stream, or the type is withdrawn.

        Raises:
            MCPError: The subscription is refused; nothing was sent.
        """
        found = self._types.named(self._params.name)
        batch = await self._read(found, self._params.cursor, self._params.max_age_ms)
        await self._begin(batch)
        failed = False
        while not self._wake.closed:
            for occurrence in batch.occurrences:
                await self._send("event", occurrence.wire(occurrence.cursor))
            if not batch.more:
                await self._rest(found, batch.cursor)
            now = self._types.find(self._params.name)
            if now is not found:
                error = ended_by(found, now, self._params.arguments)
                if error is not None:
                    await self._send("terminated", _error(error))
                    break
                assert now is not None
                found = now
            try:
                batch = await self._read(found, batch.cursor, None)
            except MCPError as error:
                batch = Batch(batch.cursor, [], batch.cursor)
                if not failed:
                    await self._send("error", _error(error))
                failed = True
            else:
                failed = False
                if batch.truncated:
                    await self._begin(batch)
        return {"resultType": "complete", "_meta": self._meta}

    async def _read(self, found: EventType, cursor: str | None, max_age: int | None) -> Batch:
        return await self._types.read(found, self._params.arguments, cursor, AT_ONCE, max_age)

    async def _begin(self, batch: Batch) -> None:
        await self._send("active", {"cursor": batch.start, "truncated": batch.truncated})

    async def _rest(self, found: EventType, cursor: str) -> None:
        """Wait until there may be something new; show in between that the stream is alive."""
        alive = self._silent_since + HEARTBEAT - anyio.current_time()
        await self._wake.wait(max(0.0, min(alive, found.interval or HEARTBEAT)))
        if anyio.current_time() >= self._silent_since + HEARTBEAT:
            await self._send("heartbeat", {"cursor": cursor})

    async def _send(self, what: str, fields: Mapping[str, Any]) -> None:
        notification: Any = StreamNotification(
            method=f"notifications/events/{what}", params={**fields, "_meta": self._meta}
        )
        await self._ctx.session.send_notification(notification, related_request_id=self._ctx.request_id)
        self._silent_since = anyio.current_time()


def ended_by(before: EventType, now: EventType | None, arguments: Mapping[str, Any]) -> MCPError | None:
    """Return the error that ends a subscription to a type that was replaced; None if it goes on.

    It goes on if nothing that the client knows of was taken away: a new optional field does not end it.
    """
    if now is None:
        return refusal(Code.NOT_FOUND, f"The event type {before.name!r} was removed.", kind="event")
    changed = "payloadSchema" if not _keeps(before.payload_schema, now.payload_schema) else None
    try:
        now.checked(arguments)
    except ValueError:
        changed = "inputSchema"
    if changed is None:
        return None
    words = f"The {changed} of {before.name!r} has changed."
    return refusal(Code.UNSUPPORTED, words, feature=changed, reason="schema_changed")


def _keeps(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether a schema still has each property that it had, and nothing else but properties has changed."""
    for kept in ("properties", "$defs"):
        there = now.get(kept, {})
        if any(there.get(name) != schema for name, schema in before.get(kept, {}).items()):
            return False
    added = ("properties", "$defs", "required", "description", "title")
    return _without(before, added) == _without(now, added)


def _without(schema: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in keys}


def _error(error: MCPError) -> dict[str, Any]:
    return {"error": error.error.model_dump(exclude_none=True)}
