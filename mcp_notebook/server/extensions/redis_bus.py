"""Pass notices on between the replicas of a server, through a Redis.

::

    mcp = MCPServer("lab", subscriptions=RedisBus("redis://localhost:6379/0", "lab"))

A notice says that a list or a resource has changed. One that is published at any replica reaches the
``subscriptions/listen`` streams at all of them. The replica's own streams never wait for Redis. The notices are in a
Redis stream, so that a replica that was away for a while reads what it has missed. It needs the library ``redis``,
which is imported when a bus is made.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)

from .redis_client import PATIENCE, RedisAddress, chosen

__all__ = ["RedisBus", "chosen_bus"]

MOST_KEPT = 1_000
"""Notices that Redis keeps for replicas that are away; the oldest go first."""

MOST_WAITING = 1_000
"""Different notices that wait here while Redis is away; the oldest go first."""

KEPT_SECONDS = 3600
"""Seconds that Redis keeps them after the latest."""

TOGETHER = 100
"""Most notices that are sent or read at once."""

BLOCK = 5.0
"""Seconds for which one read waits for a notice."""

RETRY = 0.1, 5.0
"""The first and the longest wait until a lost connection is tried again, in seconds."""

MARGIN = 1.0
"""Seconds before its first listener from which a replica reads: twice the same notice is better than none."""

ENDING = 1.0
"""Seconds that notices have to be sent when the loop ends."""

_LISTS: dict[str, Callable[[], ServerEvent]] = {
    "tools": ToolsListChanged,
    "prompts": PromptsListChanged,
    "resources": ResourcesListChanged,
}
_KINDS: dict[type, str] = {ToolsListChanged: "tools", PromptsListChanged: "prompts", ResourcesListChanged: "resources"}

_LOG = logging.getLogger(__name__)


class RedisBus:
    """A `SubscriptionBus` of the SDK.

    Args:
        url: The URL, such as ``redis://:PASSWORD@HOST:6379/0``; ``rediss://`` for TLS.
        name: The name of the server; servers with different names have nothing in common.

    Raises:
        ImportError: The library ``redis`` is not installed.
        ValueError: It is not the URL of a Redis.
    """

    def __init__(self, url: str, name: str) -> None:
        self._address = RedisAddress(url)
        self._key = f"mcp-notices:{name}"
        self._replicas: dict[asyncio.AbstractEventLoop, _Replica] = {}

    async def publish(self, event: ServerEvent) -> None:
        """Deliver a notice to the listeners here, and leave it for Redis; never waits for Redis, and never raises."""
        await self._here().publish(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Call a listener with each notice, on the running loop; return a function that ends this."""
        return self._here().subscribe(listener)

    def _here(self) -> _Replica:
        """Return what this process is for others: one replica for each loop, since connections belong to a loop."""
        loop = asyncio.get_running_loop()
        found = self._replicas.get(loop)
        if found is None:
            self._replicas = {other: kept for other, kept in self._replicas.items() if not other.is_closed()}
            found = self._replicas[loop] = _Replica(self._address, self._key)
        return found


def chosen_bus() -> RedisBus | None:
    """Return the bus at the URL in the environment; None without one, which means the memory of the process.

    Raises:
        ImportError: The library ``redis`` is not installed.
        ValueError: It is not the URL of a Redis.
    """
    return chosen(RedisBus)


