"""Take part in a Redis as one process of several: keep its tasks, read its messages, and follow those of others."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import redis
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from . import redis_lease, redis_scripts
from .running import SERVER_ENDED
from .task import Receiver, Task, Watcher, Watchers

__all__ = ["Replica"]

ORPHANED = 86_400.0
"""Seconds that an open task is kept when its process has ended and nobody asks for it."""

MOST_MESSAGES = 100
"""Most messages that wait for one process."""

RETRY = 1.0
"""Seconds until a lost subscription is tried again."""

ENDING = 2.0
"""Seconds that open tasks have to be kept when the loop ends."""

_ERRORS = (redis.RedisError, OSError)


@dataclass(eq=False)
class _Own:
    """A task that runs here, or whose end Redis does not have yet.

    Attributes:
        task: The task as it is now.
        kept: The task as Redis has it.
    """

    task: Task
    kept: Task
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Replica:
    """One loop of one process.

    Args:
        client: Connections for the running loop.
        lease: A connection for the sign of life.
        prefix: The beginning of all keys.
        most: Most tasks that have ended, and most bytes of their results.
        receive: Called with each message to a task that runs here.
    """

    def __init__(
        self, client: Redis, lease: redis.Redis, prefix: str, most: tuple[int, int], receive: Receiver
    ) -> None:
        self.watchers = Watchers()
        self._id = secrets.token_hex(8)
        self._client, self._prefix, self._most, self._receive = client, prefix, most, receive
        self._loop = asyncio.get_running_loop()
        self._inbox = redis_scripts.inbox(prefix, self._id)
        self._own: dict[str, _Own] = {}
        self._load = client.register_script(redis_scripts.LOAD)
        self._save = client.register_script(redis_scripts.SAVE)
        self._renewal = client.register_script(redis_scripts.RENEW)
        self._send = client.register_script(redis_scripts.SEND)
        self._lease = redis_lease.Lease(lease, redis_scripts.lease(prefix, self._id), self._loop)
        self._hearing = self._loop.create_task(self._hear())
        self._work = {self._loop.create_task(self._attend())}

    async def save(self, task: Task) -> bool:
        """Keep the task; False if it has ended otherwise.

        Raises:
            MCPError: A new task cannot be kept. A change of one that is there is kept when Redis is back.
        """
        # A function that is cancelled must hear of it. Before Python 3.12, `asyncio.wait_for` may keep that to itself,
        # and redis-py uses it.
        return await asyncio.shield(self._keep(task))

    async def _keep(self, task: Task) -> bool:
        own = self._own.get(task.id)
        new = own is None
        own = self._own.setdefault(task.id, _Own(task, task))
        own.task = task
        async with own.lock:  # so that states arrive in their order
            if own.task is not task:
                return True  # the later one is what counts
            try:
                kept = await self._written(task, self._id)
            except _ERRORS as error:
                if new:
                    del self._own[task.id]
                    raise _away(error) from None
                return True
            own.kept = task
            if not task.open or not kept:
                self._own.pop(task.id, None)
            return kept

    async def load(self, id: str) -> Task | None:
        """Return the task; None if it is unknown or has expired. One whose process is gone fails by this look.

        Raises:
            MCPError: Redis cannot be reached.
        """
        own = self._own.get(id)
        if own is not None:
            return own.kept
        try:
            return await self._found(id)
        except _ERRORS as error:
            raise _away(error) from None

    async def send(self, id: str, message: Mapping[str, Any]) -> None:
        """Leave a message for the process that runs the task.

        Raises:
            MCPError: Redis cannot be reached, or that process has not read earlier messages.
        """
        text = json.dumps({"id": id, "message": message})
        try:
            room = await self._send(keys=[self._key(id)], args=[self._prefix, text, MOST_MESSAGES])
        except _ERRORS as error:
            raise _away(error) from None
        if not room:
            raise MCPError(INTERNAL_ERROR, "The process of this task does not read its messages. Try again later.")

    def watch(self, id: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with the task at each change; return a function that ends this."""
        leave = self.watchers.add(id, watcher)
        self._soon(self._wake())
        return leave

    # --- tasks in Redis

    def _key(self, id: str) -> str:
        return f"{self._prefix}:task:{id}"

    async def _written(self, task: Task, owner: str, *, judged: bool = False) -> bool:
        state = to_json(task)
        keep: int | str = int(ORPHANED * 1000)
        if not task.open:
            keep = "" if task.ttl is None else int(task.ttl * 1000)
        keys = [self._key(task.id), *(f"{self._prefix}:{name}" for name in ("ended", "expiring", "bytes"))]
        about = [self._prefix, task.id, owner, state, int(task.open), keep, len(state), *self._most, int(judged)]
        return bool(await self._save(keys=keys, args=about))

    async def _found(self, id: str) -> Task | None:
        while (found := await self._load(keys=[self._key(id)], args=[self._prefix])) is not None:
            state, owner, alive = found
            task = Task(**from_json(state))
            if alive or not self._lease.sure:
                return task
            error = SERVER_ENDED
            failed = replace(
                task,
                status="failed",
                updated=time.time(),
                asked={},
                error=error.model_dump(exclude_none=True),
                message=error.message,
            )
            if await self._written(failed, owner, judged=True):
                return failed
        return None

    # --- what goes on in the background

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _wake(self) -> None:
        """Have `_hear` go on: only one function may use its connection."""
        with suppress(*_ERRORS):  # then it goes on by itself
            await self._client.publish(self._inbox, "")

    async def _hear(self) -> None:
        """Follow what others send to this replica, and the changes of the tasks that are watched."""
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    channels = {self._inbox: ""}
                    await pubsub.subscribe(self._inbox)
                    while True:
                        # Each subscription is confirmed by a message, so what came before it is not missed.
                        message = await pubsub.get_message(timeout=redis_lease.BEAT)
                        if message is not None and message["type"] in ("subscribe", "message"):
                            await self._heard(channels.get(message["channel"]))
                        wanted = {redis_scripts.changed(self._prefix, id): id for id in self.watchers}
                        wanted[self._inbox] = ""
                        if new := wanted.keys() - channels.keys():
                            await pubsub.subscribe(*new)
                        if old := channels.keys() - wanted.keys():
                            await pubsub.unsubscribe(*old)
                        channels = wanted
            except _ERRORS:
                await asyncio.sleep(RETRY)

    async def _heard(self, id: str | None) -> None:
        if id:
            await self._look(id)
        elif id is not None:
            async with self._client.pipeline(transaction=True) as both:
                both.lrange(self._inbox, 0, -1)
                both.delete(self._inbox)
                messages, _ = await both.execute()
            for message in map(json.loads, messages):
                self._receive(message["id"], message["message"])

    async def _look(self, id: str) -> None:
        own = self._own.get(id)
        task = own.kept if own is not None else await self._found(id)
        if task is not None:
            self.watchers.tell(task)

    async def _attend(self) -> None:
        """Renew what is open, write what could not be written, and look after tasks whose process may be gone."""
        try:
            while True:
                await asyncio.sleep(redis_lease.BEAT)
                with suppress(*_ERRORS):
                    await asyncio.shield(self._look_after_all())  # as in `save`
        finally:
            await self._end()

    async def _look_after_all(self) -> None:
        await self._renew()
        for id in self.watchers:
            if id not in self._own:
                await self._look(id)

    async def _renew(self) -> None:
        owned = list(self._own.values())
        keys = [self._key(own.task.id) for own in owned]
        found = await self._renewal(keys=keys, args=[self._id, int(ORPHANED)]) if owned else []
        for own, state in zip(owned, found, strict=True):
            if self._own.get(own.task.id) is not own:
                continue  # it has ended meanwhile
            lost = state == -1
            if (state == 0 or own.kept is not own.task) and not lost:
                lost = not await self.save(own.task)
            if lost:  # to others, this process seemed to have ended, so the task has failed
                self._own.pop(own.task.id, None)
                self._receive(own.task.id, {"cancel": True})

    async def _end(self) -> None:
        """Let the open tasks end, as their loop does, and leave."""
        end = self._loop.time() + ENDING
        while self._own and self._loop.time() < end:
            await asyncio.sleep(0.01)
        while not self._hearing.done():
            self._hearing.cancel()  # once may not be enough, as in `save`
            await asyncio.sleep(0.01)
        self._lease.stop()
        with suppress(*_ERRORS):
            await self._client.aclose()


def _away(error: Exception) -> MCPError:
    why = f"The Redis that keeps the tasks does not work ({type(error).__name__}). Try again in a moment."
    return MCPError(INTERNAL_ERROR, why)
