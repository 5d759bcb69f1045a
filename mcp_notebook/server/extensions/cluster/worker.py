"""Run a function at a worker. This text is sent there, so it imports nothing of the package."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import pickle
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partialmethod
from itertools import islice
from types import TracebackType
from typing import Any

import cloudpickle
from distributed import Worker, get_worker
from tblib import Traceback, pickling_support

SMALL = 8_000
"""Bytes of an outcome that comes back as a message; a longer one is fetched, which takes one more round trip."""

FLIPPED = bytes(255 - each for each in range(256))
"""Table for the bytes of a payload on their way: Dask pickles a second time what has ``__main__`` in its bytes."""

MOST_OUTPUT = 400_000
"""Characters that a call may print, log and report; the rest is dropped."""

PAUSE = 0.02
"""Seconds for which output is collected before it is sent."""

BEAT = 0.1
"""Seconds between two looks whether anybody still waits for an async function."""

MOST_ROWS = 1_000_001
"""Most values that are taken from a generator; results with more rows are cut anyway."""


def run(payload: bytes, call: str, topic: str, level: int) -> bytes | None:
    """Run a function, and send what becomes of it.

    Args:
        payload: The pickled function, its arguments by name, the name of the one for the context, and the request's id,
            with its bytes `FLIPPED`.
        call: The key of the task.
        topic: The topic on which the server listens.
        level: The level of the root logger at the server.

    Returns:
        The outcome, if it is too long for a message.
    """
    worker = get_worker()
    outlet = Outlet(worker, topic, call)
    outlet.write("started", "")
    with _captured(outlet, level):
        outcome = _outcome(payload, outlet)
    pickled = pickle.dumps(outcome)  # of plain values
    small = len(pickled) <= SMALL
    outlet.end(pickled if small else None)
    return None if small else pickled


def _outcome(payload: bytes, outlet: Outlet) -> dict[str, Any]:
    try:
        function, arguments, context, request = cloudpickle.loads(payload.translate(FLIPPED))
    except Exception as error:  # noqa: BLE001 - something that it needs is not here, whatever the error
        return {"kind": "unloadable", "why": _described(error)}
    if context is not None:
        arguments[context] = WorkerContext(outlet, request)
    try:
        value = function(**arguments)
        if inspect.iscoroutine(value):
            value = asyncio.run(_watched(value, outlet))
        if inspect.isasyncgen(value):
            value = asyncio.run(_watched(_taken(value), outlet))
            kind = "yielded"
        elif inspect.isgenerator(value):
            value, kind = list(islice(value, MOST_ROWS)), "yielded"
        else:
            kind = "returned"
    except UnreachableError as error:
        return {"kind": "refused", "why": str(error)}
    except BaseException as error:  # noqa: BLE001 - sys.exit() in a tool must not end the worker
        return _raised(error)
    try:
        return {"kind": kind, "value": cloudpickle.dumps(value)}
    except Exception as error:  # noqa: BLE001 - a handle, a lock, an object of a C library
        return {"kind": "bound", "what": type(value).__qualname__, "why": _described(error)}


def _raised(error: BaseException) -> dict[str, Any]:
    error.__traceback__ = trace = _of_the_author(error.__traceback__)
    pickled: bytes | None
    try:
        pickling_support.install(error)
        pickled = cloudpickle.dumps(error)
    except Exception:  # noqa: BLE001 - then its words are what can travel
        pickled = None
    frames = None if trace is None else Traceback(trace).to_dict()
    return {"kind": "raised", "error": pickled, "why": _described(error), "frames": frames}


def _of_the_author(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame that is neither of this module nor of asyncio."""
    left = trace
    while left is not None:
        name = left.tb_frame.f_globals.get("__name__", "")
        if name != __name__ and name.partition(".")[0] != "asyncio":
            return left
        left = left.tb_next
    return trace


