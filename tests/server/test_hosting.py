"""Listening: addresses, headers, transports, and an end that does not wait."""

from __future__ import annotations

import gc
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from typing import Any

import anyio
import httpx2
import pytest
from IPython.core.error import UsageError
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from mcp_notebook.errors import HostingError, PortTakenError
from mcp_notebook.portal import Portal
from mcp_notebook.server.auth import Token
from mcp_notebook.server.call_limits import Limits
from mcp_notebook.server.endpoint import WORKBENCH, Endpoint
from mcp_notebook.server.hosting import SWITCH_INTERVAL, Listener
from mcp_notebook.server.notebook_server import NotebookServer
from tests.support.raw_http import RawClient, answer
from tests.support.shells import running_shell
from tests.support.waiting import until

DEADLINE = 20
TOKEN = Token.make()

Serve = Callable[..., Listener]


def shop(**options: Any) -> NotebookServer:
    server = NotebookServer("shop", **options)

    @server.tool()
    def add(a: int, b: int) -> int:
        return a + b

    return server


@pytest.fixture
def serve(portal: Portal) -> Iterator[Serve]:
    """Make a server listen; it is stopped with the test."""
    listeners: list[Listener] = []

    def serve(server: NotebookServer | None = None, token: Token | None = TOKEN, **where: Any) -> Listener:
        listeners.append(Listener(portal, server or shop(), name="shop", endpoint=Endpoint(token, **where)))
        return listeners[-1]

    yield serve
    for listener in listeners:
        listener.stop()


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


def status(listener: Listener, url: str | None = None, **headers: str) -> int:
    """Send the first message of a client, and return the status of the answer."""
    given = {
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {TOKEN}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    answer: int = httpx2.post(url or listener.url, json=INITIALIZE, headers=given, timeout=DEADLINE).status_code
    return answer


@asynccontextmanager
async def connected(listener: Listener, mode: str = "auto", url: str | None = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=DEADLINE) as http,
        Client(streamable_http_client(url or listener.url, http_client=http), mode=mode, cache=None) as client,
    ):
        yield client


def added(connect: Any) -> Any:
    async def main() -> Any:
        async with connect as client:
            return (await client.call_tool("add", {"a": 1, "b": 2})).structured_content

    return anyio.run(main)


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
def test_a_served_tool_is_called_in_both_eras(serve: Serve, mode: str) -> None:
    assert added(connected(serve(), mode)) == {"result": 3}


def test_the_legacy_transport_is_served_to_the_sdks_sse_client(serve: Serve) -> None:
    listener = serve(transport="sse")
    assert listener.url.endswith("/sse")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert added(Client(sse_client(listener.url, headers=headers), mode="legacy", cache=None)) == {"result": 3}
    server: Any = listener._server
    (call,) = server.runtime.recorder.calls
    assert (call.transport, call.era, call.state) == ("sse", "legacy", "done")


def test_sse_asks_for_the_token_too(serve: Serve) -> None:
    listener = serve(transport="sse")
    assert httpx2.get(listener.url, timeout=DEADLINE).status_code == 401


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"],
    ids=["none", "no token", "wrong", "basic", "one more character"],
)
def test_without_its_token_nothing_is_served(serve: Serve, authorization: str) -> None:
    assert status(serve(), Authorization=authorization) == 401


def test_the_name_of_a_proxy_is_refused_until_it_is_allowed(serve: Serve) -> None:
    assert status(serve(), Host="hub.example.org") == 421
    allowing = serve(allowed_hosts=("hub.example.org",))
    assert status(allowing, Host="hub.example.org") == 200
    assert status(allowing, Host="hub.example.org:8443") == 200
    assert status(allowing, Host="evil.example.org") == 421
    assert status(allowing, Host="hub.example.org.evil.example") == 421
    assert status(allowing) == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "localhost:1234"])
