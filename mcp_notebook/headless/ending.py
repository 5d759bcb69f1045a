"""Shutdown and signals of a process that runs a notebook; ends all that its cells started."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

import psutil

__all__ = ["Ended", "children_end", "ended_by_signals"]

PATIENCE = 5.0
"""Seconds that a notebook which nobody waits for has to end in."""


class Ended:
    """The end of the process.

    Attributes:
        signal: Done when a signal came.
        serving: Whether the cells have run: then SIGTERM is the regular end.
        status: The exit status.
    """

    def __init__(self) -> None:
        self.signal: Future[None] = Future()
        self.serving = False
        self.status = 0

    def handle(self, number: int, _frame: Any) -> None:
        """Interrupt what the main thread does, a cell or a tool's call; the second time, end at once."""
        if self.signal.done():  # a second one, while all is being closed
            _end(_children())
            os._exit(self.status)
        if number == signal.SIGINT or not self.serving:
            self.status = 128 + number
        self.signal.set_result(None)
        raise KeyboardInterrupt

    def hung_up(self) -> None:
        """Interrupt the cells, from another thread: the client that they run for has gone."""
        _terminate()
        impatient = threading.Timer(PATIENCE, _terminate)
        impatient.daemon = True
        impatient.start()


def _terminate() -> None:
    if sys.platform == "win32":  # where `os.kill` ends the process at once, and leaves its children
        _thread.interrupt_main(signal.SIGTERM)
    else:  # a signal for the process may come to another thread, and then does not wake the main one
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


@contextmanager
def ended_by_signals() -> Iterator[Ended]:
    """While this is open, SIGINT and SIGTERM end what runs, each with its status."""
    ended = Ended()
    earlier = {number: signal.signal(number, ended.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@contextmanager
def children_end() -> Iterator[None]:
    """End the processes that were started meanwhile and still run, and theirs, as a kernel does when it shuts down."""
    earlier = set(_children())
    try:
        yield
    finally:
        _end([child for child in _children() if child not in earlier])


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=0.5)[1]:
        with suppress(psutil.Error):
            process.kill()
