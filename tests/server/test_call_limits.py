"""What one caller may ask for, and what one call may take."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette
from starlette.routing import Mount

from mcp_notebook.server import call_limits
from mcp_notebook.server.call_limits import CallerLimits, Limits, limit_calls
from mcp_notebook.server.sign_in import NamedTokens, protected
from tests.support.raw_http import RawClient, envelope, modern_headers
from tests.support.served import serving
from tests.support.waiting import until

ADA, BOB = "ada-token-0123456789", "bob-token-0123456789"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


class Waits:
    """An app whose requests wait until they may go on."""

    def __init__(self) -> None:
        self.running = 0
        self.go_on = anyio.Event()

    async def has(self, running: int) -> None:
        with anyio.fail_after(30):
            while self.running != running:
                await anyio.lowlevel.checkpoint()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.running += 1
        try:
            if scope["path"] == "/wait":
                await self.go_on.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.running -= 1


async def answered(app: Any, path: str = "/", method: str = "POST", client: str = "10.0.0.1", **headers: str) -> Any:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "client": (client, 5),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    await app(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(one.get("body", b"") for one in sent)


def test_a_burst_is_let_in_and_then_the_rate() -> None:
    async def main() -> None:
        app = CallerLimits(Waits(), Limits(rate=20, burst=5))
        first = [(await answered(app))[0] for _ in range(5)]
        assert first == [200] * 5
        status, headers, body = await answered(app)
        assert (status, headers[b"retry-after"]) == (429, b"1")
        error = json.loads(body)["error"]
        assert "Too many requests" in error["message"]
        assert not -32768 <= error["code"] <= -32000  # the specification leaves that range to itself and to old codes
        assert (await answered(app, client="10.0.0.2"))[0] == 200
        with anyio.fail_after(10):
            while (await answered(app))[0] != 200:
                await anyio.sleep(0.01)

    anyio.run(main)


def test_the_wait_is_told() -> None:
    async def main() -> None:
        app = CallerLimits(Waits(), Limits(rate=0.1, burst=1))
        await answered(app)
        _, headers, _ = await answered(app)
        assert headers[b"retry-after"] == b"10"

    anyio.run(main)


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({}, "2 requests are running"),
        ({"method": "GET"}, "2 streams are open"),
        ({"mcp_method": "subscriptions/listen"}, "2 streams are open"),
    ],
)
def test_only_so_many_run_at_a_time(asked: dict[str, str], what: str) -> None:
    async def main() -> None:
        inner = Waits()
        app = CallerLimits(inner, Limits(at_once=2, streams=2))
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(lambda: answered(app, "/wait", **asked))
            await inner.has(2)
            status, _, body = await answered(app, **asked)
            assert status == 429
            assert what.encode() in body
            other = {"method": "GET"} if not asked else {}
            assert (await answered(app, **other))[0] == 200  # the other kind counts apart
            assert (await answered(app, client="10.0.0.2", **asked))[0] == 200
            inner.go_on.set()
        assert (await answered(app, **asked))[0] == 200

    anyio.run(main)


def test_a_request_that_breaks_off_no_longer_counts() -> None:
    async def main() -> None:
        inner = Waits()
        app = CallerLimits(inner, Limits(at_once=1))
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: answered(app, "/wait"))
            await inner.has(1)
            group.cancel_scope.cancel()
        assert (await answered(app))[0] == 200

    anyio.run(main)


def test_callers_are_forgotten_but_not_while_they_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_limits, "MOST_CALLERS", 3)

    async def main() -> None:
        inner = Waits()
        app = CallerLimits(inner, Limits(rate=0.001, burst=1, at_once=1))
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: answered(app, "/wait", client="first"))
            await inner.has(1)
            for number in range(20):
                await answered(app, client=str(number))
            assert len(app._callers) == 3
            assert (await answered(app, client="first"))[0] == 429
            inner.go_on.set()

    anyio.run(main)


def test_without_limits_all_are_let_in() -> None:
    async def main() -> None:
        app = CallerLimits(Waits(), Limits(rate=0, at_once=0, streams=0))
        assert {(await answered(app))[0] for _ in range(500)} == {200}

    anyio.run(main)


@contextmanager
def signed_in(limits: Limits) -> Iterator[str]:
    server: MCPServer[Any] = MCPServer("x")
    tokens = NamedTokens({"ada": (ADA, []), "bob": (BOB, [])})
    app = protected(CallerLimits(server.streamable_http_app(stateless_http=True), limits), tokens)
    with serving(Starlette(routes=[Mount("/", app)], lifespan=lambda _: server.session_manager.run())) as url:
        yield f"{url}/mcp"


def test_callers_are_known_by_their_tokens_and_not_by_their_address() -> None:
    with signed_in(Limits(rate=0.001, burst=3)) as url:

        def statuses(token: str, times: int) -> list[int]:
            headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
            return [httpx2.post(url, json=PING, headers=headers).status_code for _ in range(times)]

        assert statuses("nobodys", 5) == [401] * 5
        assert [status == 429 for status in statuses(ADA, 4)] == [False] * 3 + [True]
        assert [status == 429 for status in statuses(BOB, 4)] == [False] * 3 + [True]


def slow() -> MCPServer[Any]:
    server: MCPServer[Any] = MCPServer("x")

    @server.tool()
    async def wait(seconds: float) -> str:
        await anyio.sleep(seconds)
        return "done"

    @server.tool()
    def give(size: int) -> str:
        return "x" * size

    @server.resource("x://{size}")
    async def read(size: int) -> str:
        await anyio.sleep(60 if not size else 0)
        return "x" * size

    return server


@contextmanager
def limited(limits: Limits, server: MCPServer[Any] | None = None) -> Iterator[str]:
    server = server or slow()
    server.middleware.append(limit_calls)
    app = CallerLimits(server.streamable_http_app(), limits)
    with serving(Starlette(routes=[Mount("/", app)], lifespan=lambda _: server.session_manager.run())) as url:
        yield f"{url}/mcp"


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_a_call_that_takes_too_long_or_gives_too_much_fails_for_the_model(era: Any) -> None:
    async def main(url: str) -> None:
        async with Client(url, mode=era) as client:
            assert not (await client.call_tool("wait", {"seconds": 0})).is_error
            assert not (await client.call_tool("give", {"size": 100})).is_error
            late = await client.call_tool("wait", {"seconds": 60})
            large = await client.call_tool("give", {"size": 5_000})
            assert (late.is_error, large.is_error) == (True, True)
            assert json.loads(late.model_dump_json())["content"][0]["text"].startswith("No answer within 1 s")
            assert json.loads(large.model_dump_json())["content"][0]["text"].startswith("The result has more than")
            with pytest.raises(MCPError, match="No answer within"):
                await client.read_resource("x://0")
            with pytest.raises(MCPError, match="more than 2,000 bytes"):
                await client.read_resource("x://5000")
            assert (await client.read_resource("x://5")).contents

    with limited(Limits(seconds=1, result_bytes=2_000)) as url:
        anyio.run(main, url)


class Held:
    """A server with a function on a thread, which no cancellation ends."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.server: MCPServer[Any] = MCPServer("x")
        self.server.add_tool(self.hold)

    def has(self, count: int) -> bool:
        return len(self.begun) == count

    def hold(self, who: str) -> str:
        self.begun.append(who)
        self.go_on.wait(60)
        self.ended.append(who)
        return "done"


