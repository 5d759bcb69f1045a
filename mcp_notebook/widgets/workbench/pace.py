"""Run jobs that many threads ask for in the background, once for each burst of requests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from mcp_notebook.background import Background, Rests

__all__ = ["INTERVAL", "Pace"]

INTERVAL = 0.2
"""Seconds between two rounds of work: a person cannot follow more than five a second."""


class Pace:
    """Runs jobs in the background on request, each at most once in `INTERVAL`, until `close`.

    Args:
        failed: Called with the exception of a job that failed; the others go on.
    """

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._due: dict[Callable[[], None], float] = {}
        self._changing = threading.Lock()
        self._background = Background(self._work(), "mcp-notebook-workbench")

    def ask(self, job: Callable[[], None], *, after: float = 0.0) -> None:
        """Run `job` soon, or after so many seconds; if it is asked for again before that, it still runs once."""
        with self._changing:
            due = monotonic() + after
            self._due[job] = min(due, self._due.get(job, due))
        self._background.wake()

    def close(self) -> None:
        """End the work; jobs that have not begun are dropped."""
        with self._changing:
            self._due.clear()
        self._background.end()

    def _work(self) -> Rests:
        earliest = 0.0
        while True:
            with self._changing:
                begin = max(min(self._due.values(), default=float("inf")), earliest)
                left = begin - monotonic()
                ready = [job for job, due in self._due.items() if due <= begin] if left <= 0 else []
                for job in ready:
                    del self._due[job]
            if not ready:
                yield None if left == float("inf") else left
                continue
            for job in ready:
                try:
                    job()
                except Exception as error:  # noqa: BLE001 - the view must survive any exception
                    self._failed(error)
            earliest = monotonic() + INTERVAL
