"""Attacks on servers that run as processes of their own: a notebook's, and packages as they are exported.

docs/security.md says which claim each of them is about.
"""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.hostile_http import Kind, Running, server
from tests.support.raw_http import ACCEPT, RawClient, answer, envelope, modern_headers

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="POSIX is enough for it")]

KINDS: tuple[Kind, ...] = get_args(Kind)
OF_USERS: tuple[Kind, ...] = ("notebook-oauth", "package-token", "package-jwt")
"""Those that tell users apart. All clients of the others share one token."""

INVALID_PARAMS = -32602
CALL = {"name": "add", "arguments": {"a": 1, "b": 2}}
TASKS: dict[str, Any] = {"io.modelcontextprotocol/tasks": {}}


@pytest.fixture(scope="module")
def servers() -> Iterator[Mapping[Kind, Running]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(server(kind)) for kind in KINDS}


@pytest.fixture(params=KINDS)
def running(servers: Mapping[Kind, Running], request: pytest.FixtureRequest) -> Running:
    return servers[request.param]


@pytest.fixture(params=OF_USERS)
def of_users(servers: Mapping[Kind, Running], request: pytest.FixtureRequest) -> Running:
    return servers[request.param]


@pytest.fixture(autouse=True)
def is_as_before(servers: Mapping[Kind, Running]) -> Iterator[None]:
    """Check that each server is well after each attack, and that no secret or traceback is in its log."""
    yield
    for running in servers.values():
        assert answer(ask(running, "tools/call", CALL))["result"]["structuredContent"] == {"result": 3}
        log = running.said()
        assert "Traceback" not in log
        assert not [token for token in (running.token, running.other) if token and token in log]


def ask(running: Running, method: str, params: Any, token: str | None = None, **headers: str) -> httpx2.Response:
    """Make a request as a modern client does; with the token that is let in, or with another one."""
    with RawClient(running.url, running.token if token is None else token) as client:
        params = envelope(params)
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(message, {**modern_headers(method, params), **names})


def connected(running: Running) -> socket.socket:
    where = urlsplit(running.url)
    return socket.create_connection((where.hostname or "", where.port or 0), timeout=30)


def raw(running: Running, *lines: str, body: bytes = b"", token: bool = True) -> bytes:
    """Send a request as it is written, and return the answer."""
    given = [f"Authorization: Bearer {running.token}"] if token else []
    head = [lines[0], *given, *lines[1:], f"Content-Length: {len(body)}", "Connection: close", "", ""]
    with closing(connected(running)) as sock:
        sock.sendall("\r\n".join(head).encode("latin-1") + body)
        received = b""
        with suppress(ConnectionError):
            while part := sock.recv(65536):
                received += part
    return received


def ran(running: Running) -> int:
    """Return how often the tool ran that needs a scope."""
    said = answer(ask(running, "tools/call", {"name": "settle", "arguments": {}}))
    return int(said["result"]["structuredContent"]["written"])


def test_no_wrong_token_is_let_in(running: Running) -> None:
    """Expired, not yet valid, of another audience or issuer, unsigned, signed with the public key, or nearly right."""
    statuses = {}
    for what, token in running.bad.items():
        with suppress(httpx2.LocalProtocolError):  # the client itself does not send some
            for method, params in (("tools/call", CALL), ("tools/list", {})):
                statuses[what, method] = ask(running, method, params, token).status_code
            statuses[what, "GET"] = httpx2.get(running.url, headers={"Authorization": f"Bearer {token}"}).status_code
    assert len(statuses) > 20
    # A long token is more than all headers may have.
    assert {key for key, status in statuses.items() if status not in (401, 431)} == set()
    assert {key for key, status in statuses.items() if status == 431} <= {("long", each[1]) for each in statuses}