def _described(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


async def _watched(work: Coroutine[Any, Any, Any], outlet: Outlet) -> Any:
    """Await, and cancel if nobody waits for the task any more."""
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.wait({task}, timeout=BEAT)
        if not outlet.is_wanted():
            task.cancel()
    return await task


async def _taken(rows: AsyncIterator[Any]) -> list[Any]:
    found = []
    async for row in rows:
        found.append(row)
        if len(found) == MOST_ROWS:
            break
    return found


# --- from here to the server


class Outlet:
    """The messages of one call to the server, in their order; what comes in quick succession is one message."""

    def __init__(self, worker: Worker, topic: str, call: str) -> None:
        self._worker, self._topic, self._call = worker, topic, call
        self._parts: list[list[Any]] = []
        self._left = MOST_OUTPUT
        self._waiting = False
        self._lock = threading.Lock()

    def is_wanted(self) -> bool:
        """Return whether anybody waits for the outcome."""
        task = self._worker.state.tasks.get(self._call)
        return task is not None and task.state != "cancelled"

    def write(self, kind: str, value: str) -> None:
        """Send an output: ``stdout`` or ``stderr`` with a text; ``log``, ``message`` or ``progress`` with JSON.

        ``started`` has an empty value: the function begins.
        """
        with self._lock:
            if self._left <= 0:
                return
            self._left -= len(value) + 10
            if self._left <= 0:
                kind, value = "stderr", f"\n(The worker sends no more than {MOST_OUTPUT:,} characters of a call.)\n"
            last = self._parts[-1] if self._parts else ["", ""]
            if kind in ("stdout", "stderr") and last[0] == kind:
                last[1] += value
            elif kind == "progress" and last[0] == kind:
                last[1] = value
            else:
                self._parts.append([kind, value])
            if self._waiting:
                return
            self._waiting = True
        self._worker.loop.add_callback(self._worker.loop.call_later, PAUSE, self._flush)

    def end(self, outcome: bytes | None) -> None:
        """Send what is left, and the outcome; None if it is to be fetched."""
        with self._lock:
            parts, self._parts, self._left = self._parts, [], 0
        self._send([*parts, ["outcome", outcome]])

    def _flush(self) -> None:
        with self._lock:
            parts, self._parts, self._waiting = self._parts, [], False
        if parts:
            self._send(parts)

    def _send(self, parts: list[list[Any]]) -> None:
        self._worker.log_event(self._topic, {"call": self._call, "parts": parts})


class UnreachableError(RuntimeError):
    """A function asked for a part of the context that a worker does not have."""


class WorkerContext:
    """The part of the SDK's ``Context`` that a function has at a worker.

    Attributes:
        request_id: The id of the request.
    """

    def __init__(self, outlet: Outlet, request_id: str) -> None:
        self._outlet = outlet
        self.request_id = request_id

    async def report_progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Report progress, as ``Context`` does."""
        self._outlet.write("progress", json.dumps([progress, total, message]))

    async def _log_at(self, level: str, data: Any, *, logger_name: str | None = None) -> None:
        await self.log(level, data, logger_name=logger_name)

    async def log(self, level: str, data: Any, *, logger_name: str | None = None) -> None:
        """Send the client a log message, as ``Context`` does."""
        self._outlet.write("message", json.dumps([level, data, logger_name], default=str))

    debug = partialmethod(_log_at, "debug")
    info = partialmethod(_log_at, "info")
    warning = partialmethod(_log_at, "warning")
    error = partialmethod(_log_at, "error")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnreachableError(
            f"ctx.{name} is not there when the function runs on Dask, only report_progress, the log methods and "
            "request_id are. Ask by a parameter with Resolve, which is answered before the function is sent, or run "
            "the tool here."
        )


# --- what the function prints and logs

_current: ContextVar[Outlet | None] = ContextVar("mcp_on_dask", default=None)


@contextmanager
def _captured(outlet: Outlet, level: int) -> Iterator[None]:
    _install(level)
    token = _current.set(outlet)
    try:
        yield
    finally:
        _current.reset(token)


def _install(level: int) -> None:
    for name in ("stdout", "stderr"):
        if not isinstance(getattr(sys, name), _Stream):
            setattr(sys, name, _Stream(name))
    root = logging.getLogger()
    root.setLevel(min(root.level, level) if root.level else level)
    if not any(isinstance(handler, _Records) for handler in root.handlers):
        root.addHandler(_Records())


class _Stream:
    """Replaces ``sys.stdout`` or ``sys.stderr``: text of a call goes to the call, any other to the log of the worker.

    A worker that the server started has its stdout, on which a client may expect nothing but the protocol.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._log = getattr(sys.stderr, "_log", sys.stderr)

    def write(self, text: str) -> int:
        outlet = _current.get()
        if outlet is None:
            self._log.write(text)
        else:
            outlet.write(self._name, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class _Records(logging.Handler):
    """Sends the records of a call with it; those outside of calls go where Python would have sent them."""

    def emit(self, record: logging.LogRecord) -> None:
        outlet = _current.get()
        if outlet is not None:
            outlet.write("log", json.dumps([record.name, record.levelno, self.format(record)]))
        elif logging.lastResort is not None and record.levelno >= logging.lastResort.level:
            logging.lastResort.handle(record)
