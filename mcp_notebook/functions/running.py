"""Run a model's code on a thread and loop of its own, with limits on its time and output.

The kernel's main thread stays free for cells, and the server's loop for other clients. The limits keep honest mistakes
from doing harm; they are not a sandbox.
"""

from __future__ import annotations

import ast
import asyncio
import ctypes
import inspect
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

from mcp_notebook.functions.clock import Clock, current_clock
from mcp_notebook.functions.origin import Origin
from mcp_notebook.functions.outcome import FILE, Ran, bounded, error_text, value_text
from mcp_notebook.recording import current

__all__ = ["GRACE", "MOST_OUTPUT", "SECONDS", "Output", "run_code"]

SECONDS: Final = 60.0
"""Seconds that code may run, without those in which it waits for a person to allow a call."""

MOST_OUTPUT: Final = 20_000
"""Characters of what code prints that the model gets."""

GRACE: Final = 1.0
"""Seconds that code gets to end once it is told to."""

BEAT: Final = 0.2
"""Seconds after which a wait looks at the clock again, which may have stood still meanwhile."""


class Output:
    """Keeps the beginning of what code prints."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0

    def write(self, text: str) -> None:
        """Keep a text, as far as there is room; the log of the call gets it, too."""
        if (call := current.get()) is not None:
            call.add("stdout", text)
        if text and self._length < MOST_OUTPUT:
            self._parts.append(text[: MOST_OUTPUT - self._length])
        self._length += len(text)

    @property
    def text(self) -> str:
        """The kept text, with a line on what is missing."""
        return bounded("".join(self._parts), self._length, MOST_OUTPUT, "Print less.")


async def run_code(code: str, names: dict[str, Any], seconds: float = SECONDS, origin: Origin | None = None) -> Ran:
    """Run code, and return how it ended, or that it took too long. If the wait is cancelled, the code is stopped.

    Args:
        code: Python, with ``await`` at any place.
        names: Its variables.
        seconds: How long it may run.
        origin: The request that the code and its calls belong to; defaults to the running one.
    """
    running = _Running(code, names, Clock(seconds), origin or Origin())
    running.start()
    ended = asyncio.wrap_future(running.future)
    try:
        while not ended.done() and (left := running.clock.left()) > 0:
            await asyncio.wait([ended], timeout=min(left, BEAT))
    except asyncio.CancelledError:
        running.stop()
        raise
    if not ended.done():
        running.stop()
        await asyncio.wait([ended], timeout=2 * GRACE)
        how = "it was stopped" if ended.done() else "it could not be stopped, and goes on in the kernel"
        return Ran(
            error=f"The code took more than {seconds:g} s; {how}. Calls that it made before have happened.",
        )
    return ended.result()


class _Stopped(BaseException):
    """Raised in code that does not end by itself. No `Exception`, so that fewer handlers catch it."""


class _Running:
    """Code on its thread."""

    def __init__(self, code: str, names: dict[str, Any], clock: Clock, origin: Origin) -> None:
        self.clock = clock
        self.future: Future[Ran] = Future()
        self._code = code
        self._names = names
        self._origin = origin
        origin.context.run(current_clock.set, clock)
        self._thread = threading.Thread(
            target=origin.context.run, args=[self._run], name="mcp-notebook-code", daemon=True
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._told = False
        self._unawaited = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what the code awaits; if it goes on, raise an exception in its thread."""
        self._told = True
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._task.cancel)
        timer = threading.Timer(GRACE, self._raise)
        timer.daemon = True
        timer.start()

    def _raise(self) -> None:
        # Code that computes sees this at its next step; a function in C only when it returns.
        if self._thread.is_alive() and not self.future.done():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(_Stopped)
            )

    def _run(self) -> None:
        try:
            ran = self._ended()
        except BaseException as raised:  # noqa: BLE001 - it was stopped while it wrote its value or error
            ran = Ran(error=type(raised).__name__)
        self.future.set_result(ran)

    def _ended(self) -> Ran:
        """Run the code, and write its value or error, too: methods of the code do so, within its limits."""
        try:
            text = value_text(asyncio.run(self._main()))
        except BaseException as raised:  # noqa: BLE001 - the code may raise anything, and it ends here
            return Ran(error=error_text(raised, self._code), unawaited=self._unawaited)
        return Ran(text, unawaited=self._unawaited)

    async def _main(self) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._told:
            raise asyncio.CancelledError
        try:
            made = eval(_compiled(self._code), self._names)
            if inspect.iscoroutine(made):
                await made
            value = self._names.get(VALUE)
            return await value if inspect.isawaitable(value) else value
        finally:
            self._unawaited = bool(self._origin.open) or asyncio.all_tasks() != {self._task}


VALUE: Final = "__value__"


def _compiled(code: str) -> Any:
    """Compile code so that it keeps the value of its last line."""
    tree = ast.parse(code, FILE)
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name(VALUE, ast.Store())], last.value), last)
        ast.fix_missing_locations(tree)
    return compile(tree, FILE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