def test_each_jwt_is_refused_for_what_is_wrong_with_it(servers: Mapping[Kind, Running]) -> None:
    running = servers["package-jwt"]
    before = len(running.said())
    for token in running.bad.values():
        assert ask(running, "tools/list", {}, token).status_code == 401
    said = running.said()[before:]
    for why in (
        "ExpiredSignatureError", "ImmatureSignatureError", "InvalidIssuerError", "for another server",
        "InvalidSignatureError", "algorithm is 'none'", "algorithm is 'HS256'", 'missing the \\"exp\\"',
        'missing the \\"aud\\"',
    ):  # fmt: skip
        assert why in said, said


def test_the_token_counts_in_its_header_only(running: Running) -> None:
    port = urlsplit(running.url).port
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
    for line, header in (
        (f"POST /mcp?access_token={running.token} HTTP/1.1", "X: a"),
        (f"POST /mcp?token={running.token} HTTP/1.1", "X: a"),
        ("POST /mcp HTTP/1.1", f"Cookie: access_token={running.token}; token={running.token}"),
        ("POST /mcp HTTP/1.1", f"Proxy-Authorization: Bearer {running.token}"),
        ("POST /mcp HTTP/1.1", f"Authorization: Basic {running.token}"),
        ("POST /mcp HTTP/1.1", f"X-Authorization: Bearer {running.token}"),
    ):
        assert raw(running, line, f"Host: 127.0.0.1:{port}", header, body=body, token=False).startswith(b"HTTP/1.1 401")


def test_a_tool_without_its_scope_is_neither_shown_nor_called(of_users: Running) -> None:
    before = ran(of_users)
    names = [tool["name"] for tool in answer(ask(of_users, "tools/list", {}))["result"]["tools"]]
    assert "add" in names
    assert "write" not in names
    refused = ask(of_users, "tools/call", {"name": "write", "arguments": {}})
    assert refused.status_code == 403
    assert 'scope="notes:write"' in refused.headers["www-authenticate"]
    assert ran(of_users) == before
    result = answer(ask(of_users, "tools/call", {"name": "write", "arguments": {}}, of_users.other))["result"]
    assert result["content"][0]["text"] == "written"
    assert ran(of_users) == before + 1


@pytest.mark.parametrize(
    "spelled", ["two names", "two params", "escaped", "header says another", "legacy header", "task"]
)
def test_no_spelling_of_a_call_gets_around_its_scope(of_users: Running, spelled: str) -> None:
    before = ran(of_users)
    params = envelope({"name": "write", "arguments": {}})
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    headers = modern_headers("tools/call", params)
    if spelled == "two names":
        text = text.replace('"name": "write"', '"name": "add", "name": "write"')
    elif spelled == "two params":
        text = text.replace('"params":', '"params": {"name": "add"}, "params":', 1)
    elif spelled == "escaped":
        text = text.replace('"write"', '"\\u0077rite"')
    elif spelled == "header says another":
        headers = modern_headers("tools/call", {"name": "add"})
    elif spelled == "legacy header":
        headers = {**ACCEPT, "Mcp-Method": "ping", "Mcp-Name": "add"}
    elif spelled == "task":
        text = text.replace('"clientCapabilities": {', f'"clientCapabilities": {{"extensions": {json.dumps(TASKS)}, ')
    with RawClient(of_users.url, of_users.token) as client:
        said = client.post(text.encode(), headers)
    assert 400 <= said.status_code < 500 or "error" in answer(said)
    assert ran(of_users) == before


def test_a_foreign_host_or_origin_is_refused(running: Running) -> None:
    port = urlsplit(running.url).port
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
    post = "POST /mcp HTTP/1.1"

    def status(*lines: str) -> int:
        return int(raw(running, *lines, *(f"{name}: {value}" for name, value in ACCEPT.items()), body=body)[9:12])

    for host in (
        "evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "evil@127.0.0.1",
        "127.0.0.1@evil.example", "127.0.0.1#evil.example", "127.0.0.1, evil.example", "", "0x7f.1", "2130706433",
    ):  # fmt: skip
        assert status(post, f"Host: {host}") in (400, 421), host
    assert status(post, "X: no host") in (400, 421)
    assert status(post, f"Host: 127.0.0.1:{port}", "Host: evil.example") in (400, 421)
    assert status(post, "Host: evil.example", f"Host: 127.0.0.1:{port}", f"X-Forwarded-Host: 127.0.0.1:{port}") in (
        400,
        421,
    )
    for origin in (
        "http://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "file://",
        "http://localhost@evil.example",
    ):
        assert status(post, f"Host: 127.0.0.1:{port}", f"Origin: {origin}") == 403, origin
    assert status(post, f"Host: 127.0.0.1:{port}", f"Origin: http://127.0.0.1:{port}") not in (403, 421)


