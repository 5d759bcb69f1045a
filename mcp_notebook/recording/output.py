"""Keep the prints, warnings and log records of each call with the call, in any thread or task.

Python has one ``sys.stdout`` for all threads, and a kernel shows text written there below the cell that started last.
While `captured` is open, the text that a call writes goes to the call instead. If there is no notebook to show calls,
`passed_on` also passes it on to the streams.
"""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, Literal

from mcp_notebook.recording.call import Call, current

__all__ = ["captured", "displayed", "ensure", "passed_on"]

_installed = False
_passed_on = False


class _CallStream:
    """Replaces ``sys.stdout`` or ``sys.stderr``, and behaves like the original except for the writes of calls."""

    def __init__(self, stream: Any, kind: Literal["stdout", "stderr"]) -> None:
        self.stream = stream
        self._kind = kind
        self._patched: Any = None
        self._busy = threading.local()

    def write(self, text: str) -> int:
        call = current.get()
        if call is not None:
            if not _logging.get():
                call.add(self._kind, text)
            return self.stream.write(text) if _passed_on else len(text)
        return self._outside_calls(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def _outside_calls(self, text: str) -> int:
        if self._patched is None or getattr(self._busy, "now", False):
            return self.stream.write(text)  # type: ignore[no-any-return]
        self._busy.now = True
        try:
            return self._patched(text)  # type: ignore[no-any-return]
        finally:
            self._busy.now = False

    def __setattr__(self, name: str, value: Any) -> None:
        # While a cell runs, IPython 9 sets its own `write` here, which keeps the text in the cell's history and calls
        # the earlier `write`. Text from calls must not get there.
        if name == "write":
            self._patched = None if value == self.write else value
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def ensure() -> None:
    """Install the streams again, if ``%%capture`` or a redirection has replaced them."""
    if not _installed:
        return
    if not isinstance(sys.stdout, _CallStream):
        sys.stdout = _CallStream(sys.stdout, "stdout")
    if not isinstance(sys.stderr, _CallStream):
        sys.stderr = _CallStream(sys.stderr, "stderr")


@contextmanager
def captured() -> Iterator[None]:
    """Keep the output of calls with the calls until the end; inside another `captured`, do nothing."""
    global _installed  # noqa: PLW0603 - as global as sys.stdout is
    if _installed:
        yield
        return
    call_handlers, start = logging.Logger.callHandlers, threading.Thread.start
    redirections = [(kind, kind.__enter__) for kind in (redirect_stdout, redirect_stderr)]
    _installed = True
    ensure()
    logging.Logger.callHandlers = _noting(call_handlers)  # type: ignore[method-assign]
    threading.Thread.start = _inheriting(start)  # type: ignore[method-assign]
    for kind, enter in redirections:
        kind.__enter__ = _ensuring(enter)  # type: ignore[method-assign]
    try:
        yield
    finally:
        _installed = False
        for kind, enter in redirections:
            kind.__enter__ = enter  # type: ignore[method-assign]
        threading.Thread.start = start  # type: ignore[method-assign]
        logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if isinstance(stream, _CallStream):
                setattr(sys, name, stream.stream)


@contextmanager
def passed_on() -> Iterator[None]:
    """Also pass the output of calls on to the process's own streams, until the end."""
    global _passed_on  # noqa: PLW0603 - as global as sys.stdout is
    _passed_on = True
    try:
        yield
    finally:
        _passed_on = False


def displayed(call: Call, bundle: Mapping[str, Any]) -> None:
    """Keep a display (a MIME bundle) with its call; if output is passed on, print its plain text to stderr."""
    call.add("display", bundle)
    if _passed_on:
        print(bundle.get("text/plain", f"<{', '.join(bundle)}>"), file=getattr(sys.stderr, "stream", sys.stderr))


def _ensuring(enter: Any) -> Any:
    """Keep a cell's redirection from affecting running calls; a call may still redirect its own prints."""

    def enter_outside_calls(redirection: Any) -> Any:
        target = enter(redirection)
        if current.get() is None:
            ensure()
        return target

    return enter_outside_calls


def _noting(call_handlers: Any) -> Any:
    """Keep a log record with its call; handlers that write to files, sockets or elsewhere still get it."""

    def call_handlers_noting(logger: logging.Logger, record: logging.LogRecord) -> None:
        call = current.get()
        if call is None:
            call_handlers(logger, record)
            return
        # The SDK logs failed calls, and the call already has that.
        if record.name.partition(".")[0] != "mcp":
            call.add("log", _text(record))
        token = _logging.set(True)
        try:
            call_handlers(logger, record)
        finally:
            _logging.reset(token)

    return call_handlers_noting


def _text(record: logging.LogRecord) -> str:
    try:
        return _FORMAT.format(record) + "\n"
    except Exception:  # noqa: BLE001 - the arguments do not fit the message; Python's own handlers survive that too
        return f"{record.levelname} {record.name}: {record.msg!r} % {record.args!r}\n"


_FORMAT = logging.Formatter("%(levelname)s %(name)s: %(message)s")

_logging: contextvars.ContextVar[bool] = contextvars.ContextVar("mcp_notebook_logging", default=False)
"""Set while a record of a call is handled, because a console handler writes the same record again."""


def _inheriting(start: Any) -> Any:
    """Let a thread that a call starts inherit the call, as Python 3.14 can without help."""

    def start_inheriting(thread: threading.Thread) -> None:
        if current.get() is not None:
            thread.run = _bound(contextvars.copy_context(), thread.run)  # type: ignore[method-assign]
        start(thread)

    return start_inheriting


def _bound(context: contextvars.Context, run: Any) -> Any:
    return lambda: context.run(run)
