"""The extension for a server: which tools run as tasks, and the methods that clients follow a task with."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import CoroutineType, MappingProxyType
from typing import Any, TypeAlias, cast

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import require_client_extension
from mcp.server.request_state import authenticated_principal
from mcp.shared.exceptions import MCPError
from mcp_types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    InputResponse,
    InputResponses,
    RequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter, ValidationError

from .listening import asked_for, pushing
from .running import SERVER_ENDED, Running
from .task import MemoryStore, Task, TaskStore, Watcher

__all__ = ["TTL", "Tasks"]

TTL = 3600.0
"""Seconds that a task is kept after its end, unless its tool has a time of its own."""

MOST_OPEN = 1_000
"""Most tasks that run at once."""

ENDING = 3.0
"""Seconds that the functions of open tasks have when the server ends."""


Answer: TypeAlias = "CoroutineType[Any, Any, HandlerResult]"
"""A coroutine; for requests without tasks that of the next layer, because one more would cost each of them time."""


class TaskParams(RequestParams):
    """The parameters of ``tasks/get`` and ``tasks/cancel``."""

    task_id: str


class UpdateParams(TaskParams):
    """The parameters of ``tasks/update``. Answers to what is not asked may be anything: they are ignored."""

    input_responses: dict[str, Any]


class Tasks(Extension):
    """The tasks of one server.

    Args:
        names: The tools that run as tasks, as in `names`.
        required: Those that only run as tasks, as in `required`.
        store: Keeps the tasks; by default a `MemoryStore`.

    Attributes:
        names: The tools that run as tasks, each with the seconds that a task is kept after its end.
        required: Those that refuse clients that cannot follow a task. Others answer them with the result.
    """

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(
        self,
        names: Mapping[str, float | None] = MappingProxyType({}),
        *,
        required: Iterable[str] = (),
        store: TaskStore | None = None,
    ) -> None:
        self.names: dict[str, float | None] = dict(names)
        self.required = set(required)
        self._store: TaskStore = store or MemoryStore()
        self._store.deliver_to(self._receive)
        self._running: dict[str, Running] = {}

    def add(self, name: str, *, ttl: float | None = TTL, required: bool = False) -> None:
        """Run the calls of a tool as tasks.

        Args:
            name: The tool.
            ttl: Seconds to keep each task after its end; None for no limit.
            required: Whether to refuse clients that cannot follow a task.
        """
        self.remove(name)
        self.names[name] = ttl
        if required:
            self.required.add(name)

    def remove(self, name: str) -> None:
        """Answer the calls of a tool with their results again."""
        self.names.pop(name, None)
        self.required.discard(name)

    def take_over(self, other: Tasks | None) -> None:
        """Run the tools as tasks that run as tasks with `other`; from now on, a change of one is a change of both."""
        self.names = other.names if other is not None else {}
        self.required = other.required if other is not None else set()

    def close(self) -> None:
        """Cancel the open tasks; each fails with the line that its server ended."""
        for running in list(self._running.values()):
            running.loop.call_soon_threadsafe(running.close)

    async def end(self) -> None:
        """Cancel the open tasks as `close` does, and wait until that is kept."""
        self.close()
        with anyio.move_on_after(ENDING):
            while self._running:
                await anyio.sleep(0.01)

    async def load(self, id: str) -> Task | None:
        """Return the task of any user; None if it is unknown or has expired."""
        running = self._running.get(id)
        if running is not None and running.loop.is_closed():
            await running.end("failed", SERVER_ENDED)
        if running is None or not running.task.open:
            return await self._store.load(
                id
            )  # an end is told when it is kept, so that no process tells otherwise later
        return running.task

    def watch(self, id: str, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher` with a task at each change, on the task's loop; return a function that ends this."""
        return self._store.watch(id, watcher)

    def methods(self) -> Sequence[MethodBinding]:
        """Return the methods of the extension."""
        modern = frozenset(MODERN_PROTOCOL_VERSIONS)
        return [
            MethodBinding("tasks/get", TaskParams, self._get, modern),
            MethodBinding("tasks/update", UpdateParams, self._update, modern),
            MethodBinding("tasks/cancel", TaskParams, self._cancel, modern),
        ]

    def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> Answer:
        """Answer with a task if the tool runs as one and the client can follow it."""
        if params.name in self.names:
            if self._declared(ctx):
                return cast(Answer, self._begun(params, ctx, call_next))
            if params.name in self.required:
                require_client_extension(ctx, self.identifier)
        return cast(Answer, call_next(ctx))

    async def _begun(
        self, params: CallToolRequestParams, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        if len(self._running) >= MOST_OPEN:
            raise MCPError(INTERNAL_ERROR, f"{MOST_OPEN} tasks run already. Call again when some have ended.")
        now = time.time()
        principal, ttl = authenticated_principal(ctx), self.names[params.name]
        task = Task(secrets.token_urlsafe(24), principal, ttl, created=now, updated=now)
        await self._store.save(task)  # before anything runs: it may not be possible
        running = self._running[task.id] = Running(task, ctx, self._changed)
        asking = await running.start(params, call_next)
        if asking is not None:
            return asking  # there is no task yet: the client calls again with its answers
        return {"resultType": "task", **running.task.wire()}

    def listen(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> Answer:
        """Push each change of the tasks that a listen stream asks for; middleware, for ``server.middleware``."""
        listens = ctx.method == "subscriptions/listen"
        return cast(Answer, self._listen(ctx, call_next) if listens else call_next(ctx))

    async def _listen(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        ids = asked_for(ctx)
        if ids is None:
            return await call_next(ctx)
        require_client_extension(ctx, self.identifier)
        find = partial(self._find, ctx)
        known = [id for id in dict.fromkeys(ids) if await find(id) is not None]
        return await pushing(ctx, call_next, known, self.watch, find)

    def _declared(self, ctx: ServerRequestContext[Any, Any]) -> bool:
        said = ctx.session.client_capabilities
        modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        return modern and said is not None and self.identifier in (said.extensions or {})

    async def _find(self, ctx: ServerRequestContext[Any, Any], id: str) -> Task | None:
        task = await self.load(id)
        return task if task is not None and task.principal == authenticated_principal(ctx) else None

    async def _known(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> Task:
        require_client_extension(ctx, self.identifier)
        name = None if ctx.request is None else getattr(ctx.request, "headers", {}).get("mcp-name")
        if name not in (None, params.task_id):
            raise MCPError(HEADER_MISMATCH, f"The header Mcp-Name is {name[:100]!r}, and the task is another one.")
        task = await self._find(ctx, params.task_id)
        if task is None:
            raise MCPError(INVALID_PARAMS, "Task not found. It may have expired, or the server was restarted.")
        return task

    async def _get(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        return {"resultType": "complete", **(await self._known(ctx, params)).wire()}

    async def _update(self, ctx: ServerRequestContext[Any, Any], params: UpdateParams) -> HandlerResult:
        task = await self._known(ctx, params)
        answers = {key: answer for key, answer in params.input_responses.items() if key in task.asked}
        _checked(answers)
        if answers:
            await self._pass_on(task, {"answers": answers})
        return {"resultType": "complete"}

    async def _cancel(self, ctx: ServerRequestContext[Any, Any], params: TaskParams) -> HandlerResult:
        await self._pass_on(await self._known(ctx, params), {"cancel": True})
        return {"resultType": "complete"}

    async def _pass_on(self, task: Task, message: Mapping[str, Any]) -> None:
        if task.id in self._running:
            self._receive(task.id, message)
        elif task.open:
            await self._store.send(task.id, message)

    def _receive(self, id: str, message: Mapping[str, Any]) -> None:
        running = self._running.get(id)
        if running is None:
            return
        if "answers" in message:
            running.on_loop(running.answer, _checked(message["answers"]))
        else:
            running.on_loop(running.cancel)

    async def _changed(self, task: Task) -> None:
        kept = await self._store.save(task)
        if not task.open:
            self._running.pop(task.id, None)
        elif not kept and task.id in self._running:
            self._running[task.id].cancel()  # to others, this process seemed to have ended, so the task has failed


_ANSWER: TypeAdapter[InputResponse] = TypeAdapter(InputResponse)


def _checked(answers: Mapping[str, Any]) -> InputResponses:
    """Return answers as the protocol has them.

    Raises:
        MCPError: One is not an answer to any request of the protocol.
    """
    try:
        return {key: _ANSWER.validate_python(answer) for key, answer in answers.items()}
    except ValidationError:
        raise MCPError(INVALID_PARAMS, "An answer in inputResponses is not valid.") from None
