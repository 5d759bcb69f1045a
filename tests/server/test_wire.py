"""The frames on the wire: taken apart as they pass, and passed on unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client

from mcp_notebook.client.framed import framed
from mcp_notebook.recording.wire import MOST_BYTES_OF_A_FRAME, MOST_FRAMES, Frame, Wire, tapped
from mcp_notebook.rendering.calls.frames import brief_wire_log
from mcp_notebook.server.notebook_server import NotebookServer
from mcp_notebook.server.runtime import CALL_ID

JSON = [(b"content-type", b"application/json")]
SPOKEN = ("id", "method", "params", "result", "error", "name", "uri")
EVENTS = [(b"Content-Type", b"text/event-stream; charset=utf-8")]


def exchanged(
    request: list[bytes],
    response: list[bytes],
    *,
    headers: list[tuple[bytes, bytes]] = JSON,
    sent: list[tuple[bytes, bytes]] = JSON,
    wire: Wire | None = None,
    on: bool = True,
) -> tuple[list[Frame], bytes, bytes]:
    """Put one exchange through a tap; return the frames, and the bodies as the app and the client got them."""
    wire = wire or Wire()
    wire.on = on
    heard, got = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            heard.append(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in response:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    parts = [{"type": "http.request", "body": part, "more_body": True} for part in request]
    parts.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        got.append(message.get("body", b""))

    scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": sent}
    anyio.run(tapped(app, lambda: wire), scope, receive, send)
    return list(wire.frames), b"".join(heard), b"".join(got)


def test_json_is_one_frame_each_way_with_its_head() -> None:
    frames, heard, got = exchanged([b'{"id": 1,', b' "method": "ping"}'], [b'{"id": 1, "res', b'ult": {}}'])
    assert [(f.direction, f.message) for f in frames] == [
        ("client", {"id": 1, "method": "ping"}),
        ("server", {"id": 1, "result": {}}),
    ]
    assert frames[0].head == "POST /mcp\ncontent-type: application/json"
    assert frames[1].head == "200\ncontent-type: application/json"
    assert {(f.transport, f.exchange) for f in frames} == {("http", 1)}
    assert heard == b'{"id": 1, "method": "ping"}'
    assert got == b'{"id": 1, "result": {}}'


def test_a_round_that_asks_for_input_is_told_from_the_result() -> None:
    request = {"id": 1, "method": "tools/call", "params": {"name": "borrow"}}
    results: list[Any] = [{"resultType": "input_required", "inputRequests": {}}, {"content": []}]
    frames = []
    for result in results:
        frames += [Frame(0.0, "client", "memory", 0, "", request)]
        frames += [Frame(0.0, "server", "memory", 0, "", {"id": 1, "result": result})]
    lines = brief_wire_log(frames).text.splitlines()
    assert [line.split("  ")[-1] for line in lines if "server" in line] == [
        "result of tools/call: input required",
        "result of tools/call",
    ]


def test_nothing_is_kept_while_nobody_asked() -> None:
    frames, heard, got = exchanged([b"{}"], [b"[]"], on=False)
    assert (frames, heard, got) == ([], b"{}", b"[]")


def events(*messages: Any, newline: str = "\n") -> bytes:
    return "".join(
        f"event: message{newline}id: {n}{newline}data: {json.dumps(message, ensure_ascii=False)}{newline}{newline}"
        for n, message in enumerate(messages)
    ).encode()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@given(data=st.data())
def test_events_are_frames_however_the_stream_is_cut(newline: str, data: Any) -> None:
    messages = [{"n": 1}, {"text": "line\nbreak é"}, {"n": 3}]
    stream = b": a comment" + newline.encode() * 2 + events(*messages, newline=newline)
    places = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    parts = [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
    frames, _, got = exchanged([b"{}"], parts, headers=EVENTS)
    assert got == stream
    assert [f.message for f in frames if f.direction == "server"] == messages
    assert [bool(f.head) for f in frames] == [True, True, False, False]


def test_several_events_in_one_chunk_are_several_frames() -> None:
    frames, _, _ = exchanged([b"{}"], [events(1, 2) + events(3)], headers=EVENTS)
    assert [f.message for f in frames[1:]] == [1, 2, 3]


def test_an_event_whose_data_is_on_several_lines_is_one_message() -> None:
    frames, _, _ = exchanged([b"{}"], [b'data: {"a":\ndata: 1}\n\n'], headers=EVENTS)
    assert [f.message for f in frames[1:]] == [{"a": 1}]


def test_a_comment_that_keeps_a_stream_alive_is_no_frame() -> None:
    frames, _, _ = exchanged([b"{}"], [b": ping\n\n", b"id: 1\nretry: 5\ndata:\n\n"], headers=EVENTS)
    assert [f.direction for f in frames] == ["client"]


def test_what_is_not_json_is_kept_as_text() -> None:
    frames, _, _ = exchanged([b"hello \xff"], [b"no"])
    assert frames[0].message == "hello \ufffd"
    assert frames[1].message == "no"


def test_a_big_body_is_cut_in_the_frame_and_whole_for_the_client() -> None:
    body = json.dumps({"text": "x" * 3_000_000}).encode()
    parts = [body[n : n + 65_536] for n in range(0, len(body), 65_536)]
    frames, heard, got = exchanged(parts, parts)
    assert (heard, got) == (body, body)
    for frame in frames:
        assert MOST_BYTES_OF_A_FRAME / 2 < len(json.dumps(frame.message)) < MOST_BYTES_OF_A_FRAME + 100


@pytest.mark.parametrize("name", [b"authorization", b"Authorization", b"cookie", b"Set-Cookie", b"proxy-authorization"])
def test_secrets_are_never_kept(name: bytes) -> None:
    secret = [*JSON, (name, b"Bearer s3cret"), (b"mcp-session-id", b"abc"), (b"x-forwarded-for", b"10.0.0.1")]
    frames, _, _ = exchanged([b"{}"], [b"{}"], headers=secret, sent=secret)
    assert "s3cret" not in repr(frames)
    assert all("mcp-session-id: abc" in frame.head for frame in frames)
    assert all("10.0.0.1" not in frame.head for frame in frames)


def test_that_a_token_was_sent_is_shown() -> None:
    frames, _, _ = exchanged([b"{}"], [b"{}"], sent=[(b"authorization", b"Bearer s3cret")])
    assert frames[0].head == "POST /mcp\nauthorization: [redacted]"


def test_each_request_has_a_number_of_its_own() -> None:
    wire = Wire()
    for _ in range(2):
        exchanged([b"{}"], [b"{}"], wire=wire)
    assert [f.exchange for f in wire.frames] == [1, 1, 2, 2]


def test_only_the_latest_frames_are_kept() -> None:
    wire = Wire()
    for number in range(MOST_FRAMES + 5):
        wire.keep("client", number, transport="memory")
    assert len(wire.frames) == MOST_FRAMES
    assert wire.frames[0].message == 5


def test_what_is_no_http_passes() -> None:
    passed: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append((scope, receive, send))

    wire = Wire()
    wire.on = True
    anyio.run(tapped(app, lambda: wire), {"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert passed == [({"type": "lifespan"}, None, None)]


def server_that_adds() -> NotebookServer:
    server = NotebookServer("s")

    @server.tool()
    def add(a: int, b: int) -> int:
        return a + b

    return server


def methods_and_answers(wire: Wire) -> list[Any]:
    return [(f.direction, f.message.get("method")) for f in wire.frames]


def structured(wire: Wire) -> list[Any]:
    return [f.message["result"].get("structuredContent") for f in wire.frames if "result" in f.message]


def in_memory(mode: str, use: Callable[[Any], Any]) -> Wire:
    server, wire = server_that_adds(), Wire()
    wire.on = True

    async def main() -> None:
        async with Client(framed(server, wire), mode=mode, cache=None) as client:
            await use(client)

    anyio.run(main)
    return wire


def test_in_memory_the_frames_of_a_modern_client_are_kept() -> None:
    wire = in_memory("2026-07-28", lambda client: client.session.call_tool("add", {"a": 1, "b": 2}))
    assert ("client", "tools/call") in methods_and_answers(wire)
    assert "initialize" not in {method for _, method in methods_and_answers(wire)}
    assert {"result": 3} in structured(wire)
    assert {(f.transport, f.exchange, f.head) for f in wire.frames} == {("memory", 0, "")}


def test_in_memory_the_frames_of_a_legacy_client_are_kept() -> None:
    wire = in_memory("legacy", lambda client: client.session.call_tool("add", {"a": 1, "b": 2}))
    assert methods_and_answers(wire)[:3] == [
        ("client", "initialize"),
        ("server", None),
        ("client", "notifications/initialized"),
    ]
    assert {"result": 3} in structured(wire)


def test_how_a_notebook_knows_its_own_requests_is_not_in_the_frames() -> None:
    meta: Any = {CALL_ID: "abc", "mine": 1}
    wire = in_memory("2026-07-28", lambda client: client.session.call_tool("add", {"a": 1, "b": 2}, meta=meta))
    (call,) = [f.message for f in wire.frames if f.message.get("method") == "tools/call"]
    assert call["params"]["_meta"]["mine"] == 1
    assert CALL_ID not in repr(wire.frames)


def test_in_brief_a_frame_is_a_line_with_the_names_of_its_headers_and_no_value_of_theirs() -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "copies"}}
    frames, _, _ = exchanged(
        [json.dumps(request).encode()],
        [b'{"jsonrpc": "2.0", "id": 1, "result": {"text": "secret"}}'],
        headers=[*JSON, (b"mcp-session-id", b"5e55")],
        sent=[*JSON, (b"mcp-method", b"tools/call"), (b"authorization", b"Bearer t0ken")],
    )
    shown = brief_wire_log(frames)
    assert not any(value in shown.text + shown.html for value in ("5e55", "t0ken", "secret"))
    title, header, asked, answered = shown.text.splitlines()
    assert (title, header.split()) == ("frames", ["from", "HTTP", "message", "headers"])
    assert " ".join(asked.split()) == "client → POST /mcp tools/call copies mcp-method, authorization"
    assert " ".join(answered.split()) == "← server 200 application/json result of tools/call mcp-session-id"


def test_in_brief_the_address_that_sse_gives_out_has_no_session_and_the_end_of_a_stream_is_no_line() -> None:
    frames = [
        Frame(0, "client", "http", 1, "GET /sse", ""),
        Frame(
            0, "server", "http", 1, "200\ncontent-type: text/event-stream; charset=utf-8", "/messages/?session_id=5e"
        ),
        Frame(0, "server", "http", 1, "200", ""),
    ]
    lines = repr(brief_wire_log(frames)).splitlines()[2:]
    assert [" ".join(line.split()) for line in lines] == [
        "client → GET /sse",
        "← server 200 text/event-stream /messages/",
    ]


def test_in_brief_frames_in_memory_have_no_columns_of_http() -> None:
    frames = [
        Frame(0, "client", "memory", 0, "", {"jsonrpc": "2.0", "id": 1, "method": "ping"}),
        Frame(0, "server", "memory", 0, "", {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}}),
    ]
    assert repr(brief_wire_log(frames)).splitlines()[1:] == [
        "  from      message",
        "  client →  ping",
        "  ← server  error of ping",
    ]
    assert "frames: kept from now on" in repr(brief_wire_log([]))


@given(
    message=st.recursive(
        st.none() | st.integers() | st.text() | st.just({}),
        lambda inner: st.lists(inner) | st.fixed_dictionaries({}, optional=dict.fromkeys(SPOKEN, inner)),
    ),
    head=st.sampled_from(["", "POST /mcp\nmcp-method:", "200\ncontent-type:", "GET /\ncontent-type: ; x"]),
    direction=st.sampled_from(["client", "server"]),
)
def test_in_brief_whatever_a_stranger_sends_is_drawn(message: Any, head: Any, direction: Any) -> None:
    assert repr(brief_wire_log([Frame(0, direction, "http", 1, head, message)])).startswith("frames")
