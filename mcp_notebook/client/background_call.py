"""A call that goes on in the background, while other cells run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from concurrent import futures
from concurrent.futures import CancelledError, Future
from typing import Any, Protocol

from mcp_types import CallToolResult

from mcp_notebook.client.extensions.tasks import OnTask, TaskState
from mcp_notebook.client.requests import OnProgress, Outcome
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal

__all__ = ["BackgroundCall"]

HEARTBEAT = 0.2
"""Seconds after which an interrupt is noticed while a cell awaits."""


class Start(Protocol):
    """Starts a call."""

    def __call__(self, *, on_progress: OnProgress, on_task: OnTask) -> Future[Outcome[CallToolResult]]:
        """Return the future of its outcome; cancelling that cancels the call at the server."""


class BackgroundCall:
    """A call in the background; if the server makes a task of it, this follows the task.

    ``await`` it, or call `result`, to wait for its end.

    Args:
        server: The server, as the notebook names it.
        tool: The tool.
        start: Starts the call.

    Attributes:
        server: The server, as the notebook names it.
        tool: The tool.
        started: When it was called, in seconds since the epoch.
        progress: The latest report of progress: the progress, the total if known, and a message; None before the first.
    """

    def __init__(self, server: str, tool: str, start: Start) -> None:
        self.server, self.tool, self.started = server, tool, time.time()
        self.progress: tuple[float, float | None, str | None] | None = None
        self._ended: float | None = None
        self._state: TaskState | None = None
        self._future = start(on_progress=self._progressed, on_task=self._changed)
        self._future.add_done_callback(self._done)

    @property
    def task_id(self) -> str | None:
        """The id of the task at the server; None if the server made no task of the call."""
        return self._state.id if self._state is not None else None

    @property
    def status(self) -> str:
        """``working``, ``input_required``, ``completed``, ``failed`` or ``cancelled``."""
        said = self._state.status if self._state is not None else "working"
        if not self._future.done():
            return said if said in ("working", "input_required") else "working"  # the result is still on its way
        if self._future.cancelled():
            return "cancelled"
        return "completed" if self._future.exception() is None else "cancelled" if said == "cancelled" else "failed"

    @property
    def message(self) -> str | None:
        """The status message, or the error of a failed call; None if there is neither."""
        if self._future.done():
            error = None if self._future.cancelled() else self._future.exception()
            return None if error is None else str(error)
        if self._state is not None:
            return self._state.message
        return self.progress[2] if self.progress is not None else None

    @property
    def seconds(self) -> float:
        """The seconds that it took, or takes so far."""
        return (self._ended or time.time()) - self.started

    @property
    def outcome(self) -> Outcome[CallToolResult] | None:
        """The outcome; None if there is none, or not yet."""
        done = self._future.done() and not self._future.cancelled() and self._future.exception() is None
        return self._future.result() if done else None

    def result(self, timeout: float | None = None) -> CallToolResult:
        """Wait for the result, and return it; interrupting the wait does not end the call.

        Args:
            timeout: Seconds to wait; None for no limit. The call goes on after that.

        Raises:
            RequestError: The call failed, or was cancelled.
            TimeoutError: It has not ended by then.
        """
        try:
            return Portal.wait(self._future, timeout).result
        except CancelledError:
            raise self._cancelled() from None
        except futures.TimeoutError:
            raise TimeoutError(f"The call of {self.tool!r} has not ended after {timeout:g} s; it goes on.") from None

    def cancel(self) -> None:
        """Cancel the call, at the server as well."""
        self._future.cancel()

    def __await__(self) -> Generator[Any, None, CallToolResult]:
        return self._awaited().__await__()

    async def _awaited(self) -> CallToolResult:
        waiting = asyncio.wrap_future(self._future)
        while not waiting.done():
            await asyncio.wait([waiting], timeout=HEARTBEAT)
        if waiting.cancelled():
            raise self._cancelled()
        return waiting.result().result

    def _cancelled(self) -> RequestError:
        return RequestError(f"The call of {self.tool!r} was cancelled.")

    def _progressed(self, progress: float, total: float | None, message: str | None) -> None:
        self.progress = progress, total, message

    def _changed(self, state: TaskState) -> None:
        self._state = state

    def _done(self, _: object) -> None:
        self._ended = time.time()
