"""Run work on the kernel's main thread.

Objects such as a sqlite3 connection or a GUI's figures belong to the thread that made them, and a notebook makes
them on the main thread. The kernel's own loop does the work between cells and while a cell awaits. While a cell waits
for a request, that wait does the work, so that the cell never waits for itself. In a browser tab there is only the main
thread, and its loop does the work at any time.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from mcp_notebook import browser_tab

__all__ = ["drain", "result_of", "serve_on", "submit", "wake"]

T = TypeVar("T")


class _Job:
    """A function call that waits for the main thread."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.future: Future[Any] = Future()
        self._function = function
        self._context = contextvars.copy_context()

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._context.run(self._function)
        except BaseException as error:
            self.future.set_exception(error)
            if isinstance(error, KeyboardInterrupt):
                raise
        else:
            self.future.set_result(result)


LONGEST_WAIT = 0.2 if sys.platform == "win32" else None
"""Most seconds between two checks while the main thread waits. On Windows, before Python 3.14, an interrupt does not
wake a thread that waits for a lock or a queue; it is noticed when the wait ends."""

_jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
_loop: asyncio.AbstractEventLoop | None = None


def serve_on(loop: asyncio.AbstractEventLoop | None) -> None:
    """Make the main thread's event loop do the work whenever it runs; None stops this."""
    global _loop  # noqa: PLW0603 - there is one main thread
    _loop = loop


def submit(function: Callable[[], T]) -> Future[T]:
    """Call `function` on the main thread, in the caller's context; cancelling the future in time prevents the call."""
    job = _Job(function)
    _jobs.put(job)
    if browser_tab.HERE:
        browser_tab.soon(drain)
    elif _loop is not None:
        _loop.call_soon_threadsafe(drain)
    return job.future


def wake() -> None:
    """Wake the main thread's event loop: an interrupt alone does not wake a cell that awaits."""
    if _loop is not None:
        _loop.call_soon_threadsafe(lambda: None)


def drain() -> None:
    """Do all work that is waiting; call this on the main thread."""
    while True:
        try:
            job = _jobs.get_nowait()
        except queue.Empty:
            return
        if job is not None:
            _run_interruptible(job)


def _run_interruptible(job: _Job) -> None:
    """Run a job between cells, where a kernel ignores interrupts; an interrupt ends only this job."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        job.run()
    except KeyboardInterrupt:
        pass  # the job's future reports it
    finally:
        signal.signal(signal.SIGINT, earlier)


def result_of(future: Future[T], seconds: float | None = None) -> T:
    """Wait for a future; on the main thread, work meanwhile. An interrupt ends the wait on every platform.

    Raises:
        TimeoutError: It is not done after so many seconds; before Python 3.11, this is the one of `concurrent.futures`.
    """
    until = math.inf if seconds is None else time.monotonic() + seconds
    if browser_tab.HERE:
        browser_tab.wait(future, seconds)
    elif threading.current_thread() is threading.main_thread():
        future.add_done_callback(lambda _: _jobs.put(None))  # wakes the wait below
        while not future.done() and (left := until - time.monotonic()) > 0:
            with suppress(queue.Empty):
                job = _jobs.get(timeout=LONGEST_WAIT if left == math.inf else min(left, LONGEST_WAIT or left))
                if job is not None:
                    job.run()
    return future.result(None if seconds is None else max(until - time.monotonic(), 0))