def test_the_names_of_this_machine_are_let_in(serve: Serve, host: str) -> None:
    assert status(serve(), Host=host) == 200


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:6274", 200),
        ("http://127.0.0.1", 200),
        ("https://localhost", 200),
        ("http://evil.example.org", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
def test_a_page_of_a_stranger_is_refused_by_its_origin(serve: Serve, origin: str, expected: int) -> None:
    assert status(serve(), Origin=origin) == expected


def test_the_pages_of_an_allowed_host_are_let_in(serve: Serve) -> None:
    listener = serve(allowed_hosts=("hub.example.org",))
    assert status(listener, Origin="https://hub.example.org", Host="hub.example.org") == 200


@pytest.mark.parametrize("transport", ["http", "sse"])
def test_sse_checks_the_host_as_http_does(serve: Serve, transport: str) -> None:
    listener = serve(transport=transport)
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example.org", "Accept": "text/event-stream"}
    assert httpx2.get(listener.url, headers=headers, timeout=DEADLINE).status_code == 421


def test_a_server_beyond_loopback_says_so_and_is_reached_from_this_machine(serve: Serve) -> None:
    listener = serve(host="0.0.0.0")
    assert not listener.endpoint.local
    assert "reachable from other machines" in repr(listener)
    assert listener.url.startswith("http://127.0.0.1:")
    assert status(listener) == 200
    assert status(listener, Host="evil.example.org") == 421


def test_a_server_on_loopback_says_so_and_shows_no_token(serve: Serve) -> None:
    listener = serve()
    assert listener.endpoint.local
    assert "this machine only" in repr(listener)
    assert str(TOKEN) not in repr(listener)


def test_a_server_without_a_token_says_so(serve: Serve) -> None:
    listener = serve(token=None)
    assert "No token is required." in repr(listener)
    assert status(listener, Authorization="") == 200


def has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6, socket.SOCK_STREAM)) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
@pytest.mark.parametrize("host", ["::1", "::"])
def test_a_server_listens_on_ipv6(serve: Serve, host: str) -> None:
    listener = serve(host=host)
    assert listener.endpoint.local == (host == "::1")
    port = listener.endpoint.port
    assert listener.url == (f"http://[::1]:{port}/mcp" if host == "::1" else f"http://127.0.0.1:{port}/mcp")
    assert added(connected(listener, url=f"http://[::1]:{port}/mcp")) == {"result": 3}
    if host == "::":
        assert added(connected(listener)) == {"result": 3}


@pytest.mark.parametrize(
    ("where", "url"),
    [
        ({"port": 80}, "http://127.0.0.1:80/mcp"),
        ({"port": 80, "transport": "sse"}, "http://127.0.0.1:80/sse"),
        ({"port": 80, "host": "::1"}, "http://[::1]:80/mcp"),
        ({"port": 80, "host": "192.0.2.1"}, "http://192.0.2.1:80/mcp"),
    ],
)
def test_an_endpoint_says_where_clients_connect(where: Any, url: str) -> None:
    assert Endpoint(None, **where).url == url


def test_no_endpoint_lets_every_host_in() -> None:
    for where in ({}, {"host": "0.0.0.0"}, {"host": "::"}, {"allowed_hosts": ("a.example",)}):
        security = Endpoint(None, **where).security
        assert security.enable_dns_rebinding_protection
        assert "*" not in {*security.allowed_hosts, *security.allowed_origins}


def test_a_taken_port_is_one_line_and_another_server_goes_on(serve: Serve, portal: Portal) -> None:
    first = serve()
    with pytest.raises(PortTakenError) as refusal:
        serve(port=first.endpoint.port)
    assert str(refusal.value) == (
        f"Port {first.endpoint.port} of 127.0.0.1 is taken. Give another --port, or --any-port for a free one."
    )
    assert status(first) == 200


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host.invalid"])
def test_an_address_that_cannot_be_had_is_one_line(serve: Serve, host: str) -> None:
    with pytest.raises(HostingError) as refusal:
        serve(host=host)
    assert "\n" not in str(refusal.value)
    assert host in str(refusal.value)


