"""Hostile inputs for an HTTP server that speaks MCP, made from a seed: the same seed gives the same inputs.

What differs from run to run, such as tokens, has a stand-in of fixed length, which the sender replaces.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.raw_http import LEGACY, envelope, modern_headers

__all__ = ["BAD", "INJECTED", "SESSION", "TOKEN", "Input", "inputs"]

SESSION = "5e55" * 8
"""Stands for the id of a legacy session that is open when an input is sent."""

TOKEN = "70c3" * 8
"""Stands for the token that the server lets in."""

BAD = tuple(f"{number:02}bad" * 6 for number in range(16))
"""Stand for tokens that it must not let in."""

INJECTED = "X-Injected"
"""A header that no answer may have: it would be one that came with the request."""

REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}),
    ("tools/call", {"name": "echo", "arguments": {"value": {"a": [1, 2, {"b": None}]}}}),
    ("tools/call", {"name": "steps", "arguments": {}, "_meta": {"progressToken": "p"}}),
    ("tools/call", {"name": "add", "arguments": {"a": 1}, "inputResponses": {"k": {}}, "requestState": "v1.abc"}),
    ("tools/call", {"name": "write", "arguments": {}}),
    ("tools/call", {"name": "buy", "arguments": {"title": "Emma"}}),
    ("tools/list", {"cursor": "abc"}),
    ("prompts/get", {"name": "plan", "arguments": {"topic": "tea"}}),
    ("prompts/list", {}),
    ("resources/read", {"uri": "memo://today"}),
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/subscribe", {"uri": "memo://today"}),
    ("resources/unsubscribe", {"uri": "memo://today"}),
    (
        "completion/complete",
        {"ref": {"type": "ref/prompt", "name": "plan"}, "argument": {"name": "topic", "value": "t"}},
    ),
    ("logging/setLevel", {"level": "info"}),
    ("initialize", {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "f", "version": "1"}}),
    ("server/discover", {}),
    ("subscriptions/listen", {"notifications": {"toolsListChanged": True, "resourceSubscriptions": ["memo://x"]}}),
    ("ping", {}),
    ("notifications/initialized", {}),
    ("notifications/cancelled", {"requestId": 1, "reason": "because"}),
    ("notifications/progress", {"progressToken": "p", "progress": 1}),
    ("sampling/createMessage", {"messages": [], "maxTokens": 1}),
    ("roots/list", {}),
    ("tasks/get", {"taskId": "t"}),
    ("", {}),
)

TEXTS = (
    "", "a", "\x00", "\u202e", "é", "\U0001f600", "\ud800", "a" * 5_000, "{}", '{"a": 1}', "NaN", "../../etc/passwd",
    "memo://x", "http://[::1", "\x1b[31m", "' OR 1=1", "%00", "\r\nX: y", "__proto__", "add",
)  # fmt: skip

TARGETS = (
    "/mcp", "/mcp/", "/", "/sse", "/health", "//mcp", "/mcp?x=1", "/MCP", "/%2e%2e/mcp", "/mcp%00", "*", "http://a/mcp",
    "/mcp#f", "/health/live", "/health/ready",
    "/" + "a" * 9_000, "/é", "mcp", "", "/.well-known/oauth-protected-resource", "/messages/?session_id=1",
)  # fmt: skip

VERBS = (
    "GET",
    "POST",
    "DELETE",
    "PUT",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PRI",
    "get",
    "",
    "G T",
    "\x00",
)


@dataclass(frozen=True)
class Input:
    """Bytes to send on one connection.

    Attributes:
        number: Which one of its seed.
        kind: What it is.
        parts: What is sent, one after the other.
        whole: Whether it is one request that must be answered.
    """

    number: int
    kind: str
    parts: tuple[bytes, ...]
    whole: bool = False

    def __str__(self) -> str:
        return f"input {self.number} ({self.kind}) {b''.join(self.parts)[:300]!r}"


def inputs(seed: int, count: int, first: int = 0) -> Iterator[Input]:
    """Yield so many inputs, from the first one on."""
    for number in range(first, first + count):
        rng = random.Random(f"{seed}/{number}")
        kind = rng.choice(list(KINDS))
        parts, whole = KINDS[kind](_Maker(rng))
        yield Input(number, kind, tuple(parts), whole)


class _Maker:
    """Makes parts of one input."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def value(self, levels: int = 3) -> Any:
        """Return some JSON value."""
        rng = self.rng
        if levels and rng.random() < 0.4:
            if rng.random() < 0.5:
                return [self.value(levels - 1) for _ in range(rng.randrange(4))]
            return {rng.choice(TEXTS): self.value(levels - 1) for _ in range(rng.randrange(4))}
        return rng.choice([None, True, False, 0, -1, 2**53, 10**400, 1.5, float("nan"), float("inf"), *TEXTS])

    def params(self, right: dict[str, Any]) -> Any:
        """Return parameters: right ones, some with a field of a wrong type, or anything."""
        rng = self.rng
        if rng.random() < 0.1:
            return self.value()
        params = json.loads(json.dumps(right))
        for _ in range(rng.randrange(3)):
            place = params
            while True:
                key = rng.choice([*place, rng.choice(TEXTS)])
                if isinstance(place.get(key), dict) and place[key] and rng.random() < 0.6:
                    place = place[key]
                    continue
                if rng.random() < 0.2:
                    place.pop(key, None)
                else:
                    place[key] = self.value()
                break
        return params

    def message(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return a JSON-RPC message of one of the eras, and the headers that go with it."""
        rng = self.rng
        method: Any
        method, right = rng.choice(REQUESTS)
        if rng.random() < 0.1:
            method = rng.choice([rng.choice(REQUESTS)[0], self.value(1)])
        message = {"jsonrpc": "2.0", "id": rng.choice([1, "a"]), "method": method, "params": self.params(right)}
        if isinstance(method, str) and method.startswith("notifications/") and rng.random() < 0.8:
            del message["id"]
        headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        if rng.random() < 0.5:
            message["params"] = envelope(message["params"])
            headers = modern_headers(method if isinstance(method, str) else "x", message["params"])
        elif method != "initialize" and rng.random() < 0.9:
            headers |= {"MCP-Protocol-Version": LEGACY, "Mcp-Session-Id": rng.choice(["a", *[SESSION] * 9])}
        if rng.random() < 0.15:
            message[rng.choice([*message, "result", "error"])] = self.value(2)
        if rng.random() < 0.1:
            message.pop(rng.choice([*message]))
        return message, headers

    def head(self, headers: dict[str, str], body: bytes, *, verb: str = "POST", target: str = "/mcp") -> bytes:
        """Return a head that fits the body, with the token, another or none."""
        rng = self.rng
        given = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}
        if (chance := rng.random()) < 0.75:
            given["Authorization"] = f"Bearer {TOKEN}"
        elif chance < 0.9:
            given["Authorization"] = rng.choice(
                ["Bearer", "Bearer x", f"Bearer {rng.choice(BAD)}", f"Basic {TOKEN}", f"bearer  {TOKEN}", ""]
            )
        lines = [f"{verb} {target} HTTP/1.1", *(f"{name}: {_one_line(value)}" for name, value in given.items())]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace")

    def request(self) -> bytes:
        """Return a whole request."""
        message, headers = self.message()
        body = json.dumps(message).encode()
        return self.head(headers, body) + body


def _one_line(value: str) -> str:
    return "".join(c for c in value if c >= " ")


Made = tuple[list[bytes], bool]


def _message(make: _Maker) -> Made:
    return [make.request()], True


def _text_of_json(make: _Maker) -> Made:
    rng = make.rng
    message, headers = make.message()
    body = json.dumps(message).encode()
    levels = rng.choice([50, 250, 990, 3_000, 100_000])
    odd = rng.choice(
        [
            body[: rng.randrange(len(body))],
            body + body,
            b"[" + b",".join([body] * rng.randrange(1, 40)) + b"]",
            b"\xef\xbb\xbf" + body,
            body.decode().encode("utf-16"),
            body.replace(b'"', b"'"),
            b'{"a": 1, "a": 2,' + body[1:] if body[:1] == b"{" else body,
            body.replace(b"1", b"[" * levels + b"]" * levels),
            b'{"x":' * levels + b"1" + b"}" * levels,
            bytes(rng.randrange(256) for _ in range(rng.randrange(200))),
            body.replace(b"a", b"\xff"),
            b"1" * rng.choice([10, 5_000, 100_000]),
            b"",
        ]
    )
    return [make.head(headers, odd) + odd], True


def _headers(make: _Maker) -> Made:
    """Headers that are wrong, missing, twice, or many."""
    rng = make.rng
    message, headers = make.message()
    body = json.dumps(message).encode()
    odd = {
        "Host": rng.choice(["evil.example", "", "127.0.0.1:1", "localhost", "[::1]", "a" * 3_000, "127.0.0.1, evil"]),
        "Origin": rng.choice(["http://evil.example", "null", "", "http://127.0.0.1", "é"]),
        "Accept": rng.choice(["", "*/*", "text/html", "," * 500, "application/json;q=x"]),
        "Content-Type": rng.choice(["", "text/plain", "application/json; charset=utf-16", "multipart/form-data"]),
        "Content-Encoding": "gzip",
        "MCP-Protocol-Version": rng.choice(["", "1", "2026-07-28", "x" * 5_000, "é"]),
        "Mcp-Session-Id": rng.choice(["", "é", "x" * 5_000]),
        "Mcp-Method": rng.choice(["", "x", "tools/call"]),
        "Mcp-Name": rng.choice(["", "=?base64?////?=", "=?base64?x", "é"]),
        "Last-Event-ID": rng.choice(["", "1", "x" * 5_000]),
        "Expect": "100-continue",
        "Upgrade": "websocket",
        "Connection": rng.choice(["close", "upgrade", "keep-alive, x", ""]),
        "X-Forwarded-For": "1.2.3.4, é",
        **{f"X-{i}": "a" * rng.choice([1, 100]) for i in range(rng.choice([0, 0, 0, 90, 900]))},
    }
    chosen = {name: odd[name] for name in rng.sample(list(odd), k=min(len(odd), rng.randrange(1, 6)))}
    verb, target = rng.choice(VERBS[:8]), rng.choice(TARGETS[:5])
    head = make.head({**headers, **chosen}, body, verb=verb, target=target)
    if rng.random() < 0.2:
        lines = head.split(b"\r\n")
        head = b"\r\n".join([*lines[:-2], rng.choice(lines[1:-2]), b"", b""])
    return [head + body], False


def _start_line(make: _Maker) -> Made:
    message, headers = make.message()
    body = json.dumps(message).encode()
    return [make.head(headers, body, verb=make.rng.choice(VERBS), target=make.rng.choice(TARGETS)) + body], False


def _bytes(make: _Maker) -> Made:
    """A request with some bytes changed, or none but noise."""
    rng = make.rng
    data = bytearray(make.request() if rng.random() < 0.8 else rng.randbytes(rng.randrange(1, 3_000)))
    for _ in range(rng.randrange(1, 20)):
        place = rng.randrange(len(data))
        data[place : place + rng.randrange(3)] = rng.choice([b"", b"\r\n", b"\x00", b"\n", b":", rng.randbytes(3)])
        data = data or bytearray(b"x")
    return [bytes(data)], False


def _parts(make: _Maker) -> Made:
    """A request in parts, whole or broken off."""
    rng = make.rng
    data = make.request()
    whole = rng.random() < 0.5
    end = len(data) if whole else rng.randrange(len(data))
    cuts = sorted(rng.randrange(end + 1) for _ in range(rng.randrange(1, 8)))
    return [data[i:j] for i, j in zip([0, *cuts], [*cuts, end], strict=True) if i < j], whole


def _ahead(make: _Maker) -> Made:
    """Many requests on one connection, none of them waited for."""
    return [b"".join(make.request() for _ in range(make.rng.randrange(2, 30)))], False


def _chunks(make: _Maker) -> Made:
    rng = make.rng
    message, headers = make.message()
    body = json.dumps(message).encode()
    head = make.head({**headers, "Transfer-Encoding": rng.choice(["chunked", "gzip, chunked", "identity", "x"])}, body)
    if rng.random() < 0.8:
        head = head.replace(b"Content-Length: %d\r\n" % len(body), b"")
    good = b"%x\r\n%s\r\n" % (len(body), body)
    odd = rng.choice(
        [
            good + b"0\r\n\r\n",
            good,
            good + b"0\r\nX-Trailer: a\r\n\r\n",
            b"-1\r\n" + body,
            b"fffffffffffffffff\r\n" + body,
            b"%x;%s\r\n%s\r\n0\r\n\r\n" % (len(body), b"e" * rng.choice([10, 90_000]), body),
            b"".join(b"1\r\n%c\r\n" % c for c in body) + b"0\r\n\r\n",
            b"g\r\n" + body,
            b"0\r\n\r\n" * 20,
        ]
    )
    return [head + odd], False


def _floods(make: _Maker) -> Made:
    """More than there is room for: headers, a line, a body."""
    rng = make.rng
    head = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    bearer = b"Authorization: Bearer %s\r\n" % TOKEN.encode()
    size = rng.choice([60_000, 70_000, 300_000])
    return [
        rng.choice(
            [
                head + b"X: " + b"a" * size + b"\r\n\r\n",
                head + b"X: a\r\n" * (size // 6) + b"\r\n",
                b"GET /" + b"a" * size + b" HTTP/1.1\r\n\r\n",
                head + bearer + b"Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n" + b"1" * size,
                head + b"Content-Length: 4000000\r\n\r\n" + b"1" * size,
                b"\r\n" * (size // 2),
            ]
        )
    ], False


def _tree(make: _Maker) -> Made:
    """A message that is changed at any of its places, the envelope included, in its structure and in its text."""
    rng = make.rng
    message: Any
    message, headers = make.message()
    for _ in range(rng.randrange(1, 4)):
        message = _changed(rng, message, make.value(2))
    text = json.dumps(message)
    for _ in range(rng.randrange(3)):
        keys = re.findall(r'"[^"\\\\]*":', text)
        key = rng.choice(keys) if keys else '"a":'
        value = json.dumps(make.value(1))
        text = text.replace(key, rng.choice([f"{key} {value}, {key}", f"{key} {rng.choice(NUMBERS)}, {key}"]), 1)
    levels = rng.choice([10, 200, 1_000, 20_000])
    deep = rng.choice(["[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels, "[" * levels])
    body = text.replace(json.dumps(DEEP), deep).encode("utf-8", "surrogatepass")
    return [make.head(headers, body) + body], True


DEEP = "deep-value"

NUMBERS = ("1e999", "-1e999", "1e-999", "-0", "0.1e1", "9" * 5_000, "1" + "0" * 400, "NaN", "-Infinity", "01", "0x1")


def _changed(rng: random.Random, value: Any, other: Any, levels: int = 6) -> Any:
    """Return a JSON value with one of its places taken away, renamed, repeated or filled with something else."""
    if levels and isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        how = rng.random()
        if how < 0.7:
            return {**value, key: _changed(rng, value[key], other, levels - 1)}
        left = {name: kept for name, kept in value.items() if name != key}
        return left if how < 0.85 else {**left, rng.choice([key.upper(), f"{key} ", "", "__proto__", "x"]): value[key]}
    if levels and isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], _changed(rng, value[place], other, levels - 1), *value[place + rng.randrange(2) :]]
    return rng.choice([other, other, None, True, [value], {"a": value}, str(value), [], {}, -1, 1e300, DEEP])


def _eras(make: _Maker) -> Made:
    """A message with headers of the protocol that say another thing than its body."""
    rng = make.rng
    message, headers = make.message()
    body = json.dumps(message).encode()
    name = rng.choice(["add", "write", "settle", "x", "=?base64?d3JpdGU=?=", "=?base64?d3JpdGU", "=?utf-8?q?write?="])
    odd = {
        "MCP-Protocol-Version": rng.choice(["2024-11-05", "2025-03-26", LEGACY, "2026-07-28", "2099-01-01", "DRAFT"]),
        "Mcp-Method": rng.choice([method for method, _ in REQUESTS]),
        "Mcp-Name": name,
        "Mcp-Session-Id": rng.choice([SESSION, "ab" * 16, "0" * 32, SESSION.upper(), SESSION[:-1], "../" + SESSION]),
        "Mcp-Param-A": rng.choice(["1", "2", "x", ""]),
        "Accept": rng.choice(["text/event-stream", "application/json", "*/*;q=0"]),
        "Last-Event-ID": rng.choice(["0", "ab" * 16]),
    }
    for each in rng.sample(list(odd), k=rng.randrange(1, 5)):
        headers[each] = odd[each]
    verb = rng.choice(["POST"] * 6 + ["GET", "DELETE"])
    return [make.head(headers, body, verb=verb) + body], False


def _tokens(make: _Maker) -> Made:
    """A right request of somebody who has no token, a wrong one, or the right one in the wrong place."""
    rng = make.rng
    method, params = rng.choice(REQUESTS[:5])
    params = envelope(params)
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    bad = rng.choice(BAD)
    given = rng.choice(
        [
            *[f"Authorization: Bearer {bad}"] * 6,
            f"Authorization: Bearer {TOKEN}\r\nAuthorization: Bearer {bad}",
            f"Authorization: Bearer {bad}\r\nAuthorization: Bearer {TOKEN}",
            f"Authorization: Bearer {bad}, Bearer {TOKEN}",
            f"Authorization: Bearer\t{TOKEN}",
            f"Authorization:Bearer {TOKEN}",
            f"Authorization: {TOKEN}",
            f"Proxy-Authorization: Bearer {TOKEN}",
            f"Cookie: token={TOKEN}; Authorization=Bearer {TOKEN}",
            f"Authorization: Digest {bad}",
            "Authorization: Bearer " + "a" * rng.choice([100, 5_000, 60_000]),
            "Authorization: Bearer "
            + ".".join(rng.choice(["", "e30", "eyJhbGciOiJub25lIn0", "!", "a" * 99]) for _ in "abc"),
        ]
    )
    target = rng.choice(
        ["/mcp"] * 8 + [f"/mcp?access_token={TOKEN}", f"/mcp?token={bad}", "/health/../mcp", "/health//mcp"]
    )
    headers = [f"{name}: {_one_line(value)}" for name, value in modern_headers(method, params).items()]
    lines = [f"POST {target} HTTP/1.1", "Host: 127.0.0.1", given, *headers, f"Content-Length: {len(body)}", "", ""]
    return ["\r\n".join(lines).encode() + body], False


PLACES = (
    "mcp", "..", ".", "", "%2e%2e", "%2E", "%2f", "%5c", "%00", "%c0%ae", "%zz", "%", "health", "live", "ready", "sse",
    ".well-known", "oauth-protected-resource", ";x=1", "é", "%0d%0aX-Injected:%201", "\\", "mcp%20", "MCP", "%25", "~",
)  # fmt: skip


def _paths(make: _Maker) -> Made:
    """A request for a path of odd parts, in one of the forms that a target may have."""
    rng = make.rng
    message, headers = make.message()
    body = json.dumps(message).encode()
    path = "".join(f"/{rng.choice(PLACES)}" for _ in range(rng.randrange(1, 6)))
    path += rng.choice(["", "", "/", "?", "?a=%00", "?x=%0d%0aX-Injected:%201", "#", "?" + "a=1&" * 2_000, "/" * 3_000])
    form = rng.choice(
        ["", "", "", "http://127.0.0.1", "http://evil.example", "https://a@127.0.0.1:99999", "//evil.example", "\\"]
    )
    verb = rng.choice(["GET", "POST", "POST", "DELETE", "OPTIONS", "HEAD"])
    return [make.head(headers, body, verb=verb, target=form + path) + body], False


def _heads(make: _Maker) -> Made:
    """A head that servers and proxies read in different ways: lengths, hosts, line ends, bytes within values."""
    rng = make.rng
    message, headers = make.message()
    body = json.dumps(message).encode()
    head = make.head(headers, body)
    size = b"Content-Length: %d\r\n" % len(body)
    hidden = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}"
    end = rng.choice(
        [b"\r", b"\n", b"\x00", b"\r\n ", b"\r\n\t", b"\x0b", b"\x85", b"\xe5\x98\x8d\xe5\x98\x8a", b"\r\r\n"]
    )
    lengths = [
        size * 2, size + b"Content-Length: 0\r\n", b"Content-Length: 0\r\n" + size,
        size + b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\n" + size, size + b"Transfer-Encoding : chunked\r\n",
        size + b"Transfer-Encoding: xchunked\r\n", size + b"Transfer-Encoding: chunked, identity\r\n",
        size + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"",
        b"Content-Length: %s\r\n" % rng.choice([b"+5", b"-1", b"0x10", b"5, 5", b"5 5", b"9" * 40, b"", b"\xb2"]),
    ]  # fmt: skip
    hosts = [
        b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n", b"Host: evil.example\r\nHost: 127.0.0.1\r\n", b"Host:\r\n",
        b"Host: evil@127.0.0.1\r\n", b"Host: 127.0.0.1@evil.example\r\n", b"Host: 127.0.0.1:x\r\n",
        b"Host: 127.0.0.1 \r\n",
        b"Host: 127.0.0.1#.evil.example\r\n", b"Host: [::1\r\n", b"host: localhost:%d\r\n" % rng.randrange(99_999),
    ]  # fmt: skip
    values = [
        b"%s: a%sX-Injected: 1\r\n" % (rng.choice([b"X", b"Origin", b"Mcp-Session-Id", b"Mcp-Name", b"Accept"]), end),
        b": a\r\n", b"X\r\n", b"X Y: a\r\n", b"X\x00: a\r\n", b"\xc3\xa9: a\r\n", b" X: a\r\n",
        b"X:" + b" " * 9_000 + b"\r\n",
        b"Content-Type: application/json\r\nContent-Type: text/plain\r\n", b"Expect: 100-continue\r\n",
        b"TE: trailers\r\n",
    ]  # fmt: skip
    versions = [
        b"HTTP/1.0",
        b"HTTP/0.9",
        b"HTTP/2.0",
        b"HTTP/1.1.1",
        b"HTTP/1.1 x",
        b"http/1.1",
        b"",
        b"HTTP/11",
        b"ICE/1.0",
    ]
    data = rng.choice(
        [
            head.replace(size, rng.choice(lengths)) + body,
            head.replace(size, rng.choice(lengths)) + body + hidden,
            head.replace(size, rng.choice(lengths)) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) + hidden,
            head.replace(b"Host: 127.0.0.1\r\n", rng.choice(hosts)) + body,
            head.replace(size, size + rng.choice(values)) + body,
            head.replace(b" HTTP/1.1", b" " + rng.choice(versions), 1) + body,
            head.replace(b"\r\n", b"\n") + body,
            b"\r\n" * rng.randrange(1, 5) + head + body,
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(18),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(64),
        ]
    )
    return [data], False


KINDS: dict[str, Callable[[_Maker], Made]] = {
    "message": _message,
    "json": _text_of_json,
    "headers": _headers,
    "start line": _start_line,
    "bytes": _bytes,
    "parts": _parts,
    "ahead": _ahead,
    "chunks": _chunks,
    "floods": _floods,
    "tree": _tree,
    "eras": _eras,
    "tokens": _tokens,
    "paths": _paths,
    "heads": _heads,
}
