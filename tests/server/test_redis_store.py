"""The store that keeps tasks in a Redis: its bounds, its order, and who may end a task."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError

from mcp_notebook.server.extensions import redis_client
from mcp_notebook.server.extensions.tasks import Task, TaskStore, redis_lease, redis_replica
from mcp_notebook.server.extensions.tasks.redis_store import RedisStore, chosen_store
from tests.support.redis_server import RedisServer, running_redis
from tests.support.waiting import DEADLINE, NEVER

VARIABLE = "MCP_NOTEBOOK_REDIS_URL"


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def store(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RedisStore]:
    """Make stores of one server, each of which is another process to the others."""
    monkeypatch.setattr(redis_lease, "LEASE", 0.6)
    monkeypatch.setattr(redis_lease, "BEAT", 0.1)
    monkeypatch.setattr(redis_replica, "ENDING", 0.0)  # nothing here ends what a test leaves open
    with redis_server.client() as client:
        client.flushall()
    return lambda **bounds: RedisStore(redis_server.url, "lab", **bounds)


def task(id: str = "one", **values: Any) -> Task:
    now = time.time()
    return Task(id, None, **({"ttl": 60.0, "created": now, "updated": now} | values))


def ended(id: str, **values: Any) -> Task:
    return task(id, **({"status": "completed"} | values))


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def limited() -> None:
        with anyio.fail_after(DEADLINE):
            await main()

    anyio.run(limited)


def test_a_task_is_the_same_when_another_process_reads_it(store: Callable[..., RedisStore]) -> None:
    async def main() -> None:
        one, other = store(), store()
        asked = {"1": {"method": "elicitation/create", "params": {"message": "Wer? ü 🙂"}}}
        kept = task(status="input_required", message="half", asked=asked)
        assert await one.save(kept)
        assert await other.load("one") == kept
        done = replace(kept, status="completed", asked={}, result={"content": [], "structuredContent": {"x": 1.5}})
        assert await one.save(done)
        assert await other.load("one") == done
        assert await other.load("unknown") is None
        assert await other.load("\ud800") is None

    run(main)


def test_servers_with_other_names_have_nothing_in_common(
    store: Callable[..., RedisStore], redis_server: RedisServer
) -> None:
    async def main() -> None:
        await store().save(task())
        assert await RedisStore(redis_server.url, "another").load("one") is None

    run(main)


def test_an_end_stays(store: Callable[..., RedisStore]) -> None:
    async def main() -> None:
        one, other = store(), store()
        await one.save(task())
        assert await other.save(ended("one", status="failed")) is False  # it is not the owner
        assert await one.save(ended("one"))
        assert await one.save(task()) is False
        assert await one.save(ended("one", status="failed")) is False
        found = await other.load("one")
        assert found is not None
        assert found.status == "completed"

    run(main)


def test_states_arrive_in_their_order(store: Callable[..., RedisStore]) -> None:
    async def main() -> None:
        one, other = store(), store()
        await one.save(task())
        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(one.save, task(message=str(number)))
        found = await other.load("one")
        assert found is not None
        assert found.message == "49"

    run(main)


def test_what_has_ended_is_kept_for_its_time_and_what_is_open_longer(
    store: Callable[..., RedisStore], redis_server: RedisServer
) -> None:
    async def main() -> None:
        one = store()
        await one.save(task("open"))
        await one.save(ended("timed"))
        await one.save(ended("for ever", ttl=None))
        await one.save(task("dropped"))
        await one.save(ended("dropped", status="cancelled", ttl=0))
        with redis_server.client() as look:
            left = {key: look.ttl(f"mcp-tasks:lab:task:{key}") for key in ("open", "timed", "for ever", "dropped")}
        assert 86_000 < left.pop("open") <= 86_400
        assert 50 < left.pop("timed") <= 60
        assert left == {"for ever": -1, "dropped": -2}

    run(main)


def test_the_oldest_ends_make_room(store: Callable[..., RedisStore], redis_server: RedisServer) -> None:
    async def main() -> None:
        one = store(most=3, most_bytes=3_000)
        await one.save(task("open"))
        await one.save(ended("short", ttl=0.01))
        await anyio.sleep(0.05)
        for number in range(5):
            await one.save(ended(str(number), ttl=None if number % 2 else 60.0))
        assert [bool(await one.load(str(number))) for number in range(5)] == [False, False, True, True, True]
        await one.save(ended("large", result={"text": "x" * 4_000}))
        assert await one.load("4") is None
        assert await one.load("large") is not None  # the latest stays in any case
        assert await one.load("open") is not None
        with redis_server.client() as look:
            assert look.zcard("mcp-tasks:lab:ended") == 1
            assert look.zcard("mcp-tasks:lab:expiring") == 1
            (member,) = look.zrange("mcp-tasks:lab:ended", 0, -1)
            assert str(look.get("mcp-tasks:lab:bytes")) == str(member).partition(" ")[0]

    run(main)


def test_a_task_of_a_process_that_is_gone_fails_at_the_next_look_but_not_too_early(
    store: Callable[..., RedisStore], redis_server: RedisServer
) -> None:
    async def main() -> None:
        other = store()
        await other.load("one")  # from now on, it knows that Redis is there
        await store().save(task(asked={"1": {}}, status="input_required"))
        with redis_server.client() as look:
            look.hset("mcp-tasks:lab:task:one", "owner", "gone")
        found = await other.load("one")
        assert found is not None
        assert found.open  # its owner may just not have had the time
        while found.open:
            await anyio.sleep(0.01)
            found = await other.load("one")
            assert found is not None
        assert (found.status, found.asked) == ("failed", {})
        assert found.message == "The server ended before the task did. Call the tool again."
        assert found.error == {"code": -32603, "message": found.message}

    run(main)


def test_a_function_that_blocks_the_loop_does_not_end_its_process(store: Callable[..., RedisStore]) -> None:
    async def main() -> None:
        await store().save(task())

        def look() -> Task | None:
            async def other() -> Task | None:
                reader = store()
                await reader.load("one")
                await anyio.sleep(3 * redis_lease.LEASE)  # by then, it would be sure
                return await reader.load("one")

            return anyio.run(other)

        looking = asyncio.get_running_loop().run_in_executor(None, look)
        NEVER.wait(4 * redis_lease.LEASE)  # blocks the loop
        found = await looking
        assert found is not None
        assert found.open

    run(main)


def test_messages_reach_the_process_that_runs_the_task(
    store: Callable[..., RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        one, other = store(), store()
        heard: list[tuple[str, Any]] = []
        one.deliver_to(lambda id, message: heard.append((id, message)))
        await one.save(task())
        for number in range(5):
            await other.send("one", {"number": number})
        while len(heard) < 5:
            await anyio.sleep(0.01)
        assert heard == [("one", {"number": number}) for number in range(5)]
        await one.save(ended("one"))
        await other.send("one", {"cancel": True})  # dropped
        await other.send("unknown", {"cancel": True})

    run(main)


def test_a_process_that_reads_no_messages_gets_no_more(
    store: Callable[..., RedisStore], redis_server: RedisServer
) -> None:
    async def main() -> None:
        one = store()
        await one.save(task())
        with redis_server.client() as look:
            look.hset("mcp-tasks:lab:task:one", "owner", "deaf")
            for _ in range(redis_replica.MOST_MESSAGES):
                await one.send("one", {"cancel": True})
            with pytest.raises(MCPError, match="does not read its messages"):
                await one.send("one", {"cancel": True})
            assert look.ttl("mcp-tasks:lab:inbox:deaf") > 0

    run(main)


def test_watchers_hear_of_changes_in_other_processes_until_they_leave(store: Callable[..., RedisStore]) -> None:
    async def main() -> None:
        one, other = store(), store()
        seen: list[str | None] = []
        await one.save(task(message="first"))
        leave = other.watch("one", lambda found: seen.append(found.message))
        while not seen:  # what came before the subscription
            await anyio.sleep(0.01)
        await one.save(task(message="second"))
        while seen[-1] != "second":
            await anyio.sleep(0.01)
        leave()
        await one.save(task(message="third"))
        await anyio.sleep(3 * redis_lease.BEAT)
        assert "third" not in seen

    run(main)


def test_what_it_logs_when_redis_goes_and_comes_has_no_secret(
    store: Callable[..., RedisStore], redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        one = store()
        await one.save(task())
        redis_server.stop()
        try:
            while "ConnectionError" not in caplog.text:
                await anyio.sleep(0.01)
            assert await one.save(task(message="later"))  # kept when Redis is back
            with pytest.raises(MCPError, match=r"does not work \(ConnectionError\)"):
                await one.save(task("new"))
        finally:
            redis_server.start()
        other = store()
        while (found := await other.load("one")) is None or found.message != "later":
            await anyio.sleep(0.01)
        while "again" not in caplog.text:
            await anyio.sleep(0.01)

    with caplog.at_level(logging.DEBUG):
        run(main)
    mine = [record for record in caplog.records if record.name.startswith("mcp_notebook")]
    assert [record.getMessage() for record in mine] == [
        "Redis does not keep the tasks (ConnectionError). Open ones go on.",
        "Redis keeps the tasks again.",
    ]
    assert "only for tests" not in caplog.text
    assert "only%20for%20tests" not in caplog.text


def test_the_environment_chooses_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen_store() is None
    monkeypatch.setenv(VARIABLE, "redis://localhost:6379/0")
    chosen: TaskStore | None = chosen_store()
    assert isinstance(chosen, RedisStore)


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://:pass@host/", "redis://:pa/ss@host:6379/0", "redis://:pass@host:port/0"]
)
def test_a_wrong_url_is_refused_in_one_line_without_the_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(VARIABLE, url)
    with pytest.raises(ValueError, match=f"{VARIABLE}: This is not the URL of a Redis") as refused:
        chosen_store()
    assert "pa" not in str(refused.value).replace("password", "").replace("PASSWORD", "")
    assert refused.value.__cause__ is None
    assert "\n" not in str(refused.value)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import sys; sys.modules['redis'] = None\n"
        "from mcp_notebook.server.extensions.tasks.redis_store import chosen_store\n"
        "try: chosen_store()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    monkeypatch.setenv(VARIABLE, "redis://localhost:6379/0")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    expected = f"{VARIABLE} is set, and redis is not installed. Run: pip install 'mcp-notebook[redis]'\n"
    assert done.stdout == expected
    assert redis_client.PACKAGE == "mcp_notebook"
