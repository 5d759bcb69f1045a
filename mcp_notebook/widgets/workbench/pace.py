"""Pace: work that many threads ask for, done by one thread, once for a burst."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

__all__ = ["INTERVAL", "Pace"]

INTERVAL = 0.2
"""Seconds between two rounds of work: five a second are as many as a person can follow."""


class Pace:
    """A daemon thread that does what it is asked for, each job at most once in `INTERVAL`, until `close`.

    Args:
        failed: Told what a job raised; the thread goes on.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._due: dict[Callable[[], None], float] = {}
        self._news = threading.Condition()
        self._closed = threading.Event()
        threading.Thread(target=self._work, name="mcp-notebook-workbench", daemon=True).start()

    def ask(self, job: Callable[[], None], *, after: float = 0.0) -> None:
        """Have `job` done soon, or after so many seconds; asking again before that makes it no more than once."""
        with self._news:
            due = monotonic() + after
            self._due[job] = min(due, self._due.get(job, due))
            self._news.notify()

    def close(self) -> None:
        """End the thread; what has not begun is not done."""
        self._closed.set()
        with self._news:
            self._due.clear()
            self._news.notify()

    def _work(self) -> None:
        while not self._closed.is_set():
            for job in self._next():
                try:
                    job()
                except Exception as error:  # noqa: BLE001 - whatever it is, the view must stay alive
                    self._failed(error)
            self._closed.wait(INTERVAL)

    def _next(self) -> list[Callable[[], None]]:
        """Wait for work, and return what is due."""
        with self._news:
            if not self._due and not self._closed.is_set():
                self._news.wait()
            elif self._due:
                self._news.wait(max(min(self._due.values()) - monotonic(), 0.001))
            now = monotonic()
            ready = [job for job, due in self._due.items() if due <= now]
            for job in ready:
                del self._due[job]
            return ready
