"""Show a call below the cell that waits for it, while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from IPython.display import display

from mcp_notebook.background import Background, Rests
from mcp_notebook.client import Connection, OnProgress
from mcp_notebook.recording.watching import EVERY, CallWatch
from mcp_notebook.rendering.calls.running import printed_so_far, running_card
from mcp_notebook.session.person import has_viewer
from mcp_notebook.session.session import Session

__all__ = ["shown_while_running"]

BEGIN_AFTER = 0.5
"""Seconds after which a call is shown; most calls have ended by then."""


@contextmanager
def shown_while_running(session: Session, connection: Connection, tool: str) -> Iterator[OnProgress | None]:
    """Show the progress and the output of a call of `tool`; yield what is to be called with its progress.

    At the end, nothing of it is left. Where no front end shows the cell, nothing is shown, and None is yielded.
    """
    if not has_viewer(session.shell):
        yield None
        return
    shown = _Shown(connection, tool)
    try:
        yield shown.progressed
    finally:
        shown.end()


class _Shown:
    """The display of a call, updated in the background."""

    def __init__(self, connection: Connection, tool: str) -> None:
        self._tool = tool
        self._watch = CallWatch(connection.recorder, ("tools/call", tool))
        self._progress: tuple[float, float | None, str | None] | None = None
        self._since = time.monotonic()
        self._context = copy_context()  # which tells the front end the cell that an output belongs to
        self._handle: Any = None
        self._showing = Background(self._show(), "mcp-notebook-running")

    def progressed(self, progress: float, total: float | None, message: str | None) -> None:
        """Keep the latest report of progress."""
        self._progress = progress, total, message

    def end(self) -> None:
        """Take the display away: an output cannot be removed, but an empty one is neither seen nor compared."""
        self._watch.end()
        self._showing.end()
        self._showing.join()
        if self._handle is not None:
            self._handle.update({}, raw=True)

    def _show(self) -> Rests:
        wait = BEGIN_AFTER
        while True:
            yield wait
            wait = EVERY
            call = self._watch.call
            printed = printed_so_far(call) if call is not None else ""
            card = running_card(self._tool, time.monotonic() - self._since, self._progress, printed)
            if self._handle is None:
                self._handle = self._context.run(display, card, display_id=True)
            else:
                self._context.run(self._handle.update, card)
