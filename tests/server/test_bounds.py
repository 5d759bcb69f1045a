"""What clients send is kept within bounds, whatever part of a message it is in."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp_types import Implementation

from mcp_notebook.cells import place_of
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call, Recorder
from mcp_notebook.recording.call import MOST_CHARACTERS_OF_NAME
from mcp_notebook.rendering.calls.log import log
from mcp_notebook.server import NotebookServer, idle_sessions, notifier, runtime
from mcp_notebook.server.auth import Token
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.hosting import Listener
from tests.support.raw_http import ACCEPT, LEGACY, RawClient, answer
from tests.support.shells import running_shell

TOKEN = Token.make()
INVALID_PARAMS = -32602
HUGE = "x" * 4_000_000


@pytest.fixture
def server() -> NotebookServer:
    server = NotebookServer("shop")
    server.tool(name="add")(lambda a=1: a)
    return server


@pytest.fixture
def listener(server: NotebookServer, portal: Portal) -> Iterator[Listener]:
    listener = Listener(portal, server, name="shop", endpoint=Endpoint(TOKEN))
    yield listener
    listener.stop()


def call(**options: Any) -> Call:
    return Call(**{"server": "s", "method": "tools/call", "name": "t", "arguments": {}, **options})


def record(recorder: Recorder, made: Call, **end: Any) -> None:
    recorder.opened(made)
    made.end("refused", **end)
    recorder.closed(made)


@pytest.mark.parametrize("part", ["name", "client", "error"])
def test_long_names_clients_and_errors_are_cut_and_counted(part: str) -> None:
    recorder = Recorder()
    tracemalloc.start()
    try:
        for _ in range(500):
            made = call(**{part: str(HUGE)} if part != "error" else {})
            record(recorder, made, **{"error": str(HUGE)} if part == "error" else {})
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 30_000_000
    assert sum(one.size for one in recorder.calls) > 500 * len(getattr(made, part))
    assert len(log(recorder.calls[-20:], place_of).text) < 20_000
    assert "more characters]" in getattr(made, part)


def test_names_make_the_oldest_calls_go_as_arguments_do() -> None:
    recorder = Recorder(most_bytes=100_000)
    for _ in range(500):
        record(recorder, call(name="x" * MOST_CHARACTERS_OF_NAME))
    assert len(recorder.calls) < 40


def test_a_call_whose_name_was_cut_is_not_made_again() -> None:
    assert call(name=HUGE).cut
    assert not call(name="x" * MOST_CHARACTERS_OF_NAME).cut


def test_a_client_with_a_huge_name_calls_and_is_named_in_short(server: NotebookServer) -> None:
    async def main() -> None:
        async with Client(server, client_info=Implementation(name=HUGE, version="1")) as client:
            await client.call_tool("add", {})

    anyio.run(main)
    assert len(server.runtime.recorder.calls[-1].client) < 300


def test_the_overview_names_ten_clients_at_most() -> None:
    with running_shell() as shell:
        shell.good("%%mcp_tool\ndef add(a: int = 1) -> int:\n    return a")
        recorder = shell.session.registry.recorder
        for i in range(500):
            record(recorder, call(server="notebook", transport="http", client=f"client-{i:03} " + "x" * 1_000))
        shown = shell.good("%mcp").text
    assert shown.count("client-") == 10
    assert "490 more" in shown


@pytest.mark.parametrize("legacy", [False, True])
def test_a_client_may_follow_so_many_bytes_of_uris(
    listener: Listener, server: NotebookServer, monkeypatch: pytest.MonkeyPatch, legacy: bool
) -> None:
    monkeypatch.setattr(notifier, "MOST_BYTES_FOLLOWED", 50_000)
    followed: dict[str, None] = server.runtime.notifier.followed
    with RawClient(listener.url, TOKEN, legacy=legacy) as client:
        for uris in ([f"test://{'x' * 60_000}"], [f"test://{i}" for i in range(1_000)]):
            if legacy:
                answers = [answer(client.request("resources/subscribe", {"uri": uri})) for uri in uris]
            else:
                notifications = {"resourceSubscriptions": uris}
                answers = [answer(client.request("subscriptions/listen", {"notifications": notifications}))]
            assert answers[-1]["error"]["code"] == INVALID_PARAMS
            assert "may follow" in answers[-1]["error"]["message"]
        assert sum(map(len, followed)) < 50_000
        if legacy:  # what it leaves makes room
            for i in range(1_000):
                client.request("resources/unsubscribe", {"uri": f"test://{i}"})
            assert "result" in answer(client.request("resources/subscribe", {"uri": f"test://{'x' * 40_000}"}))


def test_what_is_remembered_of_followed_uris_is_bounded_by_their_length(
    server: NotebookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "MOST_BYTES_REMEMBERED", 10_000)
    for i in range(100):
        server.runtime.notifier.record_listening([f"test://{i}/{'x' * 1_000}"])
    followed = list(server.runtime.notifier.followed)
    assert 5 < len(followed) < 12
    assert followed[-1].startswith("test://99/")


def test_a_session_that_ends_makes_room_for_what_others_follow(
    listener: Listener, server: NotebookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "MOST_BYTES_FOLLOWED_BY_ALL", 5_000)
    for _ in range(10):
        with RawClient(listener.url, TOKEN, legacy=True) as client:
            assert "result" in answer(client.request("resources/subscribe", {"uri": "test://" + "x" * 3_000}))
            assert "error" in answer(client.request("resources/subscribe", {"uri": "test://" + "y" * 3_000}))
            client.http.delete(client.url, headers={**ACCEPT, **client.session})


def test_saying_again_that_it_is_initialized_costs_nothing(listener: Listener, server: NotebookServer) -> None:
    with RawClient(listener.url, TOKEN, legacy=True) as client:
        for _ in range(50):
            client.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert len(server.runtime.notifier._subscriptions) == 1


def initialize(listener: Listener, **who: Any) -> httpx2.Response:
    params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1", **who}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    headers = {**ACCEPT, "Authorization": f"Bearer {TOKEN}"}
    return httpx2.post(listener.url, json=message, headers=headers, timeout=30)


def test_what_a_client_says_of_itself_when_it_opens_a_session_is_bounded(listener: Listener) -> None:
    refused = answer(initialize(listener, name="x" * 2 * runtime.MOST_BYTES_OF_A_CLIENT))
    assert refused["error"]["code"] == INVALID_PARAMS
    assert "64 kB" in refused["error"]["message"]
    assert "result" in answer(initialize(listener, name="x" * 1_000))


def opened(listener: Listener) -> str:
    response = initialize(listener)
    assert response.status_code == 200
    return response.headers["mcp-session-id"]


def ping(listener: Listener, session: str) -> int:
    headers = {**ACCEPT, "Authorization": f"Bearer {TOKEN}", "Mcp-Session-Id": session}
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    return httpx2.post(listener.url, json=message, headers=headers, timeout=30).status_code


def test_of_many_sessions_those_that_are_idle_end(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle_sessions, "IDLE_SESSIONS", 3)
    sessions = [opened(listener) for _ in range(5)]
    assert [ping(listener, session) for session in sessions] == [200] * 5  # not idle for long enough
    assert ping(listener, sessions[0]) == 200
    monkeypatch.setattr(idle_sessions, "IDLE_SECONDS", 0)
    assert [ping(listener, session) for session in reversed(sessions)] == [200, 200, 404, 404, 200]


def test_the_session_that_is_unused_for_longest_makes_room_for_one_more(
    listener: Listener, server: NotebookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.session_manager.max_sessions == idle_sessions.MOST_SESSIONS
    monkeypatch.setattr(idle_sessions, "MOST_SESSIONS", 3)
    monkeypatch.setattr(idle_sessions, "IDLE_SESSIONS", 2)
    monkeypatch.setattr(server.session_manager, "max_sessions", 3)
    sessions = [opened(listener) for _ in range(3)]
    sessions.append(opened(listener))
    monkeypatch.setattr(idle_sessions, "MOST_SESSIONS", 100)
    assert [ping(listener, session) for session in sessions] == [404, 200, 200, 200]


def test_a_session_with_an_open_stream_is_not_idle(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle_sessions, "IDLE_SESSIONS", 1)
    used, unused = opened(listener), opened(listener)
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {TOKEN}", "Mcp-Session-Id": used}
    with httpx2.stream("GET", listener.url, headers=headers, timeout=30) as stream:
        assert stream.status_code == 200
        monkeypatch.setattr(idle_sessions, "IDLE_SECONDS", 0)
        assert [ping(listener, session) for session in (unused, used)] == [404, 200]


def test_states_of_calls_that_never_go_on_are_kept_as_digests(server: NotebookServer) -> None:
    keys = [runtime._round("tools/call", "t", "c", {"requestState": HUGE + str(i)}) for i in range(3)]
    assert len(set(keys)) == 3
    assert {len(key) for key in keys} == {32}
