"""Run a model's code on a thread and loop of its own, with limits on its time and output.

The kernel's main thread stays free for cells, and the server's loop for other clients. The limits keep honest mistakes
from doing harm; they are not a sandbox.
"""

from __future__ import annotations

import ast
import asyncio
import contextvars
import ctypes
import inspect
import json
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from mcp_notebook.functions.clock import Clock, current_clock
from mcp_notebook.plain_json import as_json
from mcp_notebook.recording import current

__all__ = ["GRACE", "MOST_OUTPUT", "MOST_RESULT", "SECONDS", "Output", "Ran", "run_code"]

SECONDS: Final = 60.0
"""Seconds that code may run, without those in which it waits for a person to allow a call."""

MOST_OUTPUT: Final = 20_000
"""Characters of what code prints that the model gets."""

MOST_RESULT: Final = 20_000
"""Characters of the value that the model gets."""

GRACE: Final = 1.0
"""Seconds that code gets to end once it is told to."""

FILE: Final = "<code>"

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
        self._parts.append(text[: max(MOST_OUTPUT - self._length, 0)])
        self._length += len(text)

    @property
    def text(self) -> str:
        """The kept text, with a line on what is missing."""
        return _bounded("".join(self._parts), self._length, MOST_OUTPUT, "Print less.")


def _bounded(text: str, length: int, most: int, advice: str) -> str:
    return text if length <= most else f"{text[:most]}\n[cut: it has {length:,} characters. {advice}]"


@dataclass(frozen=True)
class Ran:
    """The outcome of code that ended.

    Attributes:
        value: The value of its last line; None if that has none.
        error: The exception that it raised.
        lines: Its lines, for the report of an error.
    """

    value: Any
    error: BaseException | None
    lines: list[str]

    @property
    def value_text(self) -> str:
        """The value as JSON, or as its repr if JSON cannot carry it; bounded, and empty if there is none."""
        if self.value is None:
            return ""
        if isinstance(self.value, str):
            text = self.value
        else:
            try:
                text = json.dumps(as_json(self.value), ensure_ascii=False)
            except (ValueError, RecursionError):
                text = repr(self.value)
        return _bounded(text, len(text), MOST_RESULT, "Return less.")

    @property
    def error_text(self) -> str:
        """The exception, with the line of the code where it was raised."""
        error = self.error
        if error is None:
            return ""
        found = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
        line = error.lineno if isinstance(error, SyntaxError) else found[-1] if found else None
        words = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
        where = ""
        if line is not None and 0 < line <= len(self.lines):
            where = f"line {line}: {self.lines[line - 1].strip()}\n"
        return _bounded(f"{where}{words}", len(words), MOST_RESULT, "")


async def run_code(code: str, names: dict[str, Any], seconds: float = SECONDS) -> Ran:
    """Run code, and return how it ended. If the wait is cancelled, the code is stopped.

    Args:
        code: Python, with ``await`` at any place.
        names: Its variables.
        seconds: How long it may run.

    Raises:
        ToolError: It took too long; the text says whether it was stopped.
    """
    running = _Running(code, names, Clock(seconds))
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
        raise ToolError(f"The code took more than {seconds:g} s; {how}. Calls that it made before have happened.")
    return ended.result()


class _Stopped(BaseException):
    """Raised in code that does not end by itself. No `Exception`, so that fewer handlers catch it."""


class _Running:
    """Code on its thread."""

    def __init__(self, code: str, names: dict[str, Any], clock: Clock) -> None:
        self.clock = clock
        self.future: Future[Ran] = Future()
        self._code = code
        self._names = names
        self._thread = threading.Thread(target=self._in_context(), name="mcp-notebook-code", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._told = False

    def _in_context(self) -> Callable[[], None]:
        context = contextvars.copy_context()
        context.run(current_clock.set, self.clock)
        return lambda: context.run(self._run)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what the code awaits; if it goes on, raise an exception in its thread."""
        self._told = True
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
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
        value, error = None, None
        try:
            value = asyncio.run(self._main())
        except BaseException as raised:  # noqa: BLE001 - the code may raise anything, and it ends here
            error = raised
        self.future.set_result(Ran(value, error, self._code.splitlines()))

    async def _main(self) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._told:
            raise asyncio.CancelledError
        made = eval(_compiled(self._code), self._names)
        if inspect.iscoroutine(made):
            await made
        value = self._names.get(VALUE)
        return await value if inspect.isawaitable(value) else value


VALUE: Final = "__value__"


def _compiled(code: str) -> Any:
    """Compile code so that it keeps the value of its last line."""
    tree = ast.parse(code, FILE)
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        tree.body[-1] = ast.copy_location(ast.Assign([ast.Name(VALUE, ast.Store())], last.value), last)
        ast.fix_missing_locations(tree)
    return compile(tree, FILE, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
