"""One call of a function that runs on Dask, and what comes back with it."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import pickle
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import Context
from functools import partial, wraps
from typing import Any, NoReturn

import anyio
import anyio.to_thread
from mcp import MCPDeprecationWarning
from mcp.server.mcpserver import Context as CallContext
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.utilities.context_injection import find_context_parameter

from .connection import PATIENCE, VARIABLE, Link, address, connected, ready
from .travelling import EXTRA, is_installed, packed, reason

__all__ = ["on_dask"]

Function = Callable[..., Any]

LOST = (
    "The Dask worker that ran this call was lost. How far it came is not known, and it was not run again, because the "
    "tool does not say that it is read-only or idempotent."
)
GONE = (
    "The connection to the Dask scheduler was lost, and whether the call came to its end is not known. The next call "
    "connects again."
)


LARGE = 100_000
"""Bytes from which on a payload is made on a thread."""

SHORT = 0.25
"""Seconds after which a call also learns of failures that its worker cannot report."""


class Disconnected(Exception):
    """The connection was lost while a call ran."""


def on_dask(function: Function, *, idempotent: bool = False) -> Function:
    """Return an async function for a tool, which runs `function` at a worker of a Dask cluster.

    Args:
        function: The function, or coroutine function. Its arguments, its result and what it uses from outside have to
            be picklable.
        idempotent: Whether a call may run again if its worker was lost.

    Without Dask, the function runs in this process, unless the environment names a scheduler.
    """
    context = find_context_parameter(function)
    sizes = [LARGE]

    @wraps(function)
    async def run(**arguments: Any) -> Any:
        if not is_installed():
            return await _here(function, arguments)
        given = arguments.pop(context) if context in arguments else None
        request = given.request_id if given is not None else ""
        pack = partial(packed, function, arguments, context if given is not None else None, request)
        payload = await _of_size(pack, sizes)
        for last in (False, True) if idempotent else (True,):
            link = ready() or await _connected()
            try:
                return await _Call(link, given).outcome(function.__name__, payload, once=not idempotent)
            except Disconnected:
                if last:
                    raise ToolError(GONE) from None
        raise AssertionError("the last try returns or raises")

    return run


async def _of_size(pack: Callable[[], bytes], sizes: list[int]) -> bytes:
    """Return a payload. If the last was small, make it here: a thread would take longer than the work."""
    payload = pack() if sizes[0] < LARGE else await anyio.to_thread.run_sync(pack)
    sizes[0] = len(payload)
    return payload


async def _here(function: Function, arguments: Mapping[str, Any]) -> Any:
    """Run a function in this process, as a server does that has no Dask."""
    if address():
        raise ToolError(f"{VARIABLE} is set, and Dask is not installed. Run: pip install '{EXTRA}'")
    name = function.__name__
    logging.getLogger(__name__).warning("%s runs in this process. For Dask: pip install '%s'", name, EXTRA)
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    return await anyio.to_thread.run_sync(partial(function, **arguments), abandon_on_cancel=True)


async def _connected() -> Link:
    """Connect on a thread, outside of the context of the call: Dask's own threads would inherit that for good."""
    return await anyio.to_thread.run_sync(partial(Context().run, connected), abandon_on_cancel=True)


