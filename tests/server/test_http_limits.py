"""Connections without a token: how many there may be, how long they may take, and how much they may send."""

from __future__ import annotations

import gc
import inspect
import json
import resource
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from types import ModuleType
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest
import uvicorn.protocols.http.auto as choice
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mcp_notebook.portal import Portal
from mcp_notebook.server import NotebookServer, hosting, http_limits
from mcp_notebook.server.auth import Token
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.hosting import Listener
from tests.support.kernels import Kernel, running_kernel
from tests.support.waiting import until

DEADLINE = 30
TOKEN = Token.make()

START = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


@pytest.fixture(params=[HttpToolsProtocol, H11Protocol], ids=["httptools", "h11"])
def limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The limits around one of uvicorn's parsers, and short deadlines."""
    monkeypatch.setattr(choice, "AutoHTTPProtocol", request.param)
    module = ModuleType("limits_of_the_test")
    exec(compile(inspect.getsource(http_limits), module.__name__, "exec"), vars(module))
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(hosting, "LimitedProtocol", module.LimitedProtocol)
    assert issubclass(module.LimitedProtocol, request.param)
    return module


@pytest.fixture
def listener(limits: ModuleType, portal: Portal) -> Iterator[Listener]:
    server = NotebookServer("shop")
    server.tool()(add)
    listener = Listener(portal, server, name="shop", endpoint=Endpoint(TOKEN))
    yield listener
    listener.stop()


def add(a: int, b: int) -> int:
    return a + b


def connect(listener: Listener, *parts: bytes) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", listener.endpoint.port), timeout=DEADLINE)
    for part in parts:
        sock.sendall(part)
    return sock


def rest(sock: socket.socket) -> bytes:
    """Read until the server closes."""
    received = b""
    try:
        while part := sock.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def one_answer(sock: socket.socket) -> bytes:
    """Read one refusal, whose body is a JSON object."""
    received = b""
    while not received.endswith(b"}") and (part := sock.recv(65536)):
        received += part
    return received


