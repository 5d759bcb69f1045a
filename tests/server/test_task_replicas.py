"""Tasks in a Redis, with several replicas of a server: processes that listen, and are killed."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

from tests.support.redis_server import RedisServer, running_redis
from tests.support.task_replica import BEAT, LEASE, Replica, replica
from tests.support.task_tools import Hearing, TaskClient, connected
from tests.support.waiting import DEADLINE

pytestmark = pytest.mark.slow

ENDED = "The server ended before the task did. Call the tool again."
ANN = {"action": "accept", "content": {"name": "Ann"}}


class Balancer(httpx2.AsyncBaseTransport):
    """Sends each request to the next replica, as a load balancer does that knows nothing of sessions."""

    def __init__(self, *urls: str) -> None:
        self._places = itertools.cycle([httpx2.URL(url) for url in urls])
        self._inner = httpx2.AsyncHTTPTransport()
        self.ports: list[int | None] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        place = next(self._places)
        self.ports.append(place.port)
        request.url = request.url.copy_with(port=place.port)
        request.headers["host"] = f"127.0.0.1:{place.port}"
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def client(*replicas: Replica, user: str = "ann", hearing: Hearing | None = None) -> AsyncIterator[TaskClient]:
    urls = [replica.url for replica in replicas]
    async with httpx2.AsyncClient(transport=Balancer(*urls), headers={"Authorization": f"Bearer {user}"}) as http:
        target = streamable_http_client(urls[0], http_client=http)
        async with connected(target, hearing=hearing) as connection:
            yield connection


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def pair(redis_server: RedisServer) -> Iterator[tuple[Replica, Replica]]:
    with replica(redis_server.url) as one, replica(redis_server.url) as other:
        yield one, other


async def until(condition: Callable[[], Any]) -> None:
    with anyio.fail_after(DEADLINE):
        while not condition():
            await anyio.sleep(0.01)


async def refused(request: Any) -> MCPError:
    with pytest.raises(MCPError) as found:
        await request
    return found.value


def test_a_client_whose_requests_alternate_sees_one_server(pair: tuple[Replica, Replica]) -> None:
    async def main() -> None:
        async with client(*pair) as balanced:
            for _ in range(4):
                id = (await balanced.call("asks"))["taskId"]
                seen: list[str] = []
                while (task := await balanced.until(id, "input_required", "completed"))["status"] != "completed":
                    new = [key for key in task["inputRequests"] if key not in seen]
                    seen += new
                    if new:
                        await balanced.task("update", id, input_responses=dict.fromkeys(new, ANN))
                assert task["result"]["structuredContent"] == {"result": "Ann and Ann"}
                assert seen == ["1", "2"]

    anyio.run(main)


def test_what_reaches_another_replica_is_passed_on(pair: tuple[Replica, Replica]) -> None:
    async def main() -> None:
        async with client(pair[0]) as one, client(pair[1]) as other:
            id = (await one.call("asks"))["taskId"]
            (key,) = (await other.until(id, "input_required"))["inputRequests"]
            wrong = await refused(other.task("update", id, input_responses={key: {"junk": 1}}))
            assert wrong.code == INVALID_PARAMS
            await other.task("update", id, input_responses={key: ANN, "unknown": ANN})
            with anyio.fail_after(DEADLINE):
                while "2" not in (await other.until(id, "working", "input_required")).get("inputRequests", {}):
                    await anyio.sleep(0.01)
            await other.task("cancel", id)
            assert (await other.until(id, "cancelled")) == (await one.until(id, "cancelled"))
            await other.task("cancel", id)  # again, which changes nothing
            assert (await other.task("get", id))["status"] == "cancelled"

    anyio.run(main)


def test_another_user_gets_nothing_from_any_replica(pair: tuple[Replica, Replica]) -> None:
    async def main() -> None:
        async with client(pair[0]) as one, client(pair[1]) as other, client(pair[1], user="bob") as foreign:
            id = (await one.call("asks"))["taskId"]
            await other.until(id, "input_required")
            for request in (
                foreign.task("get", id),
                foreign.task("update", id, input_responses={"1": ANN}),
                foreign.task("cancel", id),
            ):
                assert (await refused(request)).code == INVALID_PARAMS
            assert list((await other.task("get", id))["inputRequests"]) == ["1"]

    anyio.run(main)


def test_a_stream_at_another_replica_is_told_of_each_change(pair: tuple[Replica, Replica]) -> None:
    hearing = Hearing()

    def asked(key: str) -> bool:
        return bool(hearing.told) and key in hearing.told[-1].get("inputRequests", {})

    async def main() -> None:
        async with (
            client(pair[0]) as one,
            client(pair[1], hearing=hearing) as other,
            anyio.create_task_group() as group,
        ):
            id = (await one.call("asks"))["taskId"]
            group.start_soon(other.send, "subscriptions/listen", {"notifications": {"taskIds": [id]}})
            for key in ("1", "2"):
                await until(partial(asked, key))
                await one.task("update", id, input_responses={key: ANN})
            await until(lambda: hearing.told[-1]["status"] == "completed")
            assert hearing.told[-1]["result"]["structuredContent"] == {"result": "Ann and Ann"}
            group.cancel_scope.cancel()

    anyio.run(main)


def test_the_tasks_of_a_killed_replica_fail_in_time(pair: tuple[Replica, Replica], redis_server: RedisServer) -> None:
    hearing = Hearing()

    async def main(doomed: Replica) -> None:
        async with client(pair[1], hearing=hearing) as other, anyio.create_task_group() as group:
            async with client(doomed) as one:
                ids = [(await one.call(tool))["taskId"] for tool in ("wait", "asks", "fails")]
                await other.until(ids[1], "input_required")
                done = await one.until(ids[2], "completed")
            group.start_soon(other.send, "subscriptions/listen", {"notifications": {"taskIds": ids[:1]}})
            await until(lambda: hearing.told)
            doomed.kill()
            killed = time.monotonic()
            assert (await other.task("get", ids[2]))["result"] == done["result"]
            failed = await other.until(ids[1], "failed")
            assert "inputRequests" not in failed
            await until(lambda: hearing.told[-1]["status"] == "failed")
            assert time.monotonic() - killed < LEASE + BEAT + 2  # machines with much to do are slower
            for told in (failed, hearing.told[-1]):
                assert told["statusMessage"] == told["error"]["message"] == ENDED
            await other.task("cancel", ids[0])
            assert (await other.task("get", ids[0]))["status"] == "failed"
            group.cancel_scope.cancel()

    with replica(redis_server.url) as doomed:
        anyio.run(main, doomed)


def test_a_replica_that_was_taken_for_ended_agrees_when_it_comes_back(pair: tuple[Replica, Replica]) -> None:
    async def main() -> None:
        async with client(pair[0]) as one, client(pair[1]) as other:
            id = (await one.call("asks"))["taskId"]
            await other.until(id, "input_required")
            pair[0].pause()
            try:
                await other.until(id, "failed")
            finally:
                pair[0].go_on()
            assert (await one.until(id, "failed"))["statusMessage"] == ENDED
            assert (await other.task("get", id))["status"] == "failed"

    anyio.run(main)


def test_a_task_is_gone_everywhere_after_its_time(pair: tuple[Replica, Replica], redis_server: RedisServer) -> None:
    async def main() -> None:
        async with client(pair[0]) as one, client(pair[1]) as other:
            id = (await one.call("fails"))["taskId"]
            assert (await other.until(id, "completed"))["result"]["isError"] is True
            with redis_server.client() as look:
                await until(lambda: not look.exists(f"mcp-tasks:lab:task:{id}"))
            for connection in (one, other):
                assert (await refused(connection.task("get", id))).code == INVALID_PARAMS

    anyio.run(main)


def test_a_redis_that_is_away_is_one_error_and_tasks_go_on_when_it_is_back(
    pair: tuple[Replica, Replica], redis_server: RedisServer
) -> None:
    async def main() -> None:
        async with client(pair[0]) as one, client(pair[1]) as other:
            id = (await one.call("asks"))["taskId"]
            (key,) = (await other.until(id, "input_required"))["inputRequests"]
            redis_server.stop()
            try:
                for request in (one.call("wait"), other.task("get", id), other.task("cancel", id)):
                    error = await refused(request)
                    assert error.code == INTERNAL_ERROR
                    assert "The Redis that keeps the tasks does not work" in error.message
                    assert "only" not in error.message  # the password
                # The process that runs the task goes on, and says nothing yet that others could not say.
                await one.task("update", id, input_responses={key: ANN})
                assert (await one.call("add", a=1, b=2))["structuredContent"] == {"result": 3}
            finally:
                redis_server.start()
            with anyio.fail_after(DEADLINE):
                while True:
                    try:
                        task = await other.until(id, "working", "input_required")
                    except MCPError:
                        continue
                    if "2" in task.get("inputRequests", {}):
                        break
            await other.task("update", id, input_responses={"2": ANN})
            assert (await other.until(id, "completed"))["result"]["structuredContent"] == {"result": "Ann and Ann"}

    anyio.run(main)


def test_a_redis_that_lost_everything_gets_the_open_tasks_again(
    pair: tuple[Replica, Replica], redis_server: RedisServer
) -> None:
    async def main() -> None:
        async with client(pair[0]) as one, client(pair[1]) as other:
            id = (await one.call("asks"))["taskId"]
            await one.until(id, "input_required")
            with redis_server.client() as look:
                look.flushall()
            with anyio.fail_after(DEADLINE):
                while True:
                    try:
                        await other.task("get", id)
                    except MCPError:
                        await anyio.sleep(0.01)
                    else:
                        break
            await other.task("cancel", id)
            await other.until(id, "cancelled")

    anyio.run(main)