class _Call:
    """A call while it runs at a worker."""

    def __init__(self, link: Link, context: CallContext[Any, Any] | None) -> None:
        self._link, self._context = link, context
        self._parts: asyncio.Queue[list[Any]] = asyncio.Queue()
        self._started = False

    async def outcome(self, name: str, payload: bytes, *, once: bool) -> Any:
        """Run it, pass on what it puts out, and return its value.

        Raises:
            ToolError: It cannot run, or what becomes of it cannot be known.
            Disconnected: The connection was lost.
            Exception: The function raised it; the traceback is that of the worker.
        """
        loop = asyncio.get_running_loop()

        def tell(part: list[Any]) -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it the call
                loop.call_soon_threadsafe(self._parts.put_nowait, part)

        key, ended = self._link.start(name, payload, tell, once=once), False
        watching = loop.call_later(SHORT, self._link.watch, key)
        try:
            while True:
                kind, *values = await self._next()
                if kind == "outcome":
                    pickled = values[0] or await anyio.to_thread.run_sync(self._link.fetch, key, abandon_on_cancel=True)
                    ended = True
                    return _unpacked(name, pickled)
                await self._note(kind, *values)
        finally:
            watching.cancel()
            self._link.forget(key, now=not ended)

    async def _next(self) -> list[Any]:
        """Return the next message; as long as the call has not begun, look whether it can."""
        while not self._started:
            with anyio.move_on_after(PATIENCE / 4):
                return await self._parts.get()
            has_workers = partial(self._link.has_workers, PATIENCE)
            if not await anyio.to_thread.run_sync(has_workers, abandon_on_cancel=True):
                raise ToolError(f"{self._link} has no workers left. Start some: dask worker ADDRESS.")
        return await self._parts.get()

    async def _note(self, kind: str, *values: Any) -> None:
        if kind == "started":
            self._started = True
        elif kind in ("stdout", "stderr"):
            getattr(sys, kind).write(values[0])
        elif kind == "log":
            name, level, text = json.loads(values[0])
            logger = logging.getLogger(name)
            logger.handle(logger.makeRecord(name, level, "", 0, text, (), None))
        elif kind in ("progress", "message") and self._context is not None:
            await _SENT[kind](self._context, *json.loads(values[0]))
        elif kind == "lost":
            self._started = False
            if values[0]:
                raise ToolError(LOST)
            logging.getLogger(__name__).warning("The Dask worker that ran this call was lost. It runs again.")
        elif kind == "disconnected":
            raise Disconnected
        elif kind == "failed":
            raise ToolError(_failed(values[0])) from values[0]


async def _progress(context: CallContext[Any, Any], progress: float, total: float | None, message: str | None) -> None:
    await context.report_progress(progress, total, message)


async def _message(context: CallContext[Any, Any], level: Any, data: Any, logger: str | None) -> None:
    session = context.request_context.session
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)  # the author decided to use it
        sending = session.send_log_message(level, data, logger, context.request_id)
    await sending


_SENT = {"progress": _progress, "message": _message}
"""The functions that pass on what a function has sent by its context."""


def _failed(error: BaseException) -> str:
    """Say what to do about a task that Dask could not bring to an end."""
    if type(error).__name__ == "KilledWorker":
        return (
            "Each Dask worker that ran this call was lost, so Dask does not try again. It may need more memory than a "
            "worker has, or end the process."
        )
    return f"Dask could not run this call ({reason(error)}). Look at the logs of its workers."


def _unpacked(name: str, pickled: bytes) -> Any:
    """Return what a function returned, or raise what it raised."""
    outcome = pickle.loads(pickled)
    kind = outcome["kind"]
    if kind == "raised":
        _raise(name, outcome)
    if kind == "refused":
        raise ToolError(outcome["why"])
    if kind == "unloadable":
        raise ToolError(
            f"{name} cannot be loaded at the Dask worker ({outcome['why']}). Install there what it imports, in the "
            "versions of this environment."
        )
    if kind == "bound":
        raise ToolError(
            f"{name} returned a {outcome['what']}, which cannot leave the Dask worker ({outcome['why']}). Return what "
            "is in it: values, a table or an array."
        )
    try:
        value = pickle.loads(outcome["value"])
    except Exception as error:
        raise ToolError(
            f"The result of {name} cannot be loaded here ({reason(error)}). Install here what the Dask worker has."
        ) from error
    return (each for each in value) if kind == "yielded" else value


def _raise(name: str, outcome: Mapping[str, Any]) -> NoReturn:
    from tblib import Traceback

    error: BaseException | None = None
    with suppress(Exception):  # its class may be one that cannot be made again
        error = pickle.loads(outcome["error"])
    if not isinstance(error, BaseException):
        frames = outcome["frames"]
        trace = None if frames is None else Traceback.from_dict(frames).as_traceback()
        error = RuntimeError(f"At the Dask worker, {name} raised {outcome['why']}").with_traceback(trace)
    raise error
