"""Run the background event loop, and give synchronous code access to it.

A kernel's own loop is blocked whenever a cell runs, so everything that must continue meanwhile (the HTTP server, open
connections, calls) runs on one loop in a daemon thread. In a browser tab, where there are no threads, it runs on the
page's own loop.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from mcp_notebook import browser_tab, main_thread

__all__ = ["GRACE", "Portal"]

GRACE = 1.0
"""Seconds that closing waits for work that still runs. A thread cannot be stopped, so a tool that never returns must
not delay the cell that closes its server; the tool keeps running."""

T = TypeVar("T")

if browser_tab.HERE:
    browser_tab.run_workers_inline()


class Portal:
    """An event loop on a daemon thread, or in a browser tab the page's loop; the first use starts it.

    `anyio.from_thread.start_blocking_portal` is not used, because it waits for the loop's tasks when the interpreter
    exits. A server's tasks never end, so a kernel would hang in its shutdown.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._portal: BlockingPortal | browser_tab.Page | None = None
        self._event_loop: asyncio.AbstractEventLoop | None = None

    @property
    def here(self) -> bool:
        """Return whether the running coroutine is already on this loop."""
        return asyncio.get_running_loop() is self._event_loop

    def start(self, function: Callable[..., Awaitable[T]], *args: object) -> Future[T]:
        """Start ``function(*args)`` on the loop and return its future; cancelling the future cancels the work."""
        return self._started().start_task_soon(function, *args)

    def run(self, function: Callable[..., Awaitable[T]], *args: object) -> T:
        """Run ``function(*args)`` on the loop and wait for its result; on the main thread, do its work meanwhile.

        Anything that interrupts the wait also cancels the work, so that interrupting a cell that waits for a call
        cancels the call at the server.
        """
        work = _Work(function, args)
        try:
            result: T = main_thread.result_of(self.start(work.run))
        except BaseException:
            # Cancel `work`, not its future: an interrupt can come when the work has started but this frame does not
            # have the future yet. And do not use `start`, which waits for the loop: a function may be blocking it.
            if self._event_loop is not None:
                with suppress(RuntimeError):  # the loop is closed, and the work with it
                    self._event_loop.call_soon_threadsafe(work.cancel)
            raise
        return result

    def finish(self, function: Callable[..., Awaitable[T]], seconds: float) -> T:
        """Run ``function()`` on the loop and wait for its result, but not longer than so many seconds; it goes on then.

        Raises:
            TimeoutError: It has not ended by then; before Python 3.11, this is the one of `concurrent.futures`.
        """
        future = self.start(function)
        if browser_tab.HERE:
            browser_tab.wait(future, seconds)
            seconds = 0
        return future.result(seconds)

    @staticmethod
    def wait(future: Future[T], seconds: float | None = None) -> T:
        """Wait for the result of `start`; on the main thread, do its work meanwhile. An interrupt ends only the wait.

        Raises:
            TimeoutError: It is not done after so many seconds; before Python 3.11, the one of `concurrent.futures`.
        """
        return main_thread.result_of(future, seconds)

    def start_task(self, function: Callable[..., Awaitable[T]], *args: object) -> Future[T]:
        """Start ``function(*args, started)``; return its future once it has called ``started()``.

        anyio's `start_task` is not used, because interrupting it leaves the task running.

        Raises:
            Exception: The error that `function` raised before that.
        """
        ready: Future[None] = Future()

        def ended(future: Future[T]) -> None:
            if not ready.done():
                error = None if future.cancelled() else future.exception()
                ready.set_exception(error or CancelledError())

        running: Future[T] | None = None
        try:
            running = self.start(function, *args, lambda: ready.set_result(None))
            running.add_done_callback(ended)
            main_thread.result_of(ready)
        except BaseException:
            # If the interrupt comes before there is a future to cancel, calling `started` raises in the task.
            ready.cancel()
            if running is not None:
                running.cancel()
            raise
        return running

    def close(self) -> None:
        """Cancel everything on the loop and stop it; a later use starts a new one."""
        with self._lock:
            portal, self._portal = self._portal, None
        if portal is not None:
            # Not waited for: a task that blocks the loop must not block the thread that closes it.
            portal.start_task_soon(portal.stop, True)

    def _started(self) -> BlockingPortal | browser_tab.Page:
        with self._lock:
            if self._portal is None:
                self._portal = self._page() if browser_tab.HERE else self._thread()
            return self._portal

    def _page(self) -> browser_tab.Page:
        page = browser_tab.Page()
        self._event_loop = page.loop
        return page

    def _thread(self) -> BlockingPortal:
        ready: Future[BlockingPortal] = Future()
        run = partial(anyio.run, backend_options=_loop_options())
        threading.Thread(target=run, args=(self._loop, ready), name="mcp-notebook", daemon=True).start()
        return ready.result()

    async def _loop(self, ready: Future[BlockingPortal]) -> None:
        try:
            async with BlockingPortal() as portal:
                self._event_loop = asyncio.get_running_loop()
                ready.set_result(portal)
                await portal.sleep_until_stopped()
        finally:
            # If the loop ever ends by itself, the next use starts another.
            if self._portal is portal:
                self._portal = None


def _loop_options() -> dict[str, Any]:
    """Return the options that give this loop subprocesses on Windows, where kernels choose one without them."""
    return {"loop_factory": getattr(asyncio, "ProactorEventLoop")} if sys.platform == "win32" else {}  # noqa: B009


class _Work:
    """A function call that can be cancelled at any time, even before it has begun."""

    def __init__(self, function: Callable[..., Awaitable[Any]], args: tuple[object, ...]) -> None:
        self._function = function
        self._args = args
        self._cancelled = False
        self._scope: anyio.CancelScope | None = None

    async def run(self) -> Any:
        with anyio.CancelScope() as self._scope:
            if self._cancelled:
                self._scope.cancel()
            return await self._function(*self._args)

    def cancel(self) -> None:
        self._cancelled = True
        if self._scope is not None:
            self._scope.cancel()
