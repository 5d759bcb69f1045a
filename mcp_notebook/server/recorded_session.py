"""Record what the server sends and asks during a call."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from mcp.server.session import ServerSession
from mcp_types import LoggingLevel, RequestId, ServerRequest

from mcp_notebook.recording import Call, current
from mcp_notebook.recording.characters import whole

__all__ = ["RecordedSession"]

T = TypeVar("T")


class RecordedSession(ServerSession):
    """A `ServerSession` that records what passes through it, from any event loop.

    A call on a worker thread or on the main thread has a loop of its own; the client is on the server's loop.
    """

    _call: Call
    _home: asyncio.AbstractEventLoop

    def __init__(self, *args: Any, **options: Any) -> None:
        """Record to the current call: a task goes on with a session of its own when its request has been answered."""
        super().__init__(*args, **options)
        call = current.get()
        if call is not None:
            self.record(self, call)

    @staticmethod
    def record(session: Any, call: Call) -> None:
        """Make the session of a request record to a call.

        The SDK makes a session for each request and shares it with nobody, so its class can be replaced.
        """
        session.__class__ = RecordedSession  # the handler that the SDK calls already refers to this object
        session._call = call
        session._home = asyncio.get_running_loop()
        call.session = session

    async def report_progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Report the progress of the call to the client."""
        message = whole(message)
        self._call.add("progress", {"progress": progress, "total": total, "message": message})
        await self._at_home(super().report_progress(progress, total, message))

    async def send_log_message(
        self, level: LoggingLevel, data: Any, logger: str | None = None, related_request_id: RequestId | None = None
    ) -> None:
        """Send the client a log message of the protocol."""
        data, logger = whole(data), whole(logger)
        self._call.add("message", {"level": level, "data": data, "logger": logger})
        await self._at_home(super().send_log_message(level, data, logger, related_request_id))

    async def send_request(self, request: ServerRequest, *args: Any, **options: Any) -> Any:
        """Ask the client; record the question and the answer."""
        request = whole(request)
        self._call.add("question", request.model_dump(by_alias=True, mode="json", exclude_none=True))
        answer = await self._at_home(super().send_request(request, *args, **options))
        self._call.add("answer", answer.model_dump(by_alias=True, mode="json", exclude_none=True))
        return answer

    async def send_notification(self, *args: Any, **options: Any) -> None:
        """Send the client a notification."""
        await self._at_home(super().send_notification(*args, **options))

    async def _at_home(self, work: Coroutine[Any, Any, T]) -> T:
        if asyncio.get_running_loop() is self._home:
            return await _outside(work)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_outside(work), self._home))


async def _outside(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` outside the current call: in one process it runs the client's callbacks, which may print."""
    token = current.set(None)
    try:
        return await work
    finally:
        current.reset(token)
