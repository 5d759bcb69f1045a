"""Choose where a call of a tool runs, and limit how long.

Wherever it runs, the call keeps its context variables and tracebacks, and cancelling it reaches async code. A thread
cannot be stopped: a cancelled call is abandoned, its function keeps running, and its result is ignored.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool

from mcp_notebook import browser_tab, main_thread
from mcp_notebook.errors import DefinitionError
from mcp_notebook.recording import Call, current
from mcp_notebook.recording.call import State
from mcp_notebook.server.results import checked

__all__ = ["RUN_ON", "Execution", "RunOn", "execution_of", "with_execution"]

RunOn = Literal["worker", "loop", "main", "dask"]

WAITING: State = "waiting for the main thread"

PATIENCE = 0.2
"""Seconds that a call waits for the main thread before its client is told; between cells, the wait is a millisecond."""

Function = Callable[..., Any]
AsyncFunction = Callable[..., Awaitable[Any]]


class Execution(NamedTuple):
    """The place and the time limit of the calls of a tool.

    Attributes:
        run_on: Where they run.
        timeout: The seconds that one may take; None for no limit.
    """

    run_on: RunOn
    timeout: float | None = None


_CHOSEN = "_mcp_notebook_execution"


def execution_of(tool: Tool) -> Execution:
    """Return how the calls of a tool run; one of the SDK's own runs as the SDK runs it."""
    chosen = getattr(tool.fn, _CHOSEN, None)
    return chosen if isinstance(chosen, Execution) else Execution("loop" if tool.is_async else "worker")


def with_execution(tool: Tool, *, run_on: RunOn | None = None, timeout: float | None = None) -> Tool:
    """Return the tool, with its calls run in a given place.

    Args:
        tool: The tool as the SDK built it.
        run_on: A ``worker`` thread (the default for a ``def``), the server's ``loop`` (the default for an
            ``async def``), or the ``main`` thread of the kernel. ``dask`` is for a function of `on_dask`.
        timeout: Seconds after which a call is cancelled, including its wait for the thread; None for no limit.

    Raises:
        DefinitionError: A worker thread is asked for in a browser tab, which has none.
    """
    if browser_tab.HERE and run_on == "worker":
        raise DefinitionError(browser_tab.elsewhere("a page has no worker threads; leave out --run-on worker"))
    if browser_tab.HERE and tool.is_async:
        run_on = "loop"  # the loop of the main thread
    tool = checked(tool)
    run_on = run_on or ("loop" if tool.is_async else "worker")
    if (run_on, tool.is_async, timeout) == ("loop", True, None):
        return tool
    function = RUN_ON[run_on, tool.is_async](tool.fn)
    if timeout is not None:
        function = _limited(function, timeout, stoppable=inspect.iscoroutinefunction(inspect.unwrap(tool.fn)))
    functools.update_wrapper(function, tool.fn)
    setattr(function, _CHOSEN, Execution(run_on, timeout))
    return tool.model_copy(update={"fn": function, "is_async": True})


def _inline(function: Function) -> AsyncFunction:
    async def run(**arguments: Any) -> Any:
        return function(**arguments)

    return run


MOST_WORKERS = 1_000
"""Most calls on worker threads at once. AnyIO's default of 40 is soon used up by calls that never end."""

_limiter: RunVar[anyio.CapacityLimiter] = RunVar("mcp_notebook_workers")