class _Replica:
    """One loop of one process."""

    def __init__(self, address: RedisAddress, key: str) -> None:
        self._key = key
        self._id = secrets.token_hex(8)
        self._local = InMemorySubscriptionBus()
        self._loop = asyncio.get_running_loop()
        self._writer = address.client()
        # A read waits on the side of Redis, so it has longer for its answer.
        self._reader = address.client(socket_timeout=BLOCK + PATIENCE)
        self._waiting: dict[ServerEvent, None] = {}
        self._something = asyncio.Event()
        self._away: set[str] = set()
        self._work: dict[str, asyncio.Task[None]] = {}

    async def publish(self, event: ServerEvent) -> None:
        # The same notice a second time, before the first is sent, says nothing new.
        self._waiting[event] = None
        while len(self._waiting) > MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        self._something.set()
        self._begin("write", self._write)
        await self._local.publish(event)

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        self._begin("read", self._read)
        return self._local.subscribe(listener)

    def _begin(self, what: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if "attend" not in self._work:
            self._work["attend"] = self._loop.create_task(self._attend())
        if what not in self._work:
            self._work[what] = self._loop.create_task(work())

    # --- to Redis

    async def _write(self) -> None:
        retry = RETRY[0]
        while True:
            await self._something.wait()
            try:
                await self._send()
            except Exception as error:  # noqa: BLE001 - whatever it is, notices must go on
                retry = await self._wait("write", error, retry)
            else:
                retry = self._back("write")

    async def _send(self) -> None:
        while self._waiting:
            events = list(islice(self._waiting, TOGETHER))
            async with self._writer.pipeline(transaction=False) as pipeline:
                for event in events:
                    fields: Any = {"from": self._id, **_written(event)}
                    pipeline.xadd(self._key, fields, maxlen=MOST_KEPT, approximate=True)
                    # Published again from here on, it is another notice. One that is not sent comes back.
                    del self._waiting[event]
                pipeline.expire(self._key, KEPT_SECONDS)
                try:
                    await pipeline.execute()
                except BaseException:
                    self._waiting = dict.fromkeys(events) | self._waiting
                    raise
        self._something.clear()

    # --- from Redis

    async def _read(self) -> None:
        last, since, retry = "", self._loop.time(), RETRY[0]
        while True:
            try:
                last = await self._position(last, since)
                while True:
                    last = await self._next(last)
                    retry = self._back("read")
            except Exception as error:  # noqa: BLE001 - whatever it is, notices must go on
                retry = await self._wait("read", error, retry)

    async def _position(self, last: str, since: float) -> str:
        """Return the id after which to read: the last that was read, unless Redis has begun again.

        The ids begin with the time of Redis in milliseconds.
        """
        seconds, microseconds = await self._reader.time()
        now = seconds * 1000 + microseconds // 1000
        if last and int(last.partition("-")[0]) <= now:
            return last
        return f"{max(0, now - int((self._loop.time() - since + MARGIN) * 1000))}-0"

    async def _next(self, last: str) -> str:
        """Wait for notices, deliver them, and return the id of the last."""
        found: Any = await self._reader.xread({self._key: last}, count=TOGETHER, block=int(BLOCK * 1000))
        for id, fields in _entries(found):
            last = id
            event = None if fields.get("from") == self._id else _read(fields)
            if event is not None:
                await self._local.publish(event)
        return last

    # --- both

    async def _wait(self, what: str, error: Exception, retry: float) -> float:
        """Wait after an error, and return the seconds to wait after the next one."""
        if not self._away:  # the type alone: what an error says may have more in it than a log should
            _LOG.warning("Redis does not pass notices on (%s). Calls go on.", type(error).__name__)
        self._away.add(what)
        await asyncio.sleep(retry * random.uniform(0.5, 1))  # so that not all replicas come at once
        return min(2 * retry, RETRY[1])

    def _back(self, what: str) -> float:
        if what in self._away:
            self._away.discard(what)
            if not self._away:
                _LOG.warning("Redis passes notices on again.")
        return RETRY[0]

    async def _attend(self) -> None:
        """Wait until the loop ends, which cancels its tasks; then send what is left, and leave."""
        try:
            await self._loop.create_future()
        finally:
            others = [task for what, task in self._work.items() if what != "attend"]
            while not all(task.done() for task in others):
                # Once may not be enough: before Python 3.12, `asyncio.wait_for` may keep it to itself.
                for task in others:
                    task.cancel()
                await asyncio.sleep(0.01)
            with suppress(Exception):  # Redis is away, and what is left is lost
                await asyncio.wait_for(self._send(), ENDING)
            for client in (self._writer, self._reader):
                with suppress(Exception):
                    await client.aclose()


def _entries(found: Any) -> list[tuple[str, dict[str, str]]]:
    """Return the entries of the one stream that was read, as either protocol of Redis gives them."""
    if isinstance(found, dict):  # RESP3, which a URL may choose
        return [entry for pages in found.values() for page in pages for entry in page]
    return [entry for _, entries in found or () for entry in entries]


def _written(event: ServerEvent) -> dict[str, str]:
    if isinstance(event, ResourceUpdated):
        return {"changed": "resource", "uri": event.uri}
    return {"changed": _KINDS[type(event)]}


def _read(fields: Mapping[str, str]) -> ServerEvent | None:
    """Return the notice; None if it is one that this version does not know."""
    changed = fields.get("changed", "")
    if changed == "resource" and "uri" in fields:
        return ResourceUpdated(uri=fields["uri"])
    return _LISTS[changed]() if changed in _LISTS else None
