"""Count the seconds of code that runs, without those in which it waits for a person."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Clock", "current_clock", "not_counted"]


class Clock:
    """The seconds that are left; usable from any thread."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._waits = 0
        self._paused = math.inf
        self._lock = threading.Lock()

    def left(self) -> float:
        """Return the seconds that are left; infinite while it waits."""
        with self._lock:
            return math.inf if self._waits else self._ends - time.monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop until the end; several waits may overlap."""
        with self._lock:
            self._waits += 1
            if self._waits == 1:
                self._paused = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._waits -= 1
                if not self._waits:
                    self._ends += time.monotonic() - self._paused


current_clock: ContextVar[Clock | None] = ContextVar("mcp_notebook_clock", default=None)
"""The clock of the code that runs; None outside of such code."""


@contextmanager
def not_counted() -> Iterator[None]:
    """Do not count the time until the end, where a clock runs."""
    clock = current_clock.get()
    if clock is None:
        yield
    else:
        with clock.paused():
            yield
