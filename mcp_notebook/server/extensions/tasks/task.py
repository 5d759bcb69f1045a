"""A task as data, and where tasks are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal, Protocol, TypeAlias

from pydantic_core import to_json

__all__ = ["MOST_BYTES", "MOST_ENDED", "MemoryStore", "Receiver", "Status", "Task", "TaskStore", "Watcher", "Watchers"]

MOST_ENDED = 1_000
MOST_BYTES = 64_000_000
"""The limits of the tasks that have ended, by number and by the bytes of their results; the oldest go first."""

POLL = 0.02, 5.0
"""The shortest and the longest interval of polls, in seconds; in between, it is a tenth of the task's age."""

Status = Literal["working", "input_required", "completed", "failed", "cancelled"]


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        id: The id, which nobody can guess.
        principal: The user who called the tool, if the server has authorization; nobody else gets the task.
        ttl: Seconds to keep the task after its end; None for no limit.
        created: When it was created, in seconds since the epoch.
        updated: When it last changed.
        status: The status.
        message: The status message, such as the progress or the reason for the end.
        asked: The requests that wait for the client's answers, by key.
        result: The result of the call.
        error: The protocol error that the call ended with.
    """

    id: str
    principal: str | None
    ttl: float | None
    created: float
    updated: float
    status: Status = "working"
    message: str | None = None
    asked: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None

    @property
    def open(self) -> bool:
        """Return whether the task has not ended."""
        return self.status in ("working", "input_required")

    @property
    def expired(self) -> bool:
        """Return whether the task has ended, and was kept for its time."""
        return not self.open and self.ttl is not None and time.time() > self.updated + self.ttl

    def wire(self) -> dict[str, Any]:
        """Return the ``DetailedTask`` of the protocol."""
        age = (time.time() if self.open else self.updated) - self.created
        sent: dict[str, Any] = {
            "taskId": self.id,
            "status": self.status,
            "createdAt": _iso(self.created),
            "lastUpdatedAt": _iso(self.updated),
            # The protocol counts from the creation, so this grows while the task is open.
            "ttlMs": None if self.ttl is None else int((age + self.ttl) * 1000),
            "pollIntervalMs": int(min(max(age / 10, POLL[0]), POLL[1]) * 1000),
        }
        if self.status == "input_required":
            sent["inputRequests"] = dict(self.asked)
        parts = {"statusMessage": self.message, "result": self.result, "error": self.error}
        return sent | {key: value for key, value in parts.items() if value is not None}


Watcher: TypeAlias = Callable[[Task], None]
"""Called with a task when it has changed."""

Receiver: TypeAlias = Callable[[str, Mapping[str, Any]], None]
"""Called with the id of a task that runs in this process, and what another process wants of it."""


class TaskStore(Protocol):
    """Keeps tasks. With one outside the process, every replica of a server answers for the tasks of all.

    A call always runs in the process that began it. The others read its state from the store, and pass on to it what
    their clients want of it. A store that cannot be reached raises an `MCPError`, which the client is told.
    """

    async def save(self, task: Task) -> bool:
        """Keep the task, in place of its earlier state; False if it has ended otherwise, which stays."""
        ...

    async def load(self, id: str) -> Task | None:
        """Return the task; None if it is unknown or has expired."""

    def watch(self, id: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with the task at each change; return a function that ends this."""
        ...

    async def send(self, id: str, message: Mapping[str, Any]) -> None:
        """Pass a message to the process that runs the task; without one, drop it."""

    def deliver_to(self, receiver: Receiver) -> None:
        """Call `receiver` with each message to a task that runs in this process."""


class Watchers:
    """The watchers of tasks in this process."""

    def __init__(self) -> None:
        self._of: dict[str, list[Watcher]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._of))

    def add(self, id: str, watcher: Watcher) -> Callable[[], None]:
        """Add a watcher of a task; return a function that removes it."""
        self._of.setdefault(id, []).append(watcher)

        def leave() -> None:
            watchers = self._of.get(id, [])
            if watcher in watchers:
                watchers.remove(watcher)
            if not watchers:
                self._of.pop(id, None)

        return leave

    def tell(self, task: Task) -> None:
        """Call the watchers of a task."""
        for watcher in list(self._of.get(task.id, ())):
            watcher(task)


class MemoryStore:
    """Keeps tasks in this process.

    Args:
        most: Most tasks that have ended.
        most_bytes: Most bytes of all their results; the latest result is kept in any case.
    """

    def __init__(self, *, most: int = MOST_ENDED, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._open: dict[str, Task] = {}
        self._ended: dict[str, tuple[Task, int]] = {}
        self._bytes = 0
        self._watchers = Watchers()

    async def save(self, task: Task) -> bool:
        """Keep the task; drop expired ones, and the oldest to make room."""
        if task.open:
            self._open[task.id] = task
        else:
            self._end(task)
        self._watchers.tell(task)
        return True

    async def load(self, id: str) -> Task | None:
        """Return the task; None if it is unknown or has expired."""
        task, _ = self._ended.get(id, (self._open.get(id), 0))
        return None if task is None or task.expired else task

    def watch(self, id: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with the task at each change; return a function that ends this."""
        return self._watchers.add(id, watcher)

    async def send(self, id: str, message: Mapping[str, Any]) -> None:
        """Drop the message: a task that does not run in this process runs nowhere."""

    def deliver_to(self, receiver: Receiver) -> None:
        """Do nothing: no other process can send a message."""

    def _end(self, task: Task) -> None:
        self._open.pop(task.id, None)
        size = len(to_json([task.result, task.error]))
        self._ended[task.id] = task, size
        self._bytes += size
        for id in [id for id, (kept, _) in self._ended.items() if kept.expired]:
            self._drop(id)
        while len(self._ended) > self._most or (self._bytes > self._most_bytes and len(self._ended) > 1):
            self._drop(next(iter(self._ended)))

    def _drop(self, id: str) -> None:
        self._bytes -= self._ended.pop(id)[1]


def _iso(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, timezone.utc)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
