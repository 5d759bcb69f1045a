"""Follow the output of a call while it runs."""

from __future__ import annotations

from collections.abc import Callable

from mcp_notebook.background import Background, Rests
from mcp_notebook.recording.call import Call
from mcp_notebook.recording.recorder import Recorder

__all__ = ["CallWatch"]

EVERY = 0.25
"""Seconds between two looks at the call."""


class CallWatch:
    """Follows the first request of a kind that begins from now on, while it runs.

    Args:
        recorder: Where the request is recorded; None to follow nothing.
        recorded: Its method and name.
        show: Called with the call, in the background, whenever it has put out more; None to only find the call.

    Attributes:
        call: The call; None until it has begun.
    """

    def __init__(
        self, recorder: Recorder | None, recorded: tuple[str, str], show: Callable[[Call], None] | None = None
    ) -> None:
        self.call: Call | None = None
        self._wanted, self._show = recorded, show
        self._following: Background | None = None
        self._ended = False
        self._leave = recorder.observe(self._begun) if recorder is not None else lambda: None

    def end(self) -> None:
        """End following."""
        self._ended = True
        self._leave()
        if self._following is not None:
            self._following.end()

    def _begun(self, call: Call) -> None:
        if self.call is None and call.running and (call.method, call.name) == self._wanted:
            self.call = call
            if self._show is not None:
                self._following = Background(_follow(call, self._show), "mcp-notebook-watch")
                if self._ended:  # meanwhile, by another thread
                    self._following.end()


def _follow(call: Call, show: Callable[[Call], None]) -> Rests:
    seen = call.size
    while True:
        yield EVERY
        if call.size != seen:
            seen = call.size
            show(call)
