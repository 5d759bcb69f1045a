"""A plain server of the SDK with tools that run as tasks, and a client that follows them frame by frame."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import anyio
from mcp import Client
from mcp.client import ClientExtension, NotificationBinding, advertise
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST, ElicitResult, Request, RequestParams, Result
from pydantic import BaseModel, ConfigDict, RootModel

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.extensions.tasks import Tasks, TaskStore
from tests.support.served import serving

DEADLINE = 20


class Name(BaseModel):
    name: str


async def who() -> Elicit[Name]:
    return Elicit("Who are you?", Name)


async def late(ctx: Context) -> Elicit[Name]:
    await ctx.report_progress(1, message="looking")  # the tool has begun
    return await who()


async def where() -> Elicit[Name]:
    return Elicit("Where are you?", Name)


class TaskTools:
    """The tools, and what happened in them.

    Args:
        store: Keeps the tasks; by default the memory.
        options: Those of the server.
    """

    def __init__(self, store: TaskStore | None = None, **options: Any) -> None:
        self.step = threading.Semaphore(0)
        self.cancelled = threading.Event()
        self.tasks = Tasks(store=store)
        with sdk_gaps.quiet_construction():
            self.server: MCPServer[Any] = MCPServer("lab", extensions=[self.tasks], **options)
        self.server.middleware.append(self.tasks.listen)
        asking = (self.asks, self.asks_both, self.resolves, self.resolves_late)
        for tool in (self.train, self.wait, *asking, self.fails, self.refuses, self.pings, self.logs):
            self.server.add_tool(tool)
            self.tasks.add(tool.__name__)
        self.server.add_tool(self.add)

    async def _next_step(self) -> None:
        with anyio.fail_after(DEADLINE):
            while not self.step.acquire(blocking=False):
                await anyio.sleep(0.005)

    async def train(self, steps: int, ctx: Context) -> str:
        for step in range(1, steps + 1):
            await ctx.report_progress(step, steps, "fitting")
            await self._next_step()
        return f"trained in {steps} steps"

    async def wait(self) -> None:
        try:
            await anyio.sleep_forever()
        except BaseException:
            self.cancelled.set()
            raise

    async def asks(self, ctx: Context) -> str:
        first = await ctx.elicit("Who?", Name)
        second = await ctx.elicit("Who else?", Name)
        return " and ".join(one.data.name for one in (first, second) if one.action == "accept") or first.action

    async def asks_both(self, ctx: Context) -> str:
        async def ask(words: str) -> None:
            answers[words] = await ctx.elicit(words, Name)

        answers: dict[str, Any] = {}
        async with anyio.create_task_group() as both:
            both.start_soon(ask, "Who?")
            both.start_soon(ask, "Where?")
        return ", ".join(answers)

    async def resolves(self, name: Annotated[Name, Resolve(who)], place: Annotated[Name, Resolve(where)]) -> str:
        return f"{name.name} in {place.name}"

    async def resolves_late(self, name: Annotated[Name, Resolve(late)], place: Annotated[Name, Resolve(where)]) -> str:
        return await self.resolves(name, place)

    async def fails(self) -> str:
        raise ValueError("this is not told")

    async def refuses(self) -> str:
        raise MCPError(INVALID_REQUEST, "Not on a Sunday.", {"day": "Sunday"})

    async def pings(self, ctx: Context) -> str:
        await ctx.session.send_ping()
        return "pong"

    async def logs(self, ctx: Context) -> str:
        await ctx.session.send_tool_list_changed()
        return "logged"

    def add(self, a: int, b: int) -> int:
        return a + b


class _Params(RequestParams):
    task_id: Any = None
    input_responses: Any = None


class _TaskRequest(Request[_Params, str]):
    name_param = "taskId"


class _Anything(Result):
    model_config = ConfigDict(extra="allow")


class TaskClient:
    """A client of the SDK that shows results as they come."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def send(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send any request; return its result without what each result has."""
        result = await self.client.session.send_request(
            Request[Any, str](method=method, params=dict(params)), _Anything
        )
        return self._shown(result)

    @staticmethod
    def _shown(result: Result) -> dict[str, Any]:
        return result.model_dump(by_alias=True, exclude={"meta"}, exclude_none=True)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return await self.send("tools/call", {"name": tool, "arguments": arguments})

    async def task(self, verb: str, id: str, **params: Any) -> dict[str, Any]:
        request = _TaskRequest(method=f"tasks/{verb}", params=_Params(task_id=id, **params))
        return self._shown(await self.client.session.send_request(request, _Anything))

    async def until(self, id: str, *statuses: str, message: str | None = None) -> dict[str, Any]:
        """Poll until the task has one of these statuses, and this message if given."""
        with anyio.fail_after(DEADLINE):
            while True:
                task = await self.task("get", id)
                if task["status"] in statuses and message in (None, task.get("statusMessage")):
                    return task
                await anyio.sleep(0.01)


async def _answer(*_: Any) -> ElicitResult:
    raise AssertionError("A task asks by its status, not by a request.")


class Hearing(ClientExtension):
    """Declares the extension, and keeps the notifications of tasks."""

    identifier = Tasks.identifier

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def notifications(self) -> Sequence[NotificationBinding[Any]]:
        return [NotificationBinding(method="notifications/tasks", params_type=_Told, handler=self._hear)]

    async def _hear(self, task: _Told) -> None:
        self.told.append(task.root)


class _Told(RootModel[dict[str, Any]]):
    pass


@asynccontextmanager
async def connected(
    target: Any, *, declares: bool = True, hearing: Hearing | None = None, **options: Any
) -> AsyncIterator[TaskClient]:
    """A client of a server or URL; it can answer elicitations, as far as it declares."""
    extensions = [hearing or advertise(Tasks.identifier)] if declares else None
    options = {"elicitation_callback": _answer, "cache": None} | options
    with anyio.fail_after(DEADLINE):
        async with Client(target, extensions=extensions, **options) as client:
            yield TaskClient(client)


@contextmanager
def over_http(app: Any) -> Iterator[str]:
    """Serve an ASGI app; yield the URL of its MCP endpoint."""
    with serving(app) as address:
        yield f"{address}/mcp"