def send_for_ever(sock: socket.socket, part: bytes) -> bytes:
    """Send until the server does not take more, and return what it said; bounded, so that a test can fail."""
    try:
        for _ in range(100_000_000 // len(part)):
            sock.sendall(part)
    except OSError:
        return rest(sock)
    raise AssertionError("it takes more and more")


def call(listener: Listener, token: str = TOKEN) -> int:
    """Make a request as clients do, and return the status."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    answer: int = httpx2.post(listener.url, json=INITIALIZE, headers=headers, timeout=DEADLINE).status_code
    return answer


def test_headers_without_end_are_refused_at_64_kib(listener: Listener) -> None:
    with closing(connect(listener, START)) as sock:
        said = send_for_ever(sock, b"x-filler: " + b"a" * 1000 + b"\r\n")
    assert said == b"" or (said.startswith(b"HTTP/1.1 4") and b"64 KiB" in said)


def test_one_header_without_end_is_refused_at_64_kib(listener: Listener) -> None:
    with closing(connect(listener, START + b"x-filler: ")) as sock:
        send_for_ever(sock, b"a" * 1000)


@pytest.mark.parametrize("part", [b"X-Filler: " + b"a" * 70_000, b"X-Filler: a\r\n" * 5_500 + b"X: a"])
def test_headers_above_the_limit_that_come_at_once_are_refused_too(listener: Listener, part: bytes) -> None:
    with closing(connect(listener, START + part + b"\r\n\r\n")) as sock:
        assert rest(sock).startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


def test_a_path_without_end_is_refused(listener: Listener) -> None:
    with closing(connect(listener, b"GET /")) as sock:
        send_for_ever(sock, b"a" * 1000)


def test_headers_below_the_limit_pass(listener: Listener) -> None:
    headers = b"".join(b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(60))
    with closing(connect(listener, START + headers + b"Connection: close\r\n\r\n")) as sock:
        assert rest(sock).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("begun", [b"", b"GET", START, START + b"X-Slow: "], ids=["nothing", "method", "line", "name"])
def test_headers_that_never_end_have_a_deadline(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(limits, "HEADERS_SECONDS", 0.3)
    with closing(connect(listener, begun)) as sock:
        said = rest(sock)
    assert said == b"" if not begun else said.startswith(b"HTTP/1.1 408") and b"must end within" in said


def test_a_header_that_drips_has_the_same_deadline(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEADERS_SECONDS", 0.3)
    with closing(connect(listener, START + b"X-Slow: ")) as sock:
        assert b"408" in drip(sock, b"a")


def drip(sock: socket.socket, part: bytes) -> bytes:
    """Send a little, again and again, until the server says something; bounded."""
    end = time.monotonic() + DEADLINE
    sock.settimeout(0.02)
    while time.monotonic() < end:
        try:
            sock.sendall(part)
            return sock.recv(65536)
        except TimeoutError:
            continue
    raise AssertionError("it waits for ever")


AUTHORIZED = b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n" % TOKEN.encode()
BODIES = {"sized": b"Content-Length: 4000\r\n\r\n{", "chunked": b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_body_that_drips_has_a_deadline(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.3)
    with closing(connect(listener, START + AUTHORIZED + body)) as sock:
        assert drip(sock, b"1\r\n1\r\n" if b"chunked" in body else b"1").startswith(b"HTTP/1.1 408")


def test_a_body_that_makes_progress_has_as_long_as_it_needs(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(limits, "BODY_BYTES", 1)
    text = b"1" * 20
    with closing(connect(listener, START + AUTHORIZED + b"Content-Length: 20\r\nConnection: close\r\n\r\n")) as sock:
        started = time.monotonic()
        for i in range(len(text)):
            sock.sendall(text[i : i + 1])
            anyio.run(anyio.sleep, 0.05)
        assert time.monotonic() - started > 0.5, "it was too quick to show anything"
        said = rest(sock)
    assert said.startswith(b"HTTP/1.1 4")
    assert b"408" not in said


def test_a_body_that_says_it_is_too_long_is_refused_with_the_limit(listener: Listener) -> None:
    with closing(connect(listener, START + AUTHORIZED + b"Content-Length: 4194305\r\n\r\n")) as sock:
        said = rest(sock)
    assert said.startswith(b"HTTP/1.1 413")
    assert b"4 MiB" in said


def test_chunks_without_end_are_refused(listener: Listener) -> None:
    with closing(connect(listener, START + AUTHORIZED + b"Transfer-Encoding: chunked\r\n\r\n")) as sock:
        send_for_ever(sock, b"400\r\n" + b"1" * 1024 + b"\r\n")


def test_a_client_without_the_token_hears_so_before_its_body_has_come(listener: Listener) -> None:
    with closing(connect(listener, START + b"Content-Length: 4000000\r\n\r\n{")) as sock:
        assert rest(sock).startswith(b"HTTP/1.1 401")


def test_a_client_that_hears_so_before_its_body_was_sent_goes_on_with_the_connection(listener: Listener) -> None:
    headers = START + b"Content-Length: 40\r\n\r\n"
    with closing(connect(listener)) as sock:
        for _ in range(3):
            sock.sendall(headers)
            assert b"401 Unauthorized" in one_answer(sock)
            sock.sendall(b" " * 20)
            sock.sendall(b" " * 20)
        sock.sendall(headers)
        assert b"401 Unauthorized" in one_answer(sock)
        sock.sendall(b" " * 40 + headers)
        assert b"401 Unauthorized" in one_answer(sock)


def test_a_request_that_comes_with_the_end_of_an_answered_body_may_be_as_large_as_any(
    limits: ModuleType, listener: Listener
) -> None:
    headers = START + b"Content-Length: 40\r\n\r\n"
    size = 2 * limits.MOST_REST
    with closing(connect(listener, headers)) as sock:
        assert b"401 Unauthorized" in one_answer(sock)
        sock.sendall(b" " * 40 + START + AUTHORIZED + b"Content-Length: %d\r\n\r\n" % size)
        sock.sendall(b" " * size)
        assert b"HTTP/1.1 4" in sock.recv(65536)


def test_a_request_after_a_body_that_was_never_asked_for_is_not_taken_for_that_body(listener: Listener) -> None:
    with closing(connect(listener, START + b"Expect: 100-continue\r\nContent-Length: 40\r\n\r\n")) as sock:
        assert b"401 Unauthorized" in one_answer(sock)
        sock.sendall(b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2)
        assert rest(sock) == b""


@pytest.mark.parametrize("sent", [b" " * 100_000, b" "])
def test_a_body_that_does_not_end_after_its_answer_closes_the_connection(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(limits, "ENDING_SECONDS", 0.2)
    with closing(connect(listener, START + b"Content-Length: 200000\r\n\r\n")) as sock:
        assert b"401 Unauthorized" in one_answer(sock)
        sock.sendall(sent)
        assert rest(sock) == b""


def test_requests_sent_ahead_are_answered_one_after_the_other(listener: Listener) -> None:
    one = START + b"Content-Length: %d\r\n\r\n" % len(PING) + PING
    last = START + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(PING) + PING
    with closing(connect(listener, one * 50 + last)) as sock:
        assert rest(sock).count(b"HTTP/1.1 401") == 51


def test_a_client_that_leaves_its_answers_unread_is_let_go(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WRITE_SECONDS", 0.3)
    with closing(connect(listener)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        send_for_ever(sock, b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 100)


def test_a_newcomer_takes_the_place_of_the_oldest_connection_without_a_request(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "most_connections", lambda: 3)
    with ExitStack() as stack:
        idle = [stack.enter_context(closing(connect(listener, START))) for _ in range(20)]
        assert call(listener) == 200
        assert len(limits.LimitedProtocol.open) <= 3
        assert [rest(sock) for sock in idle[:17]] == [b""] * 17


def listen() -> bytes:
    """Return the request of a modern client that listens."""
    meta = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    params = {"_meta": meta, "notifications": {"toolsListChanged": True}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}).encode()
    headers = (
        b"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n"
        b"Accept: application/json, text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    return START + AUTHORIZED + headers + body


@contextmanager
def open_stream(listener: Listener, *more: bytes) -> Iterator[socket.socket]:
    """Open a stream of a client that listens; `more` is sent ahead."""
    with closing(connect(listener, listen() + b"".join(more))) as sock:
        received = b""
        while b"acknowledged" not in received:
            received += (part := sock.recv(65536))
            assert part, received
        yield sock


@pytest.mark.parametrize("more", [b"", b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 5, b"GET /mcp HT"])
def test_a_client_that_leaves_its_stream_is_forgotten_whatever_it_sent_ahead(
    limits: ModuleType, listener: Listener, more: bytes
) -> None:
    notifier = listener._server.runtime.notifier  # type: ignore[attr-defined]
    for _ in range(3):
        with open_stream(listener, more):
            assert len(notifier._subscriptions) == 1
        until(lambda: not notifier._subscriptions, why=lambda: "the stream is kept")
    assert not limits.LimitedProtocol.open


def test_nothing_is_kept_of_connections_that_their_client_resets(limits: ModuleType, listener: Listener) -> None:
    def kept() -> int:
        gc.collect()
        return sum(isinstance(one, limits.LimitedProtocol) for one in gc.get_objects())

    for _ in range(20):
        with closing(connect(listener, START + b"Content-Length: 0\r\n\r\n")) as sock:
            sock.recv(12)  # the answer has begun: from now on a next request is waited for
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed by a reset
    until(lambda: kept() == 0, deadline=listener._uvicorn.config.timeout_keep_alive / 2, step=0.05)


def test_where_requests_have_all_places_a_newcomer_hears_so(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "most_connections", lambda: 2)
    with open_stream(listener), open_stream(listener), closing(connect(listener)) as third:
        said = rest(third)
        assert said.startswith(b"HTTP/1.1 503")
        assert b"\r\nRetry-After: 1\r\n" in said


def test_an_open_stream_has_no_deadline_and_is_not_taken_away(
    limits: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEADERS_SECONDS", "BODY_SECONDS", "WRITE_SECONDS"):
        monkeypatch.setattr(limits, name, 0.1)
    monkeypatch.setattr(limits, "most_connections", lambda: 3)
    with open_stream(listener) as stream, ExitStack() as stack:
        for _ in range(30):
            idle = stack.enter_context(closing(connect(listener, START)))
        assert b"408" in rest(idle), "no deadline has passed, so nothing was shown"
        listener._server.add_tool(lambda: 1, name="another")
        received = b""
        while b"list_changed" not in received:
            received += (part := stream.recv(65536))
            assert part, received


def test_the_limit_leaves_most_files_to_the_kernel() -> None:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert http_limits.most_connections() <= max(files // 4, 1)
    assert http_limits.most_connections() <= http_limits.MOST_CONNECTIONS


CONNECTIONS = {
    "idle": b"",
    "headers": START + b"X-Slow: ",
    "bodies": START + b"Content-Length: 4000000\r\n\r\n{",
    "chunks": START + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
}


@pytest.fixture(scope="module")
def flooded() -> Iterator[tuple[Kernel, str]]:
    """A kernel that may open as many files as most systems allow, its server, and the URL of that."""
    with running_kernel() as kernel:
        kernel.good("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))")
        kernel.good("%load_ext mcp_notebook")
        kernel.good("%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b")
        kernel.good("_served = %mcp serve")
        yield kernel, kernel.value("_served.url")


@pytest.mark.parametrize("begun", CONNECTIONS.values(), ids=list(CONNECTIONS))
def test_a_thousand_connections_without_a_token_leave_the_kernel_as_it_was(
    flooded: tuple[Kernel, str], begun: bytes
) -> None:
    kernel, url = flooded
    port, token = int(urlsplit(url).port or 0), kernel.value("str(_served.token)")
    files = "len(__import__('os').listdir('/proc/self/fd'))"
    before = kernel.value(files) if sys.platform == "linux" else 0
    with ExitStack() as stack:
        for _ in range(1_000):
            sock = stack.enter_context(closing(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)))
            with suppress(OSError):  # it was closed for a newcomer
                sock.sendall(begun)
        ran = kernel.good("print(6 * 7)")
        assert (ran.stdout, ran.stderr) == ("42\n", "")
        with httpx2.Client(timeout=DEADLINE) as client:
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
            assert client.post(url, json=INITIALIZE, headers=headers).status_code == 200
        if sys.platform == "linux":
            assert kernel.value(files) - before < 1024 // 2
    if sys.platform == "linux":
        kernel.wait_for(f"{files} - {before} < 20")
