"""Deliver the events of one webhook's subscription, each with its own retries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import Context
from datetime import datetime, timezone
from typing import Any

import anyio
import anyio.abc
from mcp.shared.exceptions import MCPError

from .occurrences import Occurrence, canonical, timestamp
from .posting import NotDeliveredError, message_id, post
from .sources import EventType, Types
from .streams import Wake, ended_by

__all__ = ["Subscription"]

RETRIES = (1.0, 5.0, 30.0, 120.0)
"""Seconds before each further attempt; then an event is given up."""

AT_ONCE = 50
"""Most events that are under way to one receiver; further ones wait in their source."""

QUIET = 60.0
"""Seconds after which a subscription looks at the time, if nothing happens."""

ROTATION = 600.0
"""Seconds for which messages are also signed with the secret before the latest."""


class Subscription:
    """One webhook's subscription, and the task that delivers its events.

    Args:
        id: Its identifier for the receiver.
        url: Where the events go.
        found: The type.
        arguments: The arguments of the subscription.
        cursor: Where to begin.
        loopback: Whether the receiver may be on this machine.

    Attributes:
        expires: The time at which it ends, in seconds since 1970.
        watermark: A cursor that the client can keep: everything before it was taken or given up.
    """

    def __init__(
        self, id: str, url: str, found: EventType, arguments: Mapping[str, Any], cursor: str, *, loopback: bool
    ) -> None:
        self.id = id
        self.expires = 0.0
        self.watermark = self._cursor = cursor
        self._url = url
        self._found = found
        self._arguments = arguments
        self._loopback = loopback
        self._keys: list[tuple[bytes, float]] = []
        self._under_way: dict[str, bool] = {}
        self._last_delivery: float | None = None
        self._last_error: str | None = None
        self._failed_since: float | None = None
        self._posts = self._failed_post = 0  # numbers: the latest post, and the latest that failed
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._wake = Wake()

    @property
    def ended(self) -> bool:
        """Return whether nothing is delivered any more."""
        return self._task is not None and (self._task.done() or self._loop.is_closed())

    def refresh(self, key: bytes, expires: float) -> None:
        """Sign with this key from now on, for a while with the one before too, and go on until a new time."""
        self.expires = expires
        if not self._keys or self._keys[0][0] != key:
            until = time.time() + ROTATION
            self._keys = [(key, float("inf")), *[(earlier, min(until, end)) for earlier, end in self._keys[:1]]]
        self._wake.set()

    def start(self, types: Types, forget: Callable[[Subscription], None]) -> None:
        """Begin to deliver, on the running loop; `forget` is called at the end."""
        # In a new context: the request that subscribes is not the one that an event belongs to.
        self._task = Context().run(self._loop.create_task, self._run(types, forget))

    def stop(self) -> None:
        """End without a word to the receiver; callable from any thread."""
        if self._task is not None:
            with suppress(RuntimeError):  # the loop is closed, and the task with it
                self._loop.call_soon_threadsafe(self._task.cancel)

    def status(self) -> dict[str, Any]:
        """Return the ``deliveryStatus`` of the protocol."""
        failed = {} if self._failed_since is None else {"failedSince": _time(self._failed_since)}
        last = None if self._last_delivery is None else _time(self._last_delivery)
        return {"active": True, "lastDeliveryAt": last, "lastError": self._last_error, **failed}

    async def _run(self, types: Types, forget: Callable[[Subscription], None]) -> None:
        leave = types.listen(self._found.name, self._wake)
        try:
            async with anyio.create_task_group() as deliveries:
                await self._deliver_until_end(types, deliveries)
        finally:
            leave()
            forget(self)

    async def _deliver_until_end(self, types: Types, deliveries: anyio.abc.TaskGroup) -> None:
        while time.time() < self.expires and not self._wake.closed:
            now = types.find(self._found.name)
            if now is not self._found:
                error = ended_by(self._found, now, self._arguments)
                if error is not None:
                    said = error.error.model_dump(exclude_none=True)
                    await self._try({"type": "terminated", "error": said}, message_id("terminated"))
                    return
                assert now is not None
                self._found = now
            if await self._begin_deliveries(types, deliveries):
                continue
            wait = min(self._found.interval or QUIET, max(0.0, self.expires - time.time()))
            await self._wake.wait(wait)
        deliveries.cancel_scope.cancel()

    async def _begin_deliveries(self, types: Types, deliveries: anyio.abc.TaskGroup) -> bool:
        """Begin to deliver what is new; return whether there is more at once."""
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return False
        try:
            batch = await types.read(self._found, self._arguments, self._cursor, room, None)
        except MCPError:  # the author's function raised; it is asked again
            return False
        if batch.truncated:
            gap = {"type": "gap", "cursor": batch.start}
            deliveries.start_soon(self._try, gap, message_id("gap"))
        for occurrence in batch.occurrences:
            self._under_way[occurrence.cursor] = False
            deliveries.start_soon(self._deliver, occurrence)
        self._cursor = batch.cursor
        self._advance()
        return batch.more

    async def _deliver(self, occurrence: Occurrence) -> None:
        await self._try(occurrence, occurrence.id)
        self._under_way[occurrence.cursor] = True
        self._advance()
        self._wake.set()

    def _advance(self) -> None:
        """Move the watermark past the events that are done, up to the first that is not."""
        for cursor, done in list(self._under_way.items()):
            if not done:
                break
            del self._under_way[cursor]
            self.watermark = cursor
        if not self._under_way:
            self.watermark = self._cursor

    async def _try(self, what: Occurrence | Mapping[str, Any], id: str) -> None:
        """Post a message, again if that fails, and give it up after some attempts."""
        for delay in (*RETRIES, None):
            keys = [key for key, until in self._keys if until > time.time()]
            self._posts += 1
            number = self._posts
            body = canonical(what if isinstance(what, Mapping) else what.wire(self._cursor_with(what))).encode()
            try:
                await post(self._url, body, id=id, subscription=self.id, keys=keys, loopback=self._loopback)
            except NotDeliveredError as error:
                self._last_error, self._failed_post = error.reason, max(number, self._failed_post)
                self._failed_since = self._failed_since or time.time()
                if error.final or delay is None:
                    return
                await anyio.sleep(delay)
            else:
                self._last_delivery = time.time()
                if number > self._failed_post:  # an earlier post that ends late says nothing about a later failure
                    self._last_error = self._failed_since = None
                return

    def _cursor_with(self, occurrence: Occurrence) -> str:
        """Return the cursor that is safe to keep once this event is taken."""
        first = next(iter(self._under_way), None)
        return occurrence.cursor if first == occurrence.cursor else self.watermark


def _time(seconds: float) -> str:
    return timestamp(datetime.fromtimestamp(seconds, timezone.utc))
