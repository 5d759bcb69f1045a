"""Follow the output of a call while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mcp_notebook.recording.call import Call
from mcp_notebook.recording.recorder import Recorder

__all__ = ["Watch"]

EVERY = 0.25
"""Seconds between two looks at the output."""

MOST_PRINTED = 20_000
"""Characters of the output that are shown, the last ones; the whole is shown when the call has ended."""


class Watch:
    """Shows the output of the first request of a kind that begins from now on, while it runs.

    Args:
        recorder: Where the request is recorded; None to watch nothing.
        recorded: Its method and name.
        show: Called with the output so far, on a thread of its own, whenever there is more.

    Attributes:
        call: The call; None until it has begun.
    """

    def __init__(self, recorder: Recorder | None, recorded: tuple[str, str], show: Callable[[str], None]) -> None:
        self.call: Call | None = None
        self._wanted, self._show = recorded, show
        self._ended = threading.Event()
        self._leave = recorder.observe(self._begun) if recorder is not None else lambda: None

    def end(self) -> None:
        """End watching."""
        self._leave()
        self._ended.set()

    def _begun(self, call: Call) -> None:
        if self.call is None and call.running and (call.method, call.name) == self._wanted:
            self.call = call
            threading.Thread(target=self._follow, args=(call,), name="mcp-notebook-watch", daemon=True).start()

    def _follow(self, call: Call) -> None:
        shown = ""
        while not self._ended.wait(EVERY):
            printed = call.text("stdout", "stderr", "log")[-MOST_PRINTED:]
            if printed != shown:
                shown = printed
                self._show(printed)