def _workers() -> anyio.CapacityLimiter:
    """Return the limiter of the running loop."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(MOST_WORKERS)
        _limiter.set(limiter)
        return limiter


def _on_worker(function: Function) -> AsyncFunction:
    async def run(**arguments: Any) -> Any:
        call = functools.partial(function, **arguments)
        return await anyio.to_thread.run_sync(call, abandon_on_cancel=True, limiter=_workers())

    return run


def _on_main(function: Function) -> AsyncFunction:
    async def run(**arguments: Any) -> Any:
        return await _from_main(functools.partial(function, **arguments))

    return run


def _async_on_worker(function: AsyncFunction) -> AsyncFunction:
    async def run(**arguments: Any) -> Any:
        task = _Elsewhere(function(**arguments))
        try:
            return await anyio.to_thread.run_sync(task.run, abandon_on_cancel=True, limiter=_workers())
        except anyio.get_cancelled_exc_class():
            task.cancel()
            raise

    return run


def _async_on_main(function: AsyncFunction) -> AsyncFunction:
    async def run(**arguments: Any) -> Any:
        task = _Elsewhere(function(**arguments))
        try:
            return await _from_main(task.run)
        except anyio.get_cancelled_exc_class():
            task.cancel()
            raise

    return run


def _on_dask(function: AsyncFunction) -> AsyncFunction:
    async def run(**arguments: Any) -> Any:
        return await function(**arguments)

    return run


async def _from_main(function: Callable[[], Any]) -> Any:
    call = current.get()

    def begin() -> Any:
        if call is not None and call.running:
            call.state = "running"
        return function()

    if call is not None:
        call.state = WAITING
    future: Future[Any] = main_thread.submit(begin)
    notice = asyncio.get_running_loop().call_later(PATIENCE, _tell_client, call)
    try:
        return await asyncio.wrap_future(future)
    except KeyboardInterrupt as error:
        if call is not None:
            call.raised = error  # so that the author sees where
        raise ToolError("The call was interrupted in the notebook.") from error
    finally:
        notice.cancel()


def _tell_client(call: Call | None) -> None:
    """Tell a client that asked for progress why there is none yet."""
    if call is not None and call.session is not None and call.state == WAITING:
        task = asyncio.ensure_future(
            call.session.report_progress(0, None, "waiting until the notebook's cell has ended")
        )
        _notices.add(task)
        task.add_done_callback(_notices.discard)


_notices: set[asyncio.Task[None]] = set()


class _Elsewhere:
    """A coroutine on an event loop of its own, in a thread that runs nothing else."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine: Coroutine[Any, Any, Any] = coroutine
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False

    def run(self) -> Any:
        with _outside_any_loop():
            return asyncio.run(self._main())

    async def _main(self) -> Any:
        _beat()
        self._task = asyncio.ensure_future(self._coroutine)
        if self._cancelled:
            self._task.cancel()
        return await self._task

    def cancel(self) -> None:
        # Called on the server's loop, while `_main` may be about to make the task on its own thread. If it is made
        # after this check, `_main` sees the flag, or finds the coroutine closed.
        self._cancelled = True
        if self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)
        else:
            self._coroutine.close()  # it never starts, and Python would warn that it was not awaited


@contextmanager
def _outside_any_loop() -> Iterator[None]:
    """Let this thread run a loop of its own even inside a task of another loop; return to that task afterwards.

    The main thread may already be inside a loop, that of a cell. Since Python 3.14 the current task belongs to the
    thread, not to the loop, so the task has to be left as well.
    """
    outer = asyncio._get_running_loop()
    task = asyncio.current_task(outer) if outer is not None else None
    if outer is not None and task is not None:
        asyncio._leave_task(outer, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        if outer is not None and task is not None:
            asyncio._enter_task(outer, task)


HEARTBEAT = 0.2
"""Seconds after which a loop of `_Elsewhere` wakes to notice an interrupt: Python handles an interrupt that comes just
as the main thread falls asleep only when the thread wakes again."""


def _beat() -> None:
    asyncio.get_running_loop().call_later(HEARTBEAT, _beat)


RUN_ON: dict[tuple[RunOn, bool], Callable[[Any], AsyncFunction]] = {
    ("worker", False): _on_worker,
    ("worker", True): _async_on_worker,
    ("loop", False): _inline,
    ("loop", True): lambda function: function,
    ("main", False): _on_main,
    ("main", True): _async_on_main,
    ("dask", True): _on_dask,
}
"""The wrappers that run a function, by the place and by whether it is async."""


def _limited(function: AsyncFunction, seconds: float, *, stoppable: bool) -> AsyncFunction:
    async def run(**arguments: Any) -> Any:
        with anyio.move_on_after(seconds):
            return await function(**arguments)
        call = current.get()
        if call is not None and call.state == WAITING:
            ended = "the main thread was busy with a cell all the time. It was not started"
        elif stoppable:
            ended = "it was stopped"
        else:
            ended = "a thread cannot be stopped, so the function goes on, and its result is dropped"
        raise ToolError(f"No answer within {seconds:g} s; {ended}.")

    return run
