"""Tasks of FastMCP with our client, and ours with FastMCP's; its part for tasks is a package of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from mcp_notebook import Url, connect
from mcp_notebook.client.extensions.tasks import TaskState
from mcp_notebook.errors import RequestError
from tests.support.fastmcp import imported_or_skipped, tasks_or_skipped
from tests.support.served import serving
from tests.support.task_tools import DEADLINE, TaskTools, over_http


@pytest.fixture(scope="module")
def theirs() -> Iterator[str]:
    """The URL of a server of theirs."""
    fastmcp = imported_or_skipped()
    tasks = tasks_or_skipped()
    from fastmcp.utilities.tasks import TaskConfig
    from mcp_types import ElicitRequest, ElicitRequestFormParams, InputRequiredResult

    server = fastmcp.FastMCP("theirs")
    server.add_extension(tasks.TasksExtension(url="memory://"))
    as_task = TaskConfig(mode="required", poll_interval=timedelta(milliseconds=20))

    @server.tool(task=as_task)
    async def double(n: int) -> int:
        return 2 * n

    @server.tool(task=as_task)
    async def late() -> None:
        await asyncio.sleep(DEADLINE)

    async def greet(ctx: Any) -> Any:
        if not ctx.input_responses:
            schema: Any = {"type": "object", "properties": {"name": {"type": "string"}}}
            form = ElicitRequestFormParams(message="Who?", requested_schema=schema)
            return InputRequiredResult(input_requests={"who": ElicitRequest(params=form)}, request_state="asked")
        return f"Hello {ctx.input_responses['who'].content['name']}"

    greet.__annotations__["ctx"] = fastmcp.Context
    server.tool(task=as_task)(greet)
    with serving(server.http_app()) as url:
        yield f"{url}/mcp"


def test_their_tasks_are_followed(theirs: str) -> None:
    states: list[TaskState] = []
    with connect(Url(theirs)) as connection:
        outcome = connection.start_call("double", {"n": 21}, on_task=states.append).result(DEADLINE)
        assert outcome.result.structured_content == {"result": 42}
        assert states[-1].status == "completed"
        assert outcome.problems == []


def test_their_questions_are_answered(theirs: str) -> None:
    with connect(Url(theirs)) as connection:
        outcome = connection.call("greet", answers=[{"name": "Ada"}], timeout=DEADLINE)
        assert "Hello Ada" in str(outcome.result.content)


def test_their_tasks_are_cancelled(theirs: str) -> None:
    with connect(Url(theirs)) as connection, pytest.raises(RequestError, match="did not answer within"):
        connection.call("late", timeout=0.5)


def test_their_client_follows_ours() -> None:
    fastmcp = imported_or_skipped()
    tasks_or_skipped()
    tools = TaskTools()
    tools.step.release()

    async def answer(message: str, response_type: Any, params: Any, context: Any) -> Any:
        return response_type(name="Ada")

    async def called(url: str) -> list[Any]:
        async with fastmcp.Client(url, elicitation_handler=answer) as client:
            return [
                (await client.call_tool("train", {"steps": 1})).structured_content,
                (await client.call_tool("asks", {})).structured_content,
                (await client.call_tool("resolves", {})).structured_content,
            ]

    with over_http(tools.server.streamable_http_app()) as url:
        results = [result["result"] for result in asyncio.run(called(url))]
    assert results == ["trained in 1 steps", "Ada and Ada", "Ada in Ada"]
    assert len(tools.tasks._store._ended) == 3  # type: ignore[attr-defined]
