"""Tasks (``io.modelcontextprotocol/tasks``): follow the task that a server answers with, until its call has a result.

Two values of a foreign server have bounds: the length of a message, and the time between two polls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import anyio
from mcp.client import ClaimContext, ClientExtension, ResultClaim
from mcp.client.session import ClientRequestContext, ClientSession
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    CallToolResult,
    EmptyResult,
    ErrorData,
    InputRequest,
    InputResponses,
    Request,
    RequestParams,
    Result,
)
from pydantic import ValidationError

from mcp_notebook.client.extensions.task_numbers import DEFAULT_POLL, numbers, seconds
from mcp_notebook.client.reading import flawed, see
from mcp_notebook.client.refusals import Refusal
from mcp_notebook.errors import RequestError
from mcp_notebook.recording.cutting import shortened

__all__ = [
    "ENDED",
    "FIRST",
    "Follower",
    "OnTask",
    "TaskResult",
    "TaskState",
    "TasksExtension",
    "following",
    "result_in",
]

FIRST = 0.005
"""Seconds until the first poll, which no interval is about: a short task may have ended by then."""

LOST = 10.0
"""Seconds that a server may be out of reach before the task counts as lost."""

MOST_CHARACTERS = 2_000
"""The limit of a status message."""

GOODBYE = 2.0
"""Seconds that cancelling a task at the server may take."""

ENDED = ("completed", "failed", "cancelled")

Progress = Callable[[float, float | None, str | None], Awaitable[None]]


@dataclass(frozen=True)
class TaskState:
    """The state of a task, as its server describes it.

    Attributes:
        id: The task's id.
        status: ``working``, ``input_required``, ``completed``, ``failed`` or ``cancelled``.
        message: The status message; None if there is none.
    """

    id: str
    status: str
    message: str | None


OnTask = Callable[[TaskState], None]
"""Called with the state of a call's task, at the beginning and at each change; on the connection's loop."""


class TaskResult(Result):
    """The state of a task, as each revision of the protocol has it."""

    status: str
    status_message: Any = None


Polled = TypeVar("Polled", bound=TaskResult)


class _Handle(Result):
    result_type: Literal["task"]
    task_id: str
    status: str = "working"
    status_message: Any = None


class _Task(TaskResult):
    poll_interval_ms: Any = None
    input_requests: dict[str, InputRequest] | None = None
    result: Any = None
    error: Any = None


class _Params(RequestParams):
    task_id: str
    input_responses: InputResponses | None = None


class _TaskRequest(Request[_Params, str]):
    name_param = "taskId"  # a proxy finds the server that has the task by this header


class TasksExtension(ClientExtension):
    """Declares the extension, and turns a task into the result of its call."""

    identifier = "io.modelcontextprotocol/tasks"

    def claims(self) -> Sequence[ResultClaim[Any]]:
        """Return the claim on tasks."""
        return [ResultClaim(result_type="task", model=_Handle, resolve=_resolve)]


@contextmanager
def following(progressed: Progress, on_task: OnTask | None) -> Iterator[None]:
    """Report the tasks of calls that are made while the context is open.

    Args:
        progressed: Called at each change, as with a report of progress.
        on_task: Called with the task's state.
    """
    token = _following.set((progressed, on_task))
    try:
        yield
    finally:
        _following.reset(token)


_following: ContextVar[tuple[Progress | None, OnTask | None]] = ContextVar(
    "mcp_notebook_following", default=(None, None)
)


async def _resolve(handle: _Handle, context: ClaimContext) -> CallToolResult:
    return await Follower(handle.task_id, context).follow(handle.status, handle.status_message)


class Follower:
    """Follows a task to its end.

    Args:
        id: The task's id.
        context: The session and the tool of the call.
    """

    def __init__(self, id: str, context: ClaimContext) -> None:
        self._id, self._context = id, context
        self._session: ClientSession = context.session
        self._progressed, self._on_task = _following.get()
        self._told: TaskState | None = None
        self._answered: set[str] = set()
        self._unanswered = False

    async def follow(self, status: str, message: Any) -> CallToolResult:
        """Return the result of the call whose task begins with this status.

        Raises:
            MCPError: The task failed.
            RequestError: It was cancelled, or has no result.
        """
        try:
            await self.tell(status, message)
            return await self.end()
        except BaseException as error:
            # The caller gave up, or could not answer: nobody will want the result.
            if not isinstance(error, Exception) or self._unanswered:
                with anyio.move_on_after(GOODBYE, shield=True), suppress(Exception):
                    await self.send("cancel", EmptyResult)
            raise

    async def send(self, verb: str, kind: Any, **params: Any) -> Any:
        """Send a request about the task."""
        request = _TaskRequest(method=f"tasks/{verb}", params=_Params(task_id=self._id, **params))
        return await self._session.send_request(request, kind, self._context.read_timeout_seconds)

    async def end(self) -> CallToolResult:
        """Poll until the task has ended; answer its questions."""
        wait = FIRST
        while True:
            await anyio.sleep(wait)
            task = await self.get(_Task)
            if task.status in ENDED:
                return self._result(task)
            if task.status == "input_required":
                await self._answer(task.input_requests or {})
            wait = seconds(task.poll_interval_ms)

    async def get(self, kind: type[Polled]) -> Polled:
        """Poll once, and again if the poll did not reach the server: the task goes on without it."""
        until = anyio.current_time() + LOST
        while True:
            try:
                task: Polled = await self.send("get", kind)
                await self.tell(task.status, task.status_message)
                return task
            except MCPError as error:
                if Refusal.of(error) is None or anyio.current_time() > until:
                    raise
            await anyio.sleep(DEFAULT_POLL)

    async def tell(self, status: str, message: Any) -> None:
        """Report the state if it has changed."""
        said = shortened(message, MOST_CHARACTERS) if isinstance(message, str) else None
        now = TaskState(self._id, shortened(status, 100), said)
        before, self._told = self._told, now
        if now == before:
            return
        if self._on_task is not None:
            self._on_task(now)
        if self._progressed is not None and said and (before is None or said != before.message):
            await self._progressed(*numbers(said))

    async def _answer(self, requests: Mapping[str, InputRequest]) -> None:
        new = {key: request for key, request in requests.items() if key not in self._answered}
        if not new:
            return
        responses: dict[str, Any] = {}

        async def ask(key: str, request: InputRequest) -> None:
            meta = request.params.meta if request.params else None
            asked = ClientRequestContext(session=self._session, request_id=key, meta=meta)
            responses[key] = await self._session.dispatch_input_request(asked, request)

        async with anyio.create_task_group() as group:
            for key, request in new.items():
                group.start_soon(ask, key, request)
        for response in responses.values():
            if isinstance(response, ErrorData):
                self._unanswered = True
                raise MCPError.from_error_data(response)
        self._answered |= set(new)
        await self.send("update", EmptyResult, input_responses=responses)

    def _result(self, task: _Task) -> CallToolResult:
        if task.status == "cancelled":
            raise self.cancelled()
        if task.status == "failed":
            raise MCPError.from_error_data(_error(task.error))
        if not isinstance(task.result, Mapping):
            tool = self._context.tool_name
            raise RequestError(f"The task of {tool!r} completed, but the server sent no result of the call with it.")
        return result_in(task.result)

    def cancelled(self) -> RequestError:
        """Return the error for a task that was cancelled at the server."""
        why = f": {' '.join(self._told.message.split())}" if self._told and self._told.message else "."
        return RequestError(f"The task of {self._context.tool_name!r} was cancelled at the server{why}")


def result_in(raw: Mapping[str, Any]) -> CallToolResult:
    """Read the result of a call that a task has, as if it had been the answer to the call."""
    see(raw)
    try:
        return CallToolResult.model_validate(raw, by_name=False)
    except ValidationError as refusal:
        result: CallToolResult = flawed("tools/call", raw, refusal)
        return result


def _error(error: Any) -> ErrorData:
    try:
        return ErrorData.model_validate(error, by_name=False)
    except ValidationError:
        return ErrorData(code=INTERNAL_ERROR, message="The task failed, and the server does not say why.")