def test_the_port_is_free_again_at_once(serve: Serve, portal: Portal) -> None:
    listener = Listener(portal, shop(), name="shop", endpoint=Endpoint(TOKEN))
    listener.stop()
    again = serve(port=listener.endpoint.port)
    assert again.url == listener.url
    assert status(again) == 200


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
def test_stopping_with_ten_open_streams_is_prompt_and_they_end(portal: Portal, mode: str) -> None:
    listener = Listener(portal, shop(), name="shop", endpoint=Endpoint(TOKEN))
    open_, ended = threading.Event(), threading.Event()

    async def clients() -> None:
        async with AsyncExitStack() as stack:
            events = []
            for _ in range(10):
                client = await stack.enter_async_context(connected(listener, mode))
                await client.list_tools()
                if mode != "legacy":
                    events.append(await stack.enter_async_context(client.listen(tools_list_changed=True)))
            open_.set()
            for stream in events:
                async for _ in stream:
                    pass
            await anyio.to_thread.run_sync(stopped.wait, DEADLINE)
        ended.set()

    stopped = threading.Event()
    thread = threading.Thread(target=anyio.run, args=(clients,))
    thread.start()
    assert open_.wait(DEADLINE)
    began = time.monotonic()
    listener.stop()
    took = time.monotonic() - began
    stopped.set()
    thread.join(DEADLINE)
    assert took < 2.5
    assert ended.is_set()
    with pytest.raises(httpx2.ConnectError):
        status(listener)


def seconds_to_stop_an_open_sse_stream(portal: Portal) -> float:
    listener = Listener(portal, shop(), name="shop", endpoint=Endpoint(TOKEN, transport="sse"))
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/event-stream"}
    with httpx2.stream("GET", listener.url, headers=headers, timeout=DEADLINE) as stream:
        assert next(stream.iter_lines()) == "event: endpoint"
        began = time.monotonic()
        listener.stop()
        return time.monotonic() - began


# The SDK does not close the memory streams of an SSE session that is cancelled.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_stopping_with_an_open_sse_stream_is_prompt(portal: Portal) -> None:
    assert seconds_to_stop_an_open_sse_stream(portal) < 2.5
    portal.close()
    gc.collect()


def test_stopping_twice_does_no_harm(portal: Portal) -> None:
    listener = Listener(portal, shop(), name="shop", endpoint=Endpoint(TOKEN))
    listener.stop()
    listener.stop()


def test_a_lifespan_that_fails_in_the_middle_does_not_end_the_listener(serve: Serve) -> None:
    failed = threading.Event()

    @asynccontextmanager
    async def lifespan(_: object) -> Any:
        async def fail() -> None:
            failed.set()
            raise ValueError("in the middle")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fail)
            yield {}

    listener = serve(shop(lifespan=lifespan))
    assert failed.wait(DEADLINE)
    with pytest.raises(HostingError, match=r"its lifespan raised ValueError\('in the middle'\)"):
        listener.follow(shop())
    assert status(listener) == 200


def test_where_listening_is_cancelled_the_next_server_is_heard(serve: Serve, portal: Portal) -> None:
    cancelled = Listener(portal, shop(), name="shop", endpoint=Endpoint(TOKEN))
    assert status(cancelled) == 200
    cancelled._served.cancel()
    until(lambda: cancelled._socket.fileno() < 0)
    assert status(serve()) == 200


def test_while_any_server_listens_threads_are_switched_sooner(portal: Portal) -> None:
    before = sys.getswitchinterval()
    first, second = (Listener(portal, shop(), name="shop", endpoint=Endpoint(TOKEN)) for _ in range(2))
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL)
    first.stop()
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL)
    second.stop()
    assert sys.getswitchinterval() == pytest.approx(before)


def test_an_interval_that_is_shorter_already_stays(portal: Portal) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL / 2)
    try:
        listener = Listener(portal, shop(), name="shop", endpoint=Endpoint(TOKEN))
        assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL / 2)
        listener.stop()
        assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL / 2)
    finally:
        sys.setswitchinterval(before)