DEEP = 5_000
BODIES = {
    "no JSON": b"{'a': 1}",
    "no end": b'{"jsonrpc": "2.0", "id": 1, "method"',
    "empty": b"",
    "no UTF-8": b'{"jsonrpc": "2.0", "id": 1, "method": "\xff"}',
    "UTF-16": '{"jsonrpc": "2.0", "id": 1, "method": "ping"}'.encode("utf-16"),
    "two": b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}' * 2,
    "a batch": b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep arguments": b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"a": '
    + b"[" * DEEP
    + b"]" * DEEP
    + b"}}",
    "half a character": b'{"jsonrpc": "2.0", "id": 1, "method": "\\ud800"}',
    "a huge number": b'{"jsonrpc": "2.0", "id": ' + b"9" * 100_000 + b', "method": "ping"}',
    "not a number": b'{"jsonrpc": "2.0", "id": NaN, "method": "ping"}',
    "an object as id": b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}',
    "two methods": b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "method": "nothing/such"}',
}


def test_json_that_is_none_or_more_is_refused_as_such(running: Running) -> None:
    with RawClient(running.url, running.token) as client:
        for what, body in BODIES.items():
            said = client.post(body, modern_headers("ping", {}))
            assert 400 <= said.status_code < 500, what
            assert isinstance(said.json()["error"]["code"], int), what
            assert len(said.content) < 2_000, what


