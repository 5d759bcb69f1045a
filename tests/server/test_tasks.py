"""The server's side of the extension for tasks, on a plain server of the SDK."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.client import advertise
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    SubscriptionsAcknowledgedNotification,
)

from mcp_notebook.server.extensions.tasks import MemoryStore, Task, Tasks
from mcp_notebook.server.extensions.tasks.redis_store import RedisStore
from tests.support.redis_server import running_redis
from tests.support.task_tools import DEADLINE, Hearing, TaskClient, TaskTools, connected, over_http

Use = Callable[[TaskClient], Awaitable[None]]
Run = Callable[..., None]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with running_redis() as server:
        yield server.url


@pytest.fixture(params=["memory", "http", "http-redis"])
def way(request: pytest.FixtureRequest) -> str:
    """How clients reach the server, and where it keeps the tasks, if that is not the memory."""
    return str(request.param)


@pytest.fixture
def tools(request: pytest.FixtureRequest) -> TaskTools:
    if "way" in request.fixturenames and request.getfixturevalue("way") == "http-redis":
        return TaskTools(RedisStore(request.getfixturevalue("redis_url"), "lab"))
    return TaskTools()


@pytest.fixture
def run(way: str, tools: TaskTools) -> Iterator[Run]:
    """Let each use have a client of its own, in the same process or over HTTP."""

    def run_on(target: Any) -> Run:
        def run(*uses: Use, **options: Any) -> None:
            async def main() -> None:
                for use in uses:
                    async with connected(target, **options) as client:
                        await use(client)

            anyio.run(main)

        return run

    if way == "memory":
        yield run_on(tools.server)
    else:
        with over_http(tools.server.streamable_http_app()) as url:
            yield run_on(url)


@pytest.fixture
def code() -> Callable[[Awaitable[Any]], Awaitable[int]]:
    async def code(request: Awaitable[Any]) -> int:
        with pytest.raises(MCPError) as refused:
            await request
        return refused.value.code

    return code


def test_a_handle_comes_at_once_and_progress_is_the_message(run: Run, tools: TaskTools) -> None:
    async def use(client: TaskClient) -> None:
        handle = await client.call("train", steps=2)
        assert handle["resultType"] == "task"
        assert handle["status"] == "working"
        assert 3_600_000 <= handle["ttlMs"] < 3_601_000
        assert handle["pollIntervalMs"] == 20
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", handle["createdAt"])
        id = handle["taskId"]
        working = await client.until(id, "working", message="1 of 2: fitting")
        assert working["resultType"] == "complete"
        assert working["createdAt"] == handle["createdAt"]
        assert "result" not in working
        tools.step.release()
        await client.until(id, "working", message="2 of 2: fitting")
        tools.step.release()
        done = await client.until(id, "completed")
        assert done["result"]["structuredContent"] == {"result": "trained in 2 steps"}
        assert "statusMessage" not in done
        assert done["ttlMs"] > 3_600_000  # it counts from the creation, and the task is kept from its end

    run(use)


def test_a_result_is_what_the_call_would_have_returned(run: Run, tools: TaskTools) -> None:
    tools.step.release()
    tools.step.release()
    results: list[Any] = []

    async def plain(client: TaskClient) -> None:
        results.append(await client.call("train", steps=1))

    async def task(client: TaskClient) -> None:
        handle = await client.call("train", steps=1)
        results.append((await client.until(handle["taskId"], "completed"))["result"])

    run(plain, declares=False)
    run(task)
    assert results[0] == results[1]


def test_a_client_that_declares_nothing_sees_nothing_new(run: Run, tools: TaskTools) -> None:
    async def use(client: TaskClient) -> None:
        tools.step.release()
        result = await client.call("train", steps=1)
        assert result["structuredContent"] == {"result": "trained in 1 steps"}
        assert "taskId" not in result

    run(use, declares=False)
    run(use, declares=False, mode="legacy")
    run(use, mode="legacy")  # what it declares counts in the modern era only


def test_another_tool_is_called_as_before(run: Run, tools: TaskTools) -> None:
    async def use(client: TaskClient) -> None:
        assert (await client.call("add", a=1, b=2))["structuredContent"] == {"result": 3}
        tools.tasks.remove("train")
        tools.step.release()
        assert (await client.call("train", steps=1))["resultType"] == "complete"

    run(use)


@pytest.mark.parametrize(
    ("tool", "result"), [("asks", "Ann and Bob"), ("resolves_late", "Ann in Bob")], ids=["elicit", "multi-round"]
)
def test_questions_are_answered_through_the_task(run: Run, tool: str, result: str) -> None:
    async def use(client: TaskClient) -> None:
        id = (await client.call(tool))["taskId"]
        answers = ["Ann", "Bob"]
        seen: set[str] = set()
        while True:
            task = await client.until(id, "input_required", "completed")
            if task["status"] == "completed":
                break
            asked = task["inputRequests"]
            assert not seen & set(asked), "a key was used again"
            seen |= set(asked)
            assert all(request["method"] == "elicitation/create" for request in asked.values())
            named = {
                key: {"action": "accept", "content": {"name": answers[1 if "Where" in str(request) else 0]}}
                for key, request in asked.items()
            }
            if tool == "asks":
                answers.reverse()
            stale = {"0": {"action": "decline"}, "unknown": {"action": "cancel"}}
            assert await client.task("update", id, input_responses={**stale, **named}) == {"resultType": "complete"}
        assert task["result"]["structuredContent"] == {"result": result}
        # Answers after the end are acknowledged, and ignored.
        assert await client.task("update", id, input_responses=named) == {"resultType": "complete"}

    run(use)


def test_a_tool_that_asks_before_it_begins_does_so_without_a_task(run: Run) -> None:
    async def use(client: TaskClient) -> None:
        asking = await client.call("resolves")
        answers: dict[str, Any] = {}
        while asking["resultType"] == "input_required":
            assert "taskId" not in asking
            for key, request in asking["inputRequests"].items():
                name = "Bob" if "Where" in str(request) else "Ann"
                answers[key] = {"action": "accept", "content": {"name": name}}
            rest = {"inputResponses": answers, "requestState": asking["requestState"]}
            asking = await client.send("tools/call", {"name": "resolves", "arguments": {}, **rest})
        assert "requestState" not in asking
        ended = await client.until(asking["taskId"], "completed")
        assert ended["result"]["structuredContent"] == {"result": "Ann in Bob"}

    run(use)


def test_a_part_of_the_answers_leaves_the_rest_asked(run: Run) -> None:
    async def use(client: TaskClient) -> None:
        id = (await client.call("asks_both"))["taskId"]
        with anyio.fail_after(DEADLINE):
            while len(asked := (await client.until(id, "input_required"))["inputRequests"]) < 2:
                await anyio.lowlevel.checkpoint()
        one, other = asked
        accept = {"action": "accept", "content": {"name": "Ann"}}
        await client.task("update", id, input_responses={one: accept})
        assert list((await client.until(id, "input_required"))["inputRequests"]) == [other]
        await client.task("update", id, input_responses={other: accept})
        await client.until(id, "completed")

    run(use)


def test_an_answer_that_is_none_is_refused_and_what_is_not_asked_is_ignored(run: Run) -> None:
    async def use(client: TaskClient) -> None:
        id = (await client.call("asks"))["taskId"]
        (key,) = (await client.until(id, "input_required"))["inputRequests"]
        assert await client.task("update", id, input_responses={"other": {"junk": 1}}) == {"resultType": "complete"}
        with pytest.raises(MCPError) as refused:
            await client.task("update", id, input_responses={key: {"junk": 1}})
        assert refused.value.code == INVALID_PARAMS
        assert list((await client.task("get", id))["inputRequests"]) == [key]

    run(use)


def test_a_tool_that_only_runs_as_a_task_refuses_other_clients(tools: TaskTools) -> None:
    tools.tasks.add("train", required=True)

    async def use() -> None:
        async with connected(tools.server, declares=False) as client:
            with pytest.raises(MCPError) as refused:
                await client.call("train", steps=1)
            assert refused.value.code == MISSING_REQUIRED_CLIENT_CAPABILITY
            assert refused.value.data == {"requiredCapabilities": {"extensions": {Tasks.identifier: {}}}}
        tools.step.release()
        async with connected(tools.server) as client:
            assert (await client.call("train", steps=1))["resultType"] == "task"
        tools.tasks.add("train")
        async with connected(tools.server, declares=False) as client:
            tools.step.release()
            assert (await client.call("train", steps=1))["resultType"] == "complete"

    anyio.run(use)


def test_a_question_to_a_client_that_answers_none_fails_in_one_line(run: Run) -> None:
    async def use(client: TaskClient) -> None:
        id = (await client.call("asks"))["taskId"]
        failed = await client.until(id, "failed")
        assert failed["error"]["code"] == MISSING_REQUIRED_CLIENT_CAPABILITY
        assert failed["statusMessage"] == failed["error"]["message"]
        assert "does not declare 'elicitation'" in failed["statusMessage"]

    run(use, elicitation_callback=None)


def test_a_question_that_nobody_answers_ends_the_call(tools: TaskTools) -> None:
    async def use() -> None:
        tools.tasks.add("asks", ttl=0.05)
        async with connected(tools.server) as client:
            ended: list[Task] = []
            id = (await client.call("asks"))["taskId"]
            tools.tasks.watch(id, ended.append)
            with anyio.fail_after(DEADLINE):
                while not ended or ended[-1].open:
                    await anyio.sleep(0.01)
            assert ended[-1].message == "Nobody answered within 0.05 s, so the call ended."

    anyio.run(use)


def test_the_function_is_cancelled(run: Run, tools: TaskTools) -> None:
    async def use(client: TaskClient) -> None:
        id = (await client.call("wait"))["taskId"]
        assert await client.task("cancel", id) == {"resultType": "complete"}
        cancelled = await client.until(id, "cancelled")
        assert "result" not in cancelled
        assert "error" not in cancelled
        assert await anyio.to_thread.run_sync(tools.cancelled.wait, DEADLINE)
        assert await client.task("cancel", id) == {"resultType": "complete"}  # again, which changes nothing

    run(use)


def test_a_task_that_asks_can_be_cancelled(run: Run) -> None:
    async def use(client: TaskClient) -> None:
        id = (await client.call("asks"))["taskId"]
        await client.until(id, "input_required")
        await client.task("cancel", id)
        assert "inputRequests" not in await client.until(id, "cancelled")

    run(use)


def test_errors_are_those_of_the_call(run: Run) -> None:
    async def use(client: TaskClient) -> None:
        completed = await client.until((await client.call("fails"))["taskId"], "completed", "failed")
        assert completed["status"] == "completed"
        assert completed["result"]["isError"] is True
        assert "this is not told" not in json.dumps(completed)
        failed = await client.until((await client.call("refuses"))["taskId"], "failed")
        assert failed["error"] == {"code": -32600, "message": "Not on a Sunday.", "data": {"day": "Sunday"}}
        assert failed["statusMessage"] == "Not on a Sunday."
        assert "ping" in (await client.until((await client.call("pings"))["taskId"], "failed"))["statusMessage"]
        assert (await client.until((await client.call("logs"))["taskId"], "completed"))["result"]["isError"] is False

    run(use)


def test_a_task_outlives_its_connection(run: Run, tools: TaskTools) -> None:
    ids: list[str] = []

    async def begin(client: TaskClient) -> None:
        ids.append((await client.call("train", steps=1))["taskId"])

    async def come_back(client: TaskClient) -> None:
        await client.until(ids[0], "working", message="1 of 1: fitting")
        tools.step.release()
        await client.until(ids[0], "completed")

    run(begin, come_back)


@pytest.mark.parametrize("verb", ["get", "update", "cancel"])
def test_refusals(run: Run, code: Any, verb: str) -> None:
    params: dict[str, Any] = {"input_responses": {}} if verb == "update" else {}
    ids: list[str] = []

    async def unknown(client: TaskClient) -> None:
        ids.append((await client.call("wait"))["taskId"])
        assert await code(client.task(verb, "unknown", **params)) == INVALID_PARAMS
        assert await code(client.send(f"tasks/{verb}", {})) == INVALID_PARAMS

    async def undeclared(client: TaskClient) -> None:
        assert await code(client.task(verb, ids[0], **params)) == MISSING_REQUIRED_CLIENT_CAPABILITY

    async def legacy(client: TaskClient) -> None:
        assert await code(client.task(verb, ids[0], **params)) == METHOD_NOT_FOUND

    run(unknown)
    run(undeclared, declares=False)
    run(legacy, mode="legacy")


def test_an_answer_of_the_wrong_shape_is_refused_and_the_task_goes_on_asking(run: Run, code: Any) -> None:
    async def use(client: TaskClient) -> None:
        id = (await client.call("asks"))["taskId"]
        (key,) = (await client.until(id, "input_required"))["inputRequests"]
        assert await code(client.task("update", id, input_responses={key: {"action": "dance"}})) == INVALID_PARAMS
        assert list((await client.until(id, "input_required"))["inputRequests"]) == [key]

    run(use)


def test_a_user_does_not_get_the_task_of_another(tools: TaskTools, code: Any) -> None:
    def sign_in(name: str) -> Any:
        token = AccessToken(token=name, client_id="app", subject=name, scopes=[])
        return auth_context_var.set(AuthenticatedUser(token))

    async def use() -> None:
        async with connected(tools.server) as client:
            sign_in("ann")
            id = (await client.call("wait"))["taskId"]
            assert (await client.task("get", id))["status"] == "working"
            sign_in("bob")
            assert await code(client.task("get", id)) == INVALID_PARAMS
            assert await code(client.task("update", id, input_responses={})) == INVALID_PARAMS
            assert await code(client.task("cancel", id)) == INVALID_PARAMS
            sign_in("ann")
            assert (await client.task("get", id))["status"] == "working"

    anyio.run(use)


def test_a_flood_of_tasks_is_refused(tools: TaskTools, code: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_notebook.server.extensions.tasks.extension.MOST_OPEN", 2)

    async def use() -> None:
        async with connected(tools.server) as client:
            ids = [(await client.call("wait"))["taskId"] for _ in range(2)]
            assert await code(client.call("wait")) == INTERNAL_ERROR
            await client.task("cancel", ids[0])
            await client.until(ids[0], "cancelled")
            assert (await client.call("wait"))["resultType"] == "task"

    anyio.run(use)


def test_ids_cannot_be_guessed(tools: TaskTools) -> None:
    async def use() -> None:
        async with connected(tools.server) as client:
            ids = {(await client.call("wait"))["taskId"] for _ in range(20)}
            assert len(ids) == 20
            assert all(len(id) >= 32 for id in ids)

    anyio.run(use)


def test_a_task_whose_loop_has_ended_says_so(tools: TaskTools) -> None:
    ids: list[str] = []

    async def begin() -> None:
        async with connected(tools.server) as client:
            ids.append((await client.call("wait"))["taskId"])

    async def look() -> None:
        async with connected(tools.server) as client:
            failed = await client.task("get", ids[0])
            assert failed["status"] == "failed"
            assert failed["error"]["message"] == "The server ended before the task did. Call the tool again."

    anyio.run(begin)
    assert tools.cancelled.is_set()
    anyio.run(look)


def test_a_loop_that_was_closed_without_an_end_does_not_keep_a_task_open(tools: TaskTools) -> None:
    loop = asyncio.new_event_loop()

    async def begin() -> str:
        async with connected(tools.server) as client:
            return str((await client.call("wait"))["taskId"])

    id = loop.run_until_complete(begin())
    left = asyncio.all_tasks(loop)
    loop.close()

    async def look() -> None:
        async with connected(tools.server) as client:
            assert "server ended" in (await client.task("get", id))["statusMessage"]

    anyio.run(look)
    for task in left:  # what the interpreter would complain about
        task._log_destroy_pending = False  # type: ignore[attr-defined]


def test_a_client_that_listens_is_told_of_each_change(run: Run, tools: TaskTools) -> None:
    hearing, acknowledged = Hearing(), []

    async def hear(message: Any) -> None:
        if isinstance(message, SubscriptionsAcknowledgedNotification):
            acknowledged.append(message.params.notifications.model_dump(by_alias=True, exclude_none=True))

    async def until(condition: Callable[[], bool]) -> None:
        while not condition():
            await anyio.sleep(0.01)

    async def use(client: TaskClient) -> None:
        id = (await client.call("train", steps=1))["taskId"]
        wanted = {"notifications": {"taskIds": [id, "unknown"], "toolsListChanged": True}}
        async with anyio.create_task_group() as group:
            group.start_soon(client.send, "subscriptions/listen", wanted)
            await until(lambda: bool(hearing.told) and hearing.told[-1].get("statusMessage") == "1 of 1: fitting")
            tools.step.release()
            await until(lambda: hearing.told[-1]["status"] == "completed")
            group.cancel_scope.cancel()
        assert acknowledged == [{"toolsListChanged": True, "taskIds": [id]}]
        last = hearing.told[-1]
        assert "io.modelcontextprotocol/subscriptionId" in last.pop("_meta")
        assert last | {"resultType": "complete"} == await client.task("get", id)

    run(use, hearing=hearing, message_handler=hear)


def test_listening_to_tasks_needs_the_extension(run: Run, code: Any) -> None:
    async def use(client: TaskClient) -> None:
        asked = {"notifications": {"taskIds": ["some"]}}
        assert await code(client.send("subscriptions/listen", asked)) == MISSING_REQUIRED_CLIENT_CAPABILITY

    run(use, declares=False)


class TestMemoryStore:
    def task(self, id: str, **values: Any) -> Task:
        return Task(id, None, **({"ttl": None, "created": 0, "updated": 0, "status": "completed"} | values))

    def test_the_oldest_results_make_room(self) -> None:
        async def main() -> None:
            store = MemoryStore(most=3, most_bytes=1_000)
            await store.save(self.task("open", status="working"))
            for number in range(5):
                await store.save(self.task(str(number)))
            assert [bool(await store.load(str(number))) for number in range(5)] == [False, False, True, True, True]
            await store.save(self.task("large", result={"text": "x" * 2_000}))
            assert await store.load("4") is None
            assert await store.load("large") is not None  # the latest stays in any case
            assert await store.load("open") is not None

        anyio.run(main)

    def test_an_expired_task_is_unknown(self) -> None:
        async def main() -> None:
            store = MemoryStore()
            await store.save(self.task("old", ttl=1.0))
            await store.save(self.task("open", ttl=1.0, status="working"))
            assert await store.load("old") is None
            assert await store.load("open") is not None

        anyio.run(main)


def test_the_extension_is_declared_without_settings(tools: TaskTools) -> None:
    async def main() -> None:
        async with Client(tools.server, extensions=[advertise(Tasks.identifier)]) as client:
            assert client.server_capabilities.extensions == {Tasks.identifier: {}}

    anyio.run(main)
