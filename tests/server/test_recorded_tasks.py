"""Tasks on a notebook's server: their record, where they run, and servers that are replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.shared.exceptions import MCPError

from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.server import NotebookServer
from mcp_notebook.server.changes import take_place
from mcp_notebook.server.definitions import build_tool, register
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.execution import RunOn
from mcp_notebook.server.extended import extended, extension_of
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.server.hosting import Listener
from tests.support.task_tools import DEADLINE, Name, TaskClient, connected
from tests.support.waiting import until


@pytest.fixture
def server() -> NotebookServer:
    return NotebookServer("lab")


def as_task(server: NotebookServer, function: Any, **options: Any) -> None:
    register(server, build_tool(function, **options))
    extended(server, Tasks).add(function.__name__)


def recorded(server: NotebookServer, tool: str, use: Any = None, **arguments: Any) -> Call:
    """Call a tool, use the client, follow the task to its end; return its only record."""

    async def main() -> None:
        async with connected(server) as client:
            id = (await client.call(tool, **arguments))["taskId"]
            if use is not None:
                (call,) = server.runtime.recorder.calls
                assert call.running
                await use(client, id)
            await client.until(id, "completed", "failed", "cancelled")

    anyio.run(main)
    (call,) = server.runtime.recorder.calls
    return call


def test_the_record_ends_with_the_result_of_the_task(server: NotebookServer) -> None:
    async def train(steps: int, ctx: Context) -> int:
        await ctx.report_progress(1, steps, "fitting")
        return steps

    as_task(server, train)
    ended: list[Call] = []
    server.runtime.recorder.observe(lambda call: None if call.running else ended.append(call))
    call = recorded(server, "train", steps=3)
    assert (call.state, call.result and call.result["structuredContent"]) == ("done", {"result": 3})
    assert call.duration is not None
    assert [event.kind for event in call.events] == ["progress"]
    assert call.events[0].value == {"progress": 1, "total": 3, "message": "fitting"}
    assert ended == [call]
    assert call.task


def test_the_record_has_the_questions_and_the_answers(server: NotebookServer) -> None:
    async def asks(ctx: Context) -> str:
        return str((await ctx.elicit("Who?", Name)).action)

    async def answer(client: TaskClient, id: str) -> None:
        (key,) = (await client.until(id, "input_required"))["inputRequests"]
        await client.task("update", id, input_responses={key: {"action": "decline"}})

    as_task(server, asks)
    call = recorded(server, "asks", answer)
    assert [event.kind for event in call.events] == ["question", "answer"]
    assert call.events[0].value["params"]["message"] == "Who?"
    assert call.state == "done"


def test_the_record_ends_as_the_task_does(server: NotebookServer) -> None:
    async def refuses() -> None:
        raise MCPError(-32600, "Not today.", {"day": 1})

    as_task(server, refuses)
    call = recorded(server, "refuses")
    assert (call.state, call.error, call.code, call.data) == ("refused", "Not today.", -32600, {"day": 1})


def test_what_a_function_raised_is_kept_for_its_author(server: NotebookServer) -> None:
    def fails() -> None:
        raise ValueError("secret")

    as_task(server, fails)
    call = recorded(server, "fails")
    assert call.state == "error"
    assert isinstance(call.raised, ValueError)


@pytest.mark.parametrize("run_on", ["worker", "loop"])
def test_a_cancelled_task_is_cancelled_where_it_runs(server: NotebookServer, run_on: RunOn) -> None:
    started, stopped = threading.Event(), threading.Event()

    async def waits() -> None:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    async def cancel(client: TaskClient, id: str) -> None:
        assert await anyio.to_thread.run_sync(started.wait, DEADLINE)
        await client.task("cancel", id)

    as_task(server, waits, run_on=run_on)
    assert recorded(server, "waits", cancel).state == "cancelled"
    assert stopped.wait(DEADLINE)


def test_a_time_limit_holds(server: NotebookServer) -> None:
    async def waits() -> None:
        await anyio.sleep_forever()

    as_task(server, waits, timeout=0.05)
    call = recorded(server, "waits")
    assert call.state == "error"
    assert "No answer within 0.05 s; it was stopped." in str(call.result)


def test_a_tool_that_is_replaced_or_removed_is_no_task_any_more(server: NotebookServer) -> None:
    def one() -> int:
        return 1

    as_task(server, one)
    tasks = extended(server, Tasks)
    server.add_tool(one)
    assert tasks.names == {}
    tasks.add("one")
    server.remove_tool("one")
    assert tasks.names == {}


class TestAServerThatTakesAnothersPlace:
    def servers(self) -> tuple[NotebookServer, NotebookServer]:
        return NotebookServer("lab"), NotebookServer("lab")

    @staticmethod
    def one() -> int:
        return 1

    def put(self, server: NotebookServer, name: str) -> None:
        register(server, Tool.from_function(self.one, name=name))
        extended(server, Tasks).add(name)

    def test_its_tasks_take_the_place_too(self) -> None:
        served, new = self.servers()
        self.put(served, "old")
        self.put(new, "new")
        take_place(new, served)
        assert list(extended(served, Tasks).names) == ["new"]
        self.put(new, "later")
        assert list(extended(served, Tasks).names) == ["new", "later"]

    def test_the_served_one_gets_the_extension(self) -> None:
        served, new = self.servers()
        self.put(new, "new")
        take_place(new, served)
        assert extension_of(served, Tasks) is extension_of(new, Tasks)

    def test_the_served_one_offers_no_tasks_any_more(self) -> None:
        served, new = self.servers()
        self.put(served, "old")
        take_place(new, served)
        assert extended(served, Tasks).names == {}


class TestOutsideClients:
    @pytest.fixture
    def listener(self, portal: Portal, server: NotebookServer) -> Iterator[Listener]:
        async def delete(title: str) -> str:
            return f"deleted {title}"

        async def waits() -> None:
            await anyio.sleep_forever()

        as_task(server, delete)
        as_task(server, waits)
        endpoint = Endpoint(None, approve="all", approve_timeout=DEADLINE)
        listener = Listener(portal, server, name="lab", endpoint=endpoint)
        yield listener
        listener.stop()

    def test_a_task_waits_for_approval(self, listener: Listener) -> None:
        async def main() -> None:
            async with connected(listener.url) as client:
                id = (await client.call("delete", title="Dune"))["taskId"]
                waiting = await client.until(
                    id, "working", message="waiting, 20 s at most, for a person to allow this in the notebook"
                )
                assert waiting["status"] == "working"
                assert listener.approval is not None
                (request,) = listener.approval.waiting
                assert (request.tool, request.arguments) == ("delete", {"title": "Dune"})
                listener.approval.allow(request.number)
                done = await client.until(id, "completed")
                assert done["result"]["structuredContent"] == {"result": "deleted Dune"}

        anyio.run(main)

    def test_a_task_ends_with_a_server_that_is_replaced(self, listener: Listener, server: NotebookServer) -> None:
        async def main() -> None:
            async with connected(listener.url) as client:
                id = (await client.call("waits"))["taskId"]
            await anyio.to_thread.run_sync(listener.follow, NotebookServer("lab"))
            async with connected(server) as client:
                failed = await client.until(id, "failed")
                assert failed["error"]["message"] == "The server ended before the task did. Call the tool again."

        anyio.run(main)
        until(lambda: server.runtime.recorder.calls[0].state == "refused")