def test_a_function_on_a_thread_is_not_waited_for_and_counts_until_it_ends() -> None:
    held = Held()

    async def main(url: str) -> None:
        async with Client(url) as client:
            late = await client.call_tool("hold", {"who": "first"})
            assert late.is_error
            assert held.ended == []
            with pytest.raises(MCPError, match="1 requests are running"):
                await client.call_tool("hold", {"who": "second"})
            held.go_on.set()
            with anyio.fail_after(30):
                while not held.ended:
                    await anyio.sleep(0.01)
            assert held.begun == ["first"]

    with limited(Limits(seconds=0.5, at_once=1), held.server) as url:
        anyio.run(main, url)


def test_calls_count_whose_client_has_left() -> None:
    """A session of the older era goes on with them: nobody waits for their answers, and they would have no end."""
    held = Held()
    with limited(Limits(seconds=0, at_once=3), held.server) as url, RawClient(url, None, legacy=True) as client:

        def call(who: str, timeout: float) -> int:
            client.http.timeout = timeout
            return client.request("tools/call", {"name": "hold", "arguments": {"who": who}}).status_code

        for count, who in enumerate("abc", 1):
            with pytest.raises(httpx2.TimeoutException):
                call(who, 0.2)
            until(partial(held.has, count))
        assert [call(who, 60) for who in "de"] == [429, 429]
        held.go_on.set()
        until(lambda: len(held.ended) == 3)
        until(lambda: call("f", 60) == 200)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_request_that_is_too_long_is_refused_before_the_server_has_it(chunked: bool) -> None:
    with limited(Limits(request_bytes=1_000)) as url, RawClient(url, None) as client:
        for size, status in ((100, 200), (5_000, 413)):
            message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": envelope({"x": "x" * size})}
            body = json.dumps(message).encode()
            content = iter([body[:50], body[50:]]) if chunked else body
            said = client.http.post(url, content=content, headers=modern_headers("tools/list", {}))
            assert said.status_code == status
        assert said.json()["error"]["message"] == "The body of a request may have 1,000 bytes."


