"""Calls that a server answers with a task, as a connection follows them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolRequestParams, RequestParams
from pydantic import ConfigDict

from mcp_notebook import Url, connect
from mcp_notebook.client import Connection
from mcp_notebook.client.background_call import BackgroundCall
from mcp_notebook.client.extensions import task_numbers
from mcp_notebook.client.extensions import tasks as client_side
from mcp_notebook.client.extensions.tasks import TaskState
from mcp_notebook.errors import RequestError
from mcp_notebook.server import sdk_gaps
from tests.support.task_tools import DEADLINE, TaskTools, over_http
from tests.support.waiting import NEVER, until


@pytest.fixture
def tools() -> TaskTools:
    return TaskTools()


@pytest.fixture(params=["memory", "http"])
def connection(request: pytest.FixtureRequest, tools: TaskTools) -> Iterator[Connection]:
    if request.param == "memory":
        with connect(tools.server) as connection:
            yield connection
    else:
        with over_http(tools.server.streamable_http_app()) as url, connect(Url(url)) as connection:
            yield connection


def test_a_task_becomes_the_result_of_its_call(connection: Connection, tools: TaskTools) -> None:
    heard: list[Any] = []

    def report(*progress: Any) -> None:
        heard.append(progress)
        tools.step.release()

    outcome = connection.call("train", {"steps": 2}, on_progress=report)
    assert outcome.result.structured_content == {"result": "trained in 2 steps"}
    assert outcome.problems == []
    assert heard == [(1, 2, "fitting"), (2, 2, "fitting")]
    assert outcome.call is not None
    assert outcome.call.state == "done"
    assert outcome.call.result is not None
    assert outcome.call.result["structuredContent"] == {"result": "trained in 2 steps"}


def test_questions_are_answered_as_in_any_call(connection: Connection) -> None:
    asked = connection.call("asks", answers=[{"name": "Ann"}, {"name": "Bob"}])
    assert asked.result.structured_content == {"result": "Ann and Bob"}
    resolved = connection.call("resolves", answers=[{"name": "Ann"}, {"name": "Rome"}])
    assert "in" in str(resolved.result.structured_content)
    assert resolved.call is not None
    assert [event.kind for event in resolved.call.events].count("question") == 2


def test_without_an_answer_the_task_is_cancelled(connection: Connection, tools: TaskTools) -> None:
    with pytest.raises(RequestError, match="nobody is here to answer"):
        connection.call("asks")
    until(lambda: not tools.tasks._running)


def test_the_errors_of_a_call(connection: Connection) -> None:
    assert connection.call("fails").result.is_error is True
    with pytest.raises(RequestError, match="The server refused: Not on a Sunday") as refused:
        connection.call("refuses")
    assert (refused.value.code, refused.value.data) == (-32600, {"day": "Sunday"})


def test_a_timeout_cancels_the_task(connection: Connection, tools: TaskTools) -> None:
    with pytest.raises(RequestError, match=r"did not answer within 0\.3 s"):
        connection.call("wait", timeout=0.3)
    assert tools.cancelled.wait(DEADLINE)


def test_news_of_a_task_restarts_the_clock(connection: Connection, tools: TaskTools) -> None:
    begun = connection.start_call("train", {"steps": 4}, timeout=0.5)
    for _ in range(4):
        assert not begun.done()
        NEVER.wait(0.25)
        tools.step.release()
    assert begun.result(DEADLINE).result.is_error is False


def test_declaring_nothing_gets_the_result_as_before(tools: TaskTools) -> None:
    tools.step.release()
    with connect(tools.server, extensions="none") as connection:
        assert connection.call("train", {"steps": 1}).result.is_error is False
        assert not tools.tasks._store._ended  # type: ignore[attr-defined]


def test_a_poll_says_which_task_it_is_about_in_a_header(tools: TaskTools) -> None:
    seen: list[dict[str, str]] = []
    inner = tools.server.streamable_http_app()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await inner(scope, receive, send)

    states: list[TaskState] = []
    tools.step.release()
    with over_http(app) as url, connect(Url(url)) as connection:
        connection.start_call("train", {"steps": 1}, on_task=states.append).result(DEADLINE)
    polls = [headers for headers in seen if headers.get("mcp-method") == "tasks/get"]
    assert polls
    assert {headers["mcp-name"] for headers in polls} == {states[0].id}


def test_polls_that_do_not_reach_the_server_are_repeated(tools: TaskTools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_side, "DEFAULT_POLL", 0.05)
    inner, lost = tools.server.streamable_http_app(), [0]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (b"mcp-method", b"tasks/get") in scope["headers"] and lost[0] < 3:
            lost[0] += 1
            await send({"type": "http.response.start", "status": 502, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await inner(scope, receive, send)

    tools.step.release()
    with over_http(app) as url, connect(Url(url)) as connection:
        assert connection.call("train", {"steps": 1}).result.is_error is False
        assert lost == [3]
        lost[0] = -1_000
        monkeypatch.setattr(client_side, "LOST", 0.2)
        with pytest.raises(RequestError, match="502"):
            connection.call("wait")


class TestInTheBackground:
    def begin(self, connection: Connection, tool: str, arguments: Any = None) -> BackgroundCall:
        def start(**options: Any) -> Any:
            return connection.start_call(tool, arguments, **options)

        return BackgroundCall(connection.name, tool, start)

    def test_a_call_says_how_it_goes(self, connection: Connection, tools: TaskTools) -> None:
        call = self.begin(connection, "train", {"steps": 1})
        until(lambda: call.message == "1 of 1: fitting")
        assert (call.status, call.outcome) == ("working", None)
        assert call.task_id
        with pytest.raises(TimeoutError, match=r"has not ended after 0\.01 s; it goes on"):
            call.result(0.01)
        tools.step.release()
        assert call.result(DEADLINE).structured_content == {"result": "trained in 1 steps"}
        assert (call.status, call.message) == ("completed", None)

    def test_a_call_is_cancelled_at_the_server(self, connection: Connection, tools: TaskTools) -> None:
        call = self.begin(connection, "wait")
        until(lambda: call.task_id)
        call.cancel()
        assert tools.cancelled.wait(DEADLINE)
        assert call.status == "cancelled"
        with pytest.raises(RequestError, match="The call of 'wait' was cancelled"):
            call.result(DEADLINE)

    def test_it_can_be_awaited(self, connection: Connection, tools: TaskTools) -> None:
        tools.step.release()

        async def cell() -> Any:
            return await self.begin(connection, "train", {"steps": 1})

        assert asyncio.run(cell()).structured_content == {"result": "trained in 1 steps"}

    def test_a_failure_is_its_message(self, connection: Connection) -> None:
        call = self.begin(connection, "refuses")
        with pytest.raises(RequestError):
            call.result(DEADLINE)
        assert (call.status, call.message) == ("failed", "The server refused: Not on a Sunday.")

    def test_a_server_that_makes_no_task_is_called_all_the_same(self, connection: Connection) -> None:
        call = self.begin(connection, "add", {"a": 1, "b": 2})
        assert call.result(DEADLINE).structured_content == {"result": 3}
        assert (call.status, call.task_id) == ("completed", None)


class _Any(RequestParams):
    model_config = ConfigDict(extra="allow")


class OddTasks(Extension):
    """Answers polls with whatever a test says, in order; the last one again and again."""

    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, *polls: Any, **handle: Any) -> None:
        self.polls, self.handle = (
            list(polls),
            {"resultType": "task", "taskId": "1", "status": "working", "pollIntervalMs": 1} | handle,
        )
        self.cancelled = 0

    async def intercept_tool_call(self, params: CallToolRequestParams, ctx: Any, call_next: Any) -> Any:
        return self.handle

    def methods(self) -> list[MethodBinding]:
        return [
            MethodBinding("tasks/get", _Any, self.get),
            MethodBinding("tasks/cancel", _Any, self.cancel),
            MethodBinding("tasks/update", _Any, self.cancel),
        ]

    async def get(self, ctx: Any, params: Any) -> Any:
        poll = self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
        return {"taskId": "1", "pollIntervalMs": 1} | poll

    async def cancel(self, ctx: Any, params: Any) -> Any:
        self.cancelled += 1
        return {}


Ask = Callable[..., Any]


@pytest.fixture
def ask() -> Ask:
    def ask(odd: OddTasks, **options: Any) -> Any:
        with sdk_gaps.quiet_construction():
            server: MCPServer[Any] = MCPServer("odd", extensions=[odd])
        server.add_tool(lambda: "", name="tool")
        with connect(server) as connection:
            return connection.call("tool", timeout=DEADLINE, **options)

    return ask


@pytest.mark.parametrize(
    ("poll", "line"),
    [
        ({"status": "failed", "error": {"code": 7, "message": "No."}}, "The server refused: No."),
        ({"status": "failed", "error": "no"}, "The server refused: The task failed, and the server does not say why."),
        ({"status": "cancelled"}, r"The task of 'tool' was cancelled at the server\."),
        ({"status": "cancelled", "statusMessage": "out of\nmemory"}, "cancelled at the server: out of memory"),
        ({"status": "completed"}, "completed, but the server sent no result"),
        ({"status": "completed", "result": [1]}, "completed, but the server sent no result"),
        ({}, "not with a valid MCP message"),
        ({"status": "input_required", "inputRequests": {"a": {"method": "dance"}}}, "not with a valid MCP message"),
    ],
)
def test_what_a_foreign_server_may_say(ask: Ask, poll: Any, line: str) -> None:
    with pytest.raises(RequestError, match=line):
        ask(OddTasks(poll))


def test_a_result_that_does_not_follow_the_protocol_is_shown_with_its_problems(ask: Ask) -> None:
    outcome = ask(OddTasks({"status": "completed", "result": {"content": [{"type": "smell"}]}}))
    assert "smell" in str(outcome.problems)


def test_a_question_is_asked_once_however_often_it_is_listed(ask: Ask) -> None:
    form = {"method": "elicitation/create", "params": {"mode": "form", "message": "?", "requestedSchema": {
        "type": "object", "properties": {}}}}  # fmt: skip
    listed = {"status": "input_required", "inputRequests": {"a": form}}
    done = {"status": "completed", "result": {"content": []}}
    count: list[Any] = []

    def answer(question: Any) -> Any:
        count.append(question)
        return "decline"

    ask(OddTasks(listed, listed, listed, done), answers=answer)
    assert len(count) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(1, 0.02), (250, 0.25), (10**9, 60.0), (None, 1.0), ("soon", 1.0), (math.nan, 1.0), (True, 1.0), (-5, 0.02)],
)
def test_the_poll_interval_has_bounds(said: Any, seconds: float) -> None:
    assert task_numbers.seconds(said) == seconds


def test_a_message_has_a_limit(ask: Ask) -> None:
    states: list[TaskState] = []
    odd = OddTasks({"status": "completed", "result": {"content": []}}, statusMessage="x" * 10_000)
    with sdk_gaps.quiet_construction():
        server: MCPServer[Any] = MCPServer("odd", extensions=[odd])
    server.add_tool(lambda: "", name="tool")
    with connect(server) as connection:
        connection.start_call("tool", on_task=states.append).result(DEADLINE)
    assert len(states[0].message or "") <= client_side.MOST_CHARACTERS + 100


@pytest.mark.parametrize(
    ("message", "report"),
    [
        ("3 of 10: fitting", (3, 10, "fitting")),
        ("1,000 of 2,000", (1000, 2000, None)),
        ("0.5 of 1: a\nb", (0.5, 1, "a\nb")),
        ("reading 3 of 10", (0, None, "reading 3 of 10")),
    ],
)
def test_numbers_in_a_message_are_progress(message: str, report: Any) -> None:
    assert task_numbers.numbers(message) == report