def tools(listener: Listener) -> list[str]:
    async def main() -> list[str]:
        async with connected(listener) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    return anyio.run(main)


def test_the_fixed_pair_is_offered_where_it_is_asked_for_and_goes_to_the_server_that_follows(serve: Serve) -> None:
    first, second = shop(), shop()
    listener = serve(first, stable_tools=True)
    pair = ["list_notebook_tools", "call_notebook_tool"]
    assert tools(listener) == ["add", *pair]
    listener.follow(second)
    assert tools(listener) == ["add", *pair]
    assert tools(serve(first)) == ["add"]


def test_a_server_that_follows_is_served_at_the_same_address(serve: Serve) -> None:
    listener = serve()
    url = listener.url
    other = NotebookServer("other")
    other.tool(name="only")(lambda: "x")
    listener.follow(other)
    assert listener.url == url
    assert tools(listener) == ["only"]


def test_frames_are_kept_of_both_transports_without_the_token(serve: Serve) -> None:
    for transport in ("http", "sse"):
        server = shop()
        listener = serve(server, transport=transport)
        wire = server.runtime.recorder.wire
        wire.on = True
        if transport == "http":
            added(connected(listener))
        else:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            added(Client(sse_client(listener.url, headers=headers), mode="legacy", cache=None))
        kept = repr(list(wire.frames))
        assert "'method': 'tools/call'" in kept
        assert "'structuredContent': {'result': 3}" in kept
        assert "authorization: [redacted]" in kept
        assert str(TOKEN) not in kept


def test_a_caller_has_as_much_as_its_limits_say(serve: Serve) -> None:
    listener = serve(limits=Limits(rate=0.001, burst=3))
    assert status(listener, Authorization="Bearer wrong") == 401  # who is not let in takes nothing from the bucket
    assert [status(listener) for _ in range(5)] == [200, 200, 200, 429, 429]
    with RawClient(listener.url, TOKEN) as client:
        refused = client.request("tools/list", {})
        assert refused.headers["retry-after"] == "1000"
        assert refused.json()["error"]["message"] == "Too many requests. Try again in 1000 s."


def test_a_result_that_is_too_large_is_an_error_for_the_model_and_in_the_record(serve: Serve) -> None:
    server = shop()
    server.tool(name="much")(lambda size: "x" * int(size))
    listener = serve(server, limits=Limits(result_bytes=10_000))
    with RawClient(listener.url, TOKEN) as client:
        for size, fails in ((1_000, False), (20_000, True)):
            result = answer(client.request("tools/call", {"name": "much", "arguments": {"size": size}}))["result"]
            assert result.get("isError", False) is fails
    assert result["content"][0]["text"] == "The result has more than 10,000 bytes. Ask for less."
    assert [call.state for call in server.runtime.recorder.calls] == ["done", "error"]


def test_a_notebook_has_no_limit_that_a_learner_would_meet(serve: Serve) -> None:
    limits = serve().endpoint.limits
    assert (limits.rate, limits.seconds) == (0, 0)
    assert limits.at_once > 100
    assert limits.streams > 100


def test_the_environment_sets_the_limits_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_NOTEBOOK_LIMIT_RATE", "2.5")
    with running_shell() as shell:
        listener = shell.good("_served = %mcp serve\n_served")
        assert listener.endpoint.limits == replace(WORKBENCH, rate=2.5)
        shell.good("%mcp stop")
        monkeypatch.setenv("MCP_NOTEBOOK_LIMIT_SECONDS", "long")
        with pytest.raises(UsageError, match=r"MCP_NOTEBOOK_LIMIT_SECONDS must be a number from 0 on, not 'long'"):
            shell.good("%mcp serve")


def test_a_client_that_wants_to_go_on_after_an_event_gets_a_new_stream(serve: Serve) -> None:
    listener = serve()
    with RawClient(listener.url, TOKEN, legacy=True) as client:
        headers = {**client.session, "Accept": "text/event-stream", "Last-Event-ID": "7"}
        with client.http.stream("GET", listener.url, headers=headers) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