def test_a_client_that_leaves_in_the_middle_of_its_request_is_not_an_error(caplog: pytest.LogCaptureFixture) -> None:
    head = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
    with limited(Limits(at_once=1)) as url:
        with closing(socket.create_connection(("127.0.0.1", urlsplit(url).port or 0))) as sock:
            sock.sendall(head)
        with RawClient(url, None) as client:
            until(lambda: client.request("tools/list", {}).status_code == 200)
    assert "ClientDisconnect" not in caplog.text


def test_no_limits_are_no_limits() -> None:
    async def main(url: str) -> None:
        async with Client(url) as client:
            assert not (await client.call_tool("give", {"size": 3_000_000})).is_error

    with limited(Limits(seconds=0, result_bytes=0)) as url:
        anyio.run(main, url)


def test_a_stream_has_no_time_limit() -> None:
    async def main(url: str) -> None:
        async with Client(url) as client, client.listen(tools_list_changed=True) as stream:
            late = await client.call_tool("wait", {"seconds": 60})  # so that the time is over for the stream as well
            assert late.is_error
            await client.call_tool("change", {})
            with anyio.fail_after(30):
                async for _ in stream:
                    return

    server = slow()

    @server.tool()
    async def change(ctx: Context) -> str:
        await ctx.notify_tools_changed()
        return "changed"

    with limited(Limits(seconds=0.5), server) as url:
        anyio.run(main, url)


def test_other_transports_have_no_limits() -> None:
    async def main() -> None:
        server = slow()
        server.middleware.append(limit_calls)
        async with Client(server) as client:
            assert not (await client.call_tool("give", {"size": 3_000_000})).is_error

    anyio.run(main)


def test_limits_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_LIMIT_RATE", "2.5")
    monkeypatch.setenv("SHOP_LIMIT_AT_ONCE", " 7 ")
    monkeypatch.setenv("SHOP_LIMIT_SECONDS", "")
    assert Limits.from_environment("SHOP") == Limits(rate=2.5, at_once=7)
    assert Limits.from_environment("SHOP", Limits(rate=5, seconds=0)) == Limits(rate=2.5, at_once=7, seconds=0)


@pytest.mark.parametrize("said", ["many", "-1", "nan", "inf", "1e999", "1.5"])
def test_a_limit_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("SHOP_LIMIT_BURST", said)
    with pytest.raises(ValueError, match=r"SHOP_LIMIT_BURST must be a number"):
        Limits.from_environment("SHOP")
