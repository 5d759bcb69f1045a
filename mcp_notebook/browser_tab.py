"""Run in a browser tab, under Pyodide: everything happens on the one thread and the one event loop of the page.

A page has no threads, no sockets and no processes. Synchronous code can still wait for the loop where the browser can
suspend it (JavaScript Promise Integration, JSPI). This is the only module that knows Pyodide.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from mcp_notebook.errors import McpNotebookError

__all__ = [
    "CANNOT_LISTEN",
    "COURSE",
    "HERE",
    "Page",
    "elsewhere",
    "missing_here",
    "run_workers_inline",
    "soon",
    "wait",
]

HERE = sys.platform == "emscripten"
"""True under Pyodide: in a browser tab, or in Node for tests."""

CANNOT_LISTEN = "a page cannot listen, so no other program can reach a server here"

T = TypeVar("T")

COURSE = 'uvx --from "mcp-notebook[tutorial]" mcp-notebook lab'
"""The command that opens the course where everything works."""


def elsewhere(what: str) -> str:
    """Return the line of an error for what a browser tab cannot do; `what` is a sentence about a page."""
    return f"Not in a browser tab: {what}. {COURSE} opens the course on your own machine, where it works."


def missing_here() -> str | None:
    """Return the line to show if this browser cannot wait for the loop; None if it can, and outside a browser."""
    if not HERE:
        return None
    from js import WebAssembly  # type: ignore[import-not-found]

    if hasattr(WebAssembly, "Suspending"):
        return None
    return (
        "This browser cannot wait inside a cell (it has no JavaScript Promise Integration), so %mcp cannot call "
        f"anything. Use Chrome or Edge, 137 or later. {COURSE} opens the course on your own machine."
    )


def wait(future: Future[Any], seconds: float | None = None) -> None:
    """Suspend this code until the future is done, or for so many seconds; the page's loop runs meanwhile.

    Raises:
        McpNotebookError: This browser cannot do that, or JavaScript called this code without a way to suspend it.
    """
    from pyodide.ffi import can_run_sync, run_sync  # type: ignore[import-not-found]

    if future.done():
        return
    if not can_run_sync():
        raise McpNotebookError(
            missing_here() or "The page called this code in a way that cannot wait. Run it in a cell instead."
        )
    done = asyncio.Event()
    future.add_done_callback(lambda _: done.set())
    with suppress(TimeoutError):
        run_sync(asyncio.wait_for(done.wait(), seconds))


def soon(function: Callable[..., object], *args: object) -> None:
    """Call a function from the page's loop, where it can wait even if the code that asks for it cannot."""
    asyncio.get_event_loop().call_soon(function, *args)


def run_workers_inline() -> None:
    """Make AnyIO call what is meant for a worker thread at once: the SDK calls every synchronous function that way."""
    import anyio.to_thread  # imported here, because loading the extension must not wait for it

    anyio.to_thread.run_sync = _inline  # type: ignore[assignment]


async def _inline(function: Callable[..., T], *args: object, **_options: object) -> T:
    # A worker thread has a context of its own, too.
    return contextvars.copy_context().run(function, *args)


class Page:
    """The page's own loop, with the part of AnyIO's `BlockingPortal` that `mcp_notebook.portal` uses."""

    def __init__(self) -> None:
        self.loop = asyncio.get_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def start_task_soon(self, function: Callable[..., Any], *args: object) -> Future[Any]:
        """Start ``function(*args)`` on the loop and return its future; cancelling the future cancels the work."""
        future: Future[Any] = Future()
        task = self.loop.create_task(self._run(function, args, future))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return future

    async def _run(self, function: Callable[..., Any], args: tuple[object, ...], future: Future[Any]) -> None:
        import anyio

        with anyio.CancelScope() as scope:
            future.add_done_callback(lambda ended: scope.cancel() if ended.cancelled() else None)
            try:
                made = function(*args)
                result = await made if inspect.isawaitable(made) else made
            except asyncio.CancelledError:
                future.cancel()
                raise
            except BaseException as error:  # noqa: BLE001 - the code that waits for the future raises it
                if not future.cancelled():
                    future.set_exception(error)
            else:
                if not future.cancelled():
                    future.set_result(result)

    def stop(self, cancel_remaining: bool = False) -> None:
        """Cancel the work that still runs, except for the work that asks for this; the loop belongs to the page."""
        for task in self._tasks - {asyncio.current_task(self.loop)} if cancel_remaining else ():
            task.cancel()
