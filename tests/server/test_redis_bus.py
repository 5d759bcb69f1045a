"""The bus that passes notices on between replicas through a Redis."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import anyio
import pytest
from mcp.server.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)

from mcp_notebook.server.extensions import redis_bus
from mcp_notebook.server.extensions.redis_bus import RedisBus, chosen_bus
from tests.support.redis_server import RedisServer, running_redis
from tests.support.waiting import DEADLINE

ALL: list[ServerEvent] = [
    ToolsListChanged(),
    PromptsListChanged(),
    ResourcesListChanged(),
    ResourceUpdated(uri="note://ü/🙂?a=1&b= 2"),
]


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def bus(redis_server: RedisServer) -> Callable[..., RedisBus]:
    """Make buses of one server, each of which is another process to the others."""
    with redis_server.client() as client:
        client.flushall()
    return lambda name="lab", query="": RedisBus(redis_server.url + query, name)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def limited() -> None:
        with anyio.fail_after(DEADLINE):
            await main()

    anyio.run(limited)


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await anyio.sleep(0.01)


def note(number: int) -> ResourceUpdated:
    return ResourceUpdated(uri=f"note://{number}")


def test_each_notice_reaches_the_listeners_at_each_replica_once(bus: Callable[..., RedisBus]) -> None:
    async def main() -> None:
        one, other, foreign = bus(), bus(), bus("another")
        here: list[ServerEvent] = []
        there: list[ServerEvent] = []
        elsewhere: list[ServerEvent] = []
        one.subscribe(here.append)
        other.subscribe(there.append)
        foreign.subscribe(elsewhere.append)
        for event in ALL:
            await one.publish(event)
        assert here == ALL  # without waiting for Redis
        await until(lambda: there == ALL)
        await other.publish(note(1))
        await until(lambda: here == [*ALL, note(1)])
        assert there == [*ALL, note(1)]
        assert elsewhere == []

    run(main)


@pytest.mark.parametrize("protocol", [2, 3])
def test_the_url_may_choose_the_protocol_of_redis(bus: Callable[..., RedisBus], protocol: int) -> None:
    async def main() -> None:
        one, other = bus(query=f"?protocol={protocol}"), bus(query=f"?protocol={protocol}")
        there: list[ServerEvent] = []
        other.subscribe(there.append)
        for number in range(3):
            await one.publish(note(number))
            await until(lambda: len(there) == number + 1)  # noqa: B023
        assert there == [note(0), note(1), note(2)]

    run(main)


def test_a_notice_right_after_a_replica_began_to_listen_is_not_missed(bus: Callable[..., RedisBus]) -> None:
    async def main() -> None:
        one, other = bus(), bus()
        there: list[ServerEvent] = []
        other.subscribe(there.append)
        await one.publish(note(1))  # `other` has not even connected
        await until(lambda: there == [note(1)])

    run(main)


def test_who_leaves_hears_no_more(bus: Callable[..., RedisBus]) -> None:
    async def main() -> None:
        one, other = bus(), bus()
        left: list[ServerEvent] = []
        stayed: list[ServerEvent] = []
        leave = other.subscribe(left.append)
        other.subscribe(stayed.append)
        await one.publish(note(1))
        await until(lambda: stayed)
        leave()
        leave()
        await one.publish(note(2))
        await until(lambda: len(stayed) == 2)
        assert left == [note(1)]

    run(main)


def test_a_listener_that_raises_stops_no_other(bus: Callable[..., RedisBus], caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        one, other = bus(), bus()
        there: list[ServerEvent] = []

        def raises(event: ServerEvent) -> None:
            raise ValueError("no")

        other.subscribe(raises)
        other.subscribe(there.append)
        for number in range(2):
            await one.publish(note(number))
            await until(lambda: len(there) == number + 1)  # noqa: B023

    run(main)


def test_what_is_published_while_redis_is_away_arrives_when_it_is_back(
    bus: Callable[..., RedisBus], redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        one, other = bus(), bus()
        here: list[ServerEvent] = []
        there: list[ServerEvent] = []
        one.subscribe(here.append)
        other.subscribe(there.append)
        await one.publish(note(1))
        await until(lambda: there)
        redis_server.stop()
        try:
            for _ in range(3):  # which says the same three times
                for event in ALL:
                    await one.publish(event)
            assert here == [note(1), *ALL * 3]
            await until(lambda: "does not pass notices on" in caplog.text)
        finally:
            await anyio.to_thread.run_sync(redis_server.start)
        await until(lambda: there == [note(1), *ALL])
        await other.publish(note(2))
        await until(lambda: here[-1] == note(2))

    run(main)
    assert "Redis passes notices on again." in caplog.text
    assert "only" not in caplog.text  # the password


def test_a_redis_that_was_away_from_the_first_moment_on_is_waited_for(
    bus: Callable[..., RedisBus], redis_server: RedisServer
) -> None:
    async def main() -> None:
        redis_server.stop()
        try:
            one, other = bus(), bus()
            there: list[ServerEvent] = []
            other.subscribe(there.append)
            await one.publish(note(1))
            await anyio.sleep(0.3)
        finally:
            await anyio.to_thread.run_sync(redis_server.start)
        # Perhaps twice: a notice whose receipt was not confirmed in time is sent again.
        await until(lambda: there)
        assert set(there) == {note(1)}

    run(main)


def test_a_redis_that_has_lost_everything_goes_on(
    bus: Callable[..., RedisBus], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "BLOCK", 0.2)

    async def main() -> None:
        one, other = bus(), bus()
        there: list[ServerEvent] = []
        other.subscribe(there.append)
        await one.publish(note(1))
        await until(lambda: there)
        with redis_server.client() as look:
            look.flushall()
        await one.publish(note(2))
        await until(lambda: there == [note(1), note(2)])

    run(main)


def test_what_waits_and_what_redis_keeps_is_bounded(
    bus: Callable[..., RedisBus], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "MOST_WAITING", 50)

    async def main() -> None:
        one, other = bus(), bus()
        there: list[ServerEvent] = []
        other.subscribe(there.append)
        redis_server.stop()
        try:
            for number in range(200):
                await one.publish(note(number))
        finally:
            await anyio.to_thread.run_sync(redis_server.start)
        await until(lambda: note(199) in there)
        assert 50 <= len(there) <= 51  # one may have been on its way
        for number in range(30):
            for more in range(100):
                await one.publish(note(1000 + 100 * number + more))
            await until(lambda: note(1099 + 100 * number) in there)  # noqa: B023
        with redis_server.client() as look:
            assert 1000 <= look.xlen("mcp-notices:lab") < 1200
            assert 3500 < look.ttl("mcp-notices:lab") <= 3600

    run(main)


def test_what_others_leave_in_redis_is_ignored(bus: Callable[..., RedisBus], redis_server: RedisServer) -> None:
    async def main() -> None:
        one, other = bus(), bus()
        there: list[ServerEvent] = []
        other.subscribe(there.append)
        with redis_server.client() as look:
            for fields in ({"changed": "weather"}, {"changed": "resource"}, {"junk": "x"}):
                look.xadd("mcp-notices:lab", fields)
        await one.publish(note(1))
        await until(lambda: there == [note(1)])

    run(main)


def test_the_end_of_a_loop_sends_what_waits_and_leaves_no_task(
    bus: Callable[..., RedisBus], redis_server: RedisServer
) -> None:
    one = bus()

    async def main() -> None:
        one.subscribe(lambda event: None)
        await one.publish(note(1))

    for _ in range(3):  # each in a loop of its own
        asyncio.run(main())
    with redis_server.client() as look:
        assert look.xlen("mcp-notices:lab") == 3


def test_an_end_while_redis_is_away_is_quick(
    bus: Callable[..., RedisBus], redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        one = bus()
        one.subscribe(lambda event: None)
        redis_server.stop()
        await one.publish(note(1))
        await anyio.sleep(0.2)

    try:
        run(main)
    finally:
        redis_server.start()
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MCP_NOTEBOOK_REDIS_URL", raising=False)
    assert chosen_bus() is None
    monkeypatch.setenv("MCP_NOTEBOOK_REDIS_URL", "redis://localhost:6379/0")
    assert isinstance(chosen_bus(), RedisBus)
    monkeypatch.setenv("MCP_NOTEBOOK_REDIS_URL", "redis://:pass/word@localhost")
    with pytest.raises(ValueError, match="MCP_NOTEBOOK_REDIS_URL: This is not the URL of a Redis") as found:
        chosen_bus()
    assert "word@" not in str(found.value)
