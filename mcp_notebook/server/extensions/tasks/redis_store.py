"""Keep tasks in a Redis: they outlive the process, and every replica of a server answers for the tasks of all.

::

    tasks = Tasks({"train": 600}, store=RedisStore("redis://localhost:6379/0", "lab"))

It needs the library ``redis``, which is imported when a store is made.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .task import MOST_BYTES, MOST_ENDED, Receiver, Task, Watcher

if TYPE_CHECKING:
    from .redis_replica import Replica

__all__ = ["RedisStore", "chosen_store"]

PACKAGE = (__package__ or "").partition(".")[0]

VARIABLE = f"{PACKAGE.upper()}_TASKS_REDIS_URL"
"""The environment variable with the URL of the Redis."""

PATIENCE = 2.0
"""Seconds that Redis has for an answer."""


class RedisStore:
    """Keeps tasks in a Redis.

    Args:
        url: The URL, such as ``redis://:PASSWORD@HOST:6379/0``; ``rediss://`` for TLS.
        name: The name of the server; servers with different names have nothing in common.
        most: Most tasks that have ended.
        most_bytes: Most bytes of all their states; the latest is kept in any case.

    Raises:
        ImportError: The library ``redis`` is not installed.
        ValueError: It is not the URL of a Redis.
    """

    def __init__(self, url: str, name: str, *, most: int = MOST_ENDED, most_bytes: int = MOST_BYTES) -> None:
        try:
            import redis.asyncio
            from redis.asyncio.retry import Retry as AsyncRetry
            from redis.backoff import ConstantBackoff
            from redis.retry import Retry

            from .redis_replica import Replica
        except ImportError:
            raise ImportError("The library redis is not installed, and tasks are to be kept in a Redis.") from None
        options: dict[str, Any] = {
            "decode_responses": True,
            "encoding_errors": "backslashreplace",
            "socket_timeout": PATIENCE,
            "socket_connect_timeout": PATIENCE,
        }
        try:
            self._client: Callable[[], Any] = partial(
                redis.asyncio.Redis.from_url, url, retry=AsyncRetry(ConstantBackoff(0.05), 1), **options
            )
            self._lease: Callable[[], Any] = partial(
                redis.Redis.from_url, url, retry=Retry(ConstantBackoff(0.05), 1), **options
            )
            self._lease().close()
        except (ValueError, TypeError):  # which may have a part of the password in it
            raise ValueError(
                "This is not the URL of a Redis, such as redis://:PASSWORD@HOST:6379/0. "
                "Write signs such as / and @ in a password as %2F and %40."
            ) from None
        self._replica = Replica
        self._prefix = f"mcp-tasks:{name}"
        self._most = most, most_bytes
        self._receiver: Receiver = lambda id, message: None
        self._replicas: dict[asyncio.AbstractEventLoop, Replica] = {}

    async def save(self, task: Task) -> bool:
        """Keep the task, in place of its earlier state; False if it has ended otherwise, which stays.

        Raises:
            MCPError: It is a new task, and Redis cannot be reached.
        """
        return await self._here().save(task)

    async def load(self, id: str) -> Task | None:
        """Return the task; None if it is unknown or has expired.

        Raises:
            MCPError: Redis cannot be reached.
        """
        return await self._here().load(id)

    def watch(self, id: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with the task at each change, on the running loop; return a function that ends this."""
        return self._here().watch(id, watcher)

    async def send(self, id: str, message: Mapping[str, Any]) -> None:
        """Pass a message to the process that runs the task; without one, drop it.

        Raises:
            MCPError: Redis cannot be reached, or that process has not read earlier messages.
        """
        await self._here().send(id, message)

    def deliver_to(self, receiver: Receiver) -> None:
        """Call `receiver` with each message to a task that runs in this process."""
        self._receiver = receiver

    def _here(self) -> Replica:
        """Return what this process is for others: one replica for each loop, since connections belong to a loop."""
        loop = asyncio.get_running_loop()
        found = self._replicas.get(loop)
        if found is None:
            self._replicas = {other: kept for other, kept in self._replicas.items() if not other.is_closed()}
            found = self._replica(self._client(), self._lease(), self._prefix, self._most, self._receiver)
            self._replicas[loop] = found
        return found


def chosen_store() -> RedisStore | None:
    """Return the store at the URL in the environment; None without one, which means the memory of the process.

    Raises:
        ImportError: The library ``redis`` is not installed.
        ValueError: It is not the URL of a Redis.
    """
    url = os.environ.get(VARIABLE, "").strip()
    if not url:
        return None
    try:
        return RedisStore(url, PACKAGE)
    except ImportError:
        extra = f"{PACKAGE.replace('_', '-')}[redis]"
        raise ImportError(f"{VARIABLE} is set, and redis is not installed. Run: pip install '{extra}'") from None
    except ValueError as error:
        raise ValueError(f"{VARIABLE}: {error}") from None