def test_more_than_there_is_room_for_is_refused(running: Running) -> None:
    with RawClient(running.url, running.token) as client:
        with suppress(httpx2.TransportError):  # it may stop to read before all is sent
            assert client.post(b" " * 5_000_000).status_code == 413
        assert client.http.get(running.url, headers={"X": "a" * 70_000}).status_code in (400, 431)
    for length in ("9" * 30, "99999999999"):
        with closing(connected(running)) as sock:
            sock.sendall(f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n".encode())
            assert sock.recv(65536)[9:12] in (b"400", b"401", b"413")


SLOW = {
    "nothing": "",
    "half a line": "POST /mc",
    "half a header": "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "half a body": "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}Content-Length: 4000\r\n\r\n{{",
    "half a chunk": "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n{token}Transfer-Encoding: chunked\r\n\r\n9\r\n{{",
}
"""What slow senders have sent; those of bodies have a token, since the others hear 401 before their body has come."""

DRIPS = {"half a header": b"a", "half a body": b" "}
"""What comes once in a while, so that the connection is not idle."""


def test_slow_senders_are_let_go_and_hold_up_nobody(servers: Mapping[Kind, Running]) -> None:
    """All servers at once, since the limits are in seconds: 10 for a head and for each part of a body."""
    with ExitStack() as stack:
        waiting: dict[socket.socket, tuple[Kind, str]] = {}
        for kind, running in servers.items():
            for what, begun in SLOW.items():
                sock = stack.enter_context(closing(connected(running)))
                sock.sendall(begun.format(token=f"Authorization: Bearer {running.token}\r\n").encode())
                waiting[sock] = kind, what
        end = time.monotonic() + 60
        while waiting:
            assert time.monotonic() < end, sorted(waiting.values())
            for running in servers.values():
                assert answer(ask(running, "tools/call", CALL))["result"]["structuredContent"] == {"result": 3}
            for sock in select.select(list(waiting), [], [], 1)[0]:
                _, what = waiting.pop(sock)
                with suppress(ConnectionError):
                    said = sock.recv(65536)
                    assert said.startswith(b"HTTP/1.1 408") or (said == b"" and what == "nothing"), (what, said)
            for sock, (_, what) in waiting.items():
                with suppress(ConnectionError):
                    sock.sendall(DRIPS.get(what, b""))


def test_slow_readers_are_let_go(servers: Mapping[Kind, Running]) -> None:
    """They ask, and do not read: after 30 seconds, the server closes, and keeps nothing of what it would have sent."""
    asked = b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 500
    with ExitStack() as stack:
        waiting = {}
        for kind, running in servers.items():
            where = urlsplit(running.url)
            sock = socket.socket()
            stack.enter_context(closing(sock))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect((where.hostname or "", where.port or 0))
            sock.settimeout(2)
            with suppress(TimeoutError):  # the server no longer reads: its own answers are in the way
                while True:
                    sock.sendall(asked)
            waiting[sock] = kind
        end = time.monotonic() + 120
        while waiting:
            assert time.monotonic() < end, list(waiting.values())
            poll = select.poll()
            by_number = {sock.fileno(): sock for sock in waiting}
            for number in by_number:
                poll.register(number, 0)  # only whether it is closed
            for number, _ in poll.poll(1_000):
                waiting.pop(by_number[number])


def test_a_thousand_idle_connections_leave_room_for_who_calls(running: Running) -> None:
    with ExitStack() as stack:
        for _ in range(1_000):
            stack.enter_context(closing(connected(running)))
        assert answer(ask(running, "tools/call", CALL))["result"]["structuredContent"] == {"result": 3}
        if (files := Path(f"/proc/{running.process.pid}/fd")).is_dir():
            assert len(list(files.iterdir())) < 700


def test_a_session_is_its_users(of_users: Running) -> None:
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    with (
        RawClient(of_users.url, of_users.other, legacy=True) as owner,
        RawClient(of_users.url, of_users.token) as thief,
    ):
        for verb in ("POST", "GET", "DELETE"):
            body = json.dumps(ping).encode() if verb == "POST" else b""
            said = thief.http.request(verb, of_users.url, content=body, headers={**ACCEPT, **owner.session})
            assert said.status_code in (403, 404), verb
        assert owner.post(ping).status_code == 200


def test_the_state_of_a_call_is_its_users(of_users: Running) -> None:
    first = answer(ask(of_users, "tools/call", {"name": "buy", "arguments": {"title": "Emma"}}, of_users.other))[
        "result"
    ]
    assert first["resultType"] == "input_required"
    (key,) = first["inputRequests"]
    params = {
        "name": "buy",
        "arguments": {"title": "Emma"},
        "inputResponses": {key: {"action": "accept", "content": {"ok": True}}},
        "requestState": first["requestState"],
    }
    assert answer(ask(of_users, "tools/call", params))["error"]["code"] == INVALID_PARAMS
    tampered = {**params, "requestState": first["requestState"][:-2] + "AA"}
    assert answer(ask(of_users, "tools/call", tampered, of_users.other))["error"]["code"] == INVALID_PARAMS
    result = answer(ask(of_users, "tools/call", params, of_users.other))["result"]
    assert result["content"][0]["text"] == "bought Emma"


def test_a_task_is_its_users(of_users: Running) -> None:
    capable = {"io.modelcontextprotocol/clientCapabilities": {"extensions": TASKS}}

    def of_task(method: str, token: str, **params: Any) -> dict[str, Any]:
        whole = envelope(params)
        whole["_meta"] |= capable
        name = str(params.get("taskId") or params["name"])
        return answer(ask(of_users, method, whole, token, Mcp_Name=name))

    id = of_task("tools/call", of_users.other, name="wait", arguments={})["result"]["taskId"]
    assert of_task("tasks/get", of_users.other, taskId=id)["result"]["status"] == "working"
    attempts: dict[str, dict[str, Any]] = {"tasks/get": {}, "tasks/update": {"inputResponses": {}}, "tasks/cancel": {}}
    for method, more in attempts.items():
        assert of_task(method, of_users.token, taskId=id, **more)["error"]["code"] == INVALID_PARAMS
    assert of_task("tasks/get", of_users.other, taskId=id)["result"]["status"] == "working"
    of_task("tasks/cancel", of_users.other, taskId=id)


def test_a_subscription_is_its_users(of_users: Running) -> None:
    """Another user's cancellation, with the same id, ends no stream."""
    params = envelope({"notifications": {"toolsListChanged": True}})
    message = {"jsonrpc": "2.0", "id": "listens", "method": "subscriptions/listen", "params": params}
    body = json.dumps(message).encode()
    headers = {"Authorization": f"Bearer {of_users.other}", **modern_headers("subscriptions/listen", params)}
    lines = ["POST /mcp HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()
    with closing(connected(of_users)) as stream:
        stream.sendall(head + body)
        received = b""
        while b"acknowledged" not in received:
            received += (part := stream.recv(65536))
            assert part, received
        cancel = envelope({"requestId": "listens"})
        with RawClient(of_users.url, of_users.token) as thief:
            note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancel}
            thief.post(note, modern_headers("notifications/cancelled", cancel))
        assert select.select([stream], [], [], 1)[0] == [], "something came, or the stream has ended"


INJECTIONS = {
    "CRLF": "\r\nX-Injected: 1",
    "LF": "\nX-Injected: 1",
    "CR": "\rX-Injected: 1",
    "percent": "%0d%0aX-Injected:%201",
    "NUL": "\x00",
    "an answer": "\r\n\r\nHTTP/1.1 200 OK",
}
REFLECTED = (
    "Mcp-Session-Id", "Mcp-Name", "MCP-Protocol-Version", "Origin", "X-Request-Id", "Access-Control-Request-Headers",
)  # fmt: skip
"""Headers that an answer may repeat."""


def test_no_header_of_an_answer_comes_from_a_request(running: Running) -> None:
    host = f"Host: 127.0.0.1:{urlsplit(running.url).port}"
    for what, inserted in INJECTIONS.items():
        requests = [
            (f"GET /mcp/{inserted} HTTP/1.1", host),
            (f"GET /mcp/?a={inserted} HTTP/1.1", host),
            (f"OPTIONS /.well-known/oauth-protected-resource{inserted} HTTP/1.1", host),
            *(("POST /mcp HTTP/1.1", host, f"{name}: a{inserted}") for name in REFLECTED),
        ]
        for lines in requests:
            head = raw(running, *lines).partition(b"\r\n\r\n")[0].lower()
            assert head[:7] in (b"http/1.", b""), (what, lines)
            assert b"\nx-injected" not in head, (what, lines)
            assert not head.startswith(b"http/1.1 5"), (what, lines)


PATHS = (
    "/mcp/../mcp", "/./mcp", "//mcp", "/%6dcp", "/mcp%2f", "/health/../mcp", "/health/..%2fmcp", "/health/%2e%2e/mcp",
    "/health//mcp", "/health;/mcp", "/health%00/mcp", "/mcp%00", "/MCP", "/mcp;x", "/\\mcp", "/health?/../mcp", "*",
    "http://127.0.0.1/health/../mcp", "/.well-known/../mcp", "/../../../../etc/passwd", "/static/..%2f..%2fetc/passwd",
)  # fmt: skip


def test_no_spelling_of_a_path_gets_around_the_token(running: Running) -> None:
    host = f"Host: 127.0.0.1:{urlsplit(running.url).port}"
    params = envelope({"name": "write", "arguments": {}})
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    headers = [f"{name}: {value}" for name, value in modern_headers("tools/call", params).items()]
    before = ran(running)
    for path in PATHS:
        for verb in ("POST", "GET", "DELETE"):
            said = raw(running, f"{verb} {path} HTTP/1.1", host, *headers, body=body, token=False)
            assert 300 <= int(said[9:12]) < 500 or path.startswith("/health?"), (verb, path, said)
            assert b"root:" not in said, path
    assert ran(running) == before
