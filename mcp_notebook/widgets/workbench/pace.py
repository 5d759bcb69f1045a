"""Run jobs that many threads ask for on one thread, once for each burst of requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

__all__ = ["INTERVAL", "Pace"]

INTERVAL = 0.2
"""Seconds between two rounds of work: a person cannot follow more than five a second."""


class Pace:
    """A daemon thread that runs jobs on request, each at most once in `INTERVAL`, until `close`.

    Args:
        failed: Called with the exception of a job that failed; the thread goes on.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._due: dict[Callable[[], None], float] = {}
        self._news = threading.Condition()
        self._closed = threading.Event()
        threading.Thread(target=self._work, name="mcp-notebook-workbench", daemon=True).start()

    def ask(self, job: Callable[[], None], *, after: float = 0.0) -> None:
        """Run `job` soon, or after so many seconds; if it is asked for again before that, it still runs once."""
        with self._news:
            due = monotonic() + after
            self._due[job] = min(due, self._due.get(job, due))
            self._news.notify()

    def close(self) -> None:
        """End the thread; jobs that have not begun are dropped."""
        self._closed.set()
        with self._news:
            self._due.clear()
            self._news.notify()

    def _work(self) -> None:
        while not self._closed.is_set():
            for job in self._next():
                try:
                    job()
                except Exception as error:  # noqa: BLE001 - the view must survive any exception
                    self._failed(error)
            self._closed.wait(INTERVAL)

    def _next(self) -> list[Callable[[], None]]:
        """Wait for jobs, and return those that are due."""
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
