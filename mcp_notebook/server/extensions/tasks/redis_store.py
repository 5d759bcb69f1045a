"""Keep tasks in a Redis: they outlive the process, and every replica of a server answers for the tasks of all.

::

    tasks = Tasks({"train": 600}, store=RedisStore("redis://localhost:6379/0", "lab"))

It needs the library ``redis``, which is imported when a store is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..redis_client import RedisAddress, chosen
from .task import MOST_BYTES, MOST_ENDED, Receiver, Task, Watcher

if TYPE_CHECKING:
    from .redis_replica import Replica

__all__ = ["RedisStore", "chosen_store"]


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
        address = RedisAddress(url)
        from .redis_replica import Replica

        self._address = address
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
            found = self._replica(
                self._address.client(), self._address.blocking_client(), self._prefix, self._most, self._receiver
            )
            self._replicas[loop] = found
        return found


def chosen_store() -> RedisStore | None:
    """Return the store at the URL in the environment; None without one, which means the memory of the process.

    Raises:
        ImportError: The library ``redis`` is not installed.
        ValueError: It is not the URL of a Redis.
    """
    return chosen(RedisStore)
