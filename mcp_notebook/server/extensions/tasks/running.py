"""Run the call of a task, and carry its progress, questions and answers."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import anyio
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.runner import modern_error_data
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp.shared.transport_context import TransportContext
from mcp_types import (
    INTERNAL_ERROR,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolRequestParams,
    CreateMessageRequest,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ElicitRequest,
    ElicitResult,
    ErrorData,
    InputRequest,
    InputRequiredResult,
    InputResponse,
    InputResponses,
    ListRootsResult,
)
from mcp_types.methods import is_input_required, serialize_server_result
from pydantic import BaseModel

from .task import Status, Task

__all__ = ["Running"]

SERVER_ENDED = ErrorData(code=INTERNAL_ERROR, message="The server ended before the task did. Call the tool again.")

BEGINNING = 0.05
"""Seconds in which a tool that asks before it begins does so; later questions are those of the task."""

PAUSE = 0.25
"""Seconds before the next round of a tool that only asks to be called again."""

MOST_CHARACTERS = 2_000
"""The limit of a status message."""

_CAPABILITIES = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
"""The requests that a function may send to the client, with the capability that the client must declare."""


class Running:
    """An open task.

    For the function it is the channel to the client, in place of the request's: the request has been answered. Its
    methods run on the loop that the task runs on; `on_loop` gets there.

    Attributes:
        task: The task as it is now.
        loop: The loop that the task runs on.
    """

    transport = TransportContext(kind="task", can_send_request=True)
    can_send_request = True
    message_metadata = None

    def __init__(
        self, task: Task, ctx: ServerRequestContext[Any, Any], changed: Callable[[Task], Awaitable[None]]
    ) -> None:
        self.task = task
        self.loop = asyncio.get_running_loop()
        self.request_id = ctx.request_id
        self.cancel_requested = anyio.Event()
        self._changed = changed
        self._scope = anyio.CancelScope()
        self._begun: asyncio.Future[HandlerResult] = self.loop.create_future()
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._count = 0
        client = ctx.session.client_params
        info = client.client_info if client is not None else None
        connection = Connection.from_envelope(
            ctx.protocol_version, info, ctx.session.client_capabilities, outbound=self
        )
        # A server may have a class of its own for sessions, which records what passes.
        self._ctx = replace(ctx, session=type(ctx.session)(self, connection))

    async def start(self, params: CallToolRequestParams, call_next: CallNext) -> HandlerResult:
        """Start the call. It is not part of the request's task, so that it goes on when the request has ended.

        Returns:
            The questions of the tool before it begins, as an answer to the request; None if the call goes on.
        """
        # Referred to here, because the loop itself keeps only weak references.
        self._work = self.loop.create_task(self._run(params, call_next))
        # Questions before the task are the better ones (SEP-2663, Task Creation), and nothing tells that the function
        # has begun. Most ask at once.
        try:
            await asyncio.wait([self._begun], timeout=BEGINNING)
        except asyncio.CancelledError:
            self._scope.cancel()
            raise
        self._begin()
        return self._begun.result()

    def _begin(self, asking: HandlerResult = None) -> None:
        if not self._begun.done():
            self._begun.set_result(asking)

    def on_loop(self, function: Callable[..., None], *args: Any) -> None:
        """Call a function on the task's loop: at once if this is it, else soon."""
        if asyncio.get_running_loop() is self.loop:
            function(*args)
        else:
            self.loop.call_soon_threadsafe(function, *args)

    def cancel(self) -> None:
        """Cancel the call."""
        self.cancel_requested.set()
        self._scope.cancel()

    def close(self) -> None:
        """End the call because its server ends."""
        self._work.cancel()

    def answer(self, responses: InputResponses) -> None:
        """Pass answers on to the function; answers to anything that is not asked now are ignored."""
        for key, response in responses.items():
            waiting = self._waiting.get(key)
            if waiting is not None and not waiting.done():
                waiting.set_result(response)
                self._ask_no_more(key)

    async def end(self, status: Status, error: ErrorData | None = None, **values: Any) -> None:
        """End the task."""
        if error is not None:
            values |= {"error": error.model_dump(exclude_none=True), "message": error.message[:MOST_CHARACTERS]}
        await self._change(status=status, asked={}, **({"message": None} | values))

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Show the progress that the function reports as the status message."""
        await self._change(message=_in_words(progress, total, message))

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> None:
        """Drop a notification of the function, such as a log message: a task has no stream for it."""

    async def send_raw_request(self, method: str, params: Mapping[str, Any] | None, opts: Any = None) -> dict[str, Any]:
        """Ask the client, and wait for its answer.

        Raises:
            MCPError: The client does not support this request, or nobody answered in time.
            NoBackChannelError: It is not a request that clients answer.
        """
        self._refuse_unsupported(method)
        self._count += 1
        key = str(self._count)  # unique over the life of the task
        waiting = self._waiting[key] = self.loop.create_future()
        request = {"method": method, "params": dict(params or {})}
        try:
            await self._change(status="input_required", asked={**self.task.asked, key: request})
            with anyio.fail_after(self.task.ttl):
                answer: BaseModel = await waiting  # there may be one already
        except TimeoutError:
            raise MCPError(INTERNAL_ERROR, f"Nobody answered within {self.task.ttl:g} s, so the call ended.") from None
        finally:
            self._ask_no_more(key)
        await self._change()
        return answer.model_dump(by_alias=True, mode="json", exclude_none=True)

    async def _run(self, params: CallToolRequestParams, call_next: CallNext) -> None:
        result = None
        try:
            with self._scope:
                result = await self._result(params, call_next)
                if result is None:
                    await self._drop()
                    return
            if self._scope.cancelled_caught:
                await self.end("cancelled", message="The client cancelled the call.")
            else:
                await self.end("completed", result=result)
        except asyncio.CancelledError:  # not by the scope: the loop ends
            await self.end("failed", SERVER_ENDED)
            raise
        except Exception as error:  # noqa: BLE001 - as the SDK's own entries do, which also log what is unexpected
            await self.end("failed", modern_error_data(error))
        finally:
            self._begin()
            for waiting in self._waiting.values():
                waiting.cancel()

    async def _result(self, params: CallToolRequestParams, call_next: CallNext) -> dict[str, Any] | None:
        """Call the tool, and again with the client's answers as long as it asks; None if it asks before it begins."""
        while True:
            result = await call_next(self._ctx)
            if not is_input_required(result):
                break
            if not self._begun.done():
                self._begin(result)
                return None
            asking = (
                result
                if isinstance(result, InputRequiredResult)
                else InputRequiredResult.model_validate(result, by_name=False)
            )
            # The SDK makes the parameters for this one request, and calls the tool with this object again.
            params.input_responses = await self._answers(asking.input_requests or {})
            params.request_state = asking.request_state
        sent = (
            result.model_dump(by_alias=True, mode="json", exclude_none=True)
            if isinstance(result, BaseModel)
            else result
        )
        return serialize_server_result("tools/call", self._ctx.protocol_version, sent or {})

    async def _answers(self, requests: Mapping[str, InputRequest]) -> InputResponses | None:
        if not requests:
            await anyio.sleep(PAUSE)
            return None
        asking = [self._ctx.session.send_request(request, _answer_of(request)) for request in requests.values()]
        return dict(zip(requests, await asyncio.gather(*asking), strict=True))

    def _refuse_unsupported(self, method: str) -> None:
        if method not in _CAPABILITIES:
            raise NoBackChannelError(method)
        capability = _CAPABILITIES[method]
        if getattr(self._ctx.session.client_capabilities, capability, None) is None:
            raise MCPError(
                MISSING_REQUIRED_CLIENT_CAPABILITY,
                f"The tool asks its client ({method}), but this client does not declare {capability!r}.",
                {"requiredCapabilities": {capability: {}}},
            )

    def _ask_no_more(self, key: str) -> None:
        self._waiting.pop(key, None)
        asked = {other: request for other, request in self.task.asked.items() if other != key}
        if self.task.open:
            self.task = replace(self.task, asked=asked, status="input_required" if asked else "working")

    async def _drop(self) -> None:
        """End a task that has not begun: nobody knows it, so it is kept for no time."""
        self.task = replace(self.task, status="cancelled", ttl=0)
        await self._changed(self.task)

    async def _change(self, **values: Any) -> None:
        self._begin()
        if self.task.open:
            self.task = replace(self.task, updated=time.time(), **values)
            await self._changed(self.task)


def _answer_of(request: InputRequest) -> type[InputResponse]:
    if isinstance(request, ElicitRequest):
        return ElicitResult
    if isinstance(request, CreateMessageRequest):
        return CreateMessageResult if request.params.tools is None else CreateMessageResultWithTools
    return ListRootsResult


def _in_words(progress: float, total: float | None, message: str | None) -> str:
    """Write a report of progress: ``3 of 10: reading``."""
    known = total is not None and math.isfinite(total)
    numbers = f"{progress:,.9g} of {total:,.9g}" if known else f"{progress:,.9g}"
    if message and not known and not progress:
        return message[:MOST_CHARACTERS]  # a report of a wait has no numbers
    return f"{numbers}: {message}"[:MOST_CHARACTERS] if message else numbers
