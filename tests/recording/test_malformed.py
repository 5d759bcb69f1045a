"""Requests that break the protocol's types: refused as such, recorded as they came, shown everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from mcp_notebook import cells
from mcp_notebook.cells import place_of
from mcp_notebook.export.proof.replaying import replays
from mcp_notebook.portal import Portal
from mcp_notebook.recording.as_tests import why_not
from mcp_notebook.recording.cutting import MOST_DEPTH
from mcp_notebook.rendering.calls import sequence
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.compare import compare
from mcp_notebook.rendering.calls.frames import brief_wire_log, wire_log
from mcp_notebook.rendering.calls.log import log
from mcp_notebook.rendering.calls.traffic import CallRow
from mcp_notebook.server import NotebookServer
from mcp_notebook.server.auth import Token
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.hosting import Listener
from tests.support.raw_http import RawClient, answer, envelope, modern_headers
from tests.support.shells import running_shell

TOKEN = Token.make()
INVALID_PARAMS = -32602
ERAS = pytest.mark.parametrize("legacy", [False, True], ids=["modern", "legacy"])

DEEP: Any = json.loads("[" * 120 + "]" * 120)

WRONG = {
    "text": "text",
    "JSON text": '{"a": 1}',
    "empty text": "",
    "list": [1, {"a": 2}],
    "empty list": [],
    "number": 5,
    "zero": 0,
    "true": True,
    "false": False,
    "deep": DEEP,
}
VALUES = pytest.mark.parametrize("value", WRONG.values(), ids=list(WRONG))


@pytest.fixture(scope="module")
def server() -> NotebookServer:
    server = NotebookServer("shop")
    server.tool(name="add")(lambda a=1: a)
    server.prompt(name="plan")(lambda topic="tea": topic)
    server.resource("memo://{day}", name="memo")(lambda day: day)

    @server.completion()
    async def complete(ref: Any, argument: Any, context: Any) -> None:
        return None

    return server


@pytest.fixture(scope="module")
def url(server: NotebookServer) -> Iterator[str]:
    portal = Portal()
    listener = Listener(portal, server, name="shop", endpoint=Endpoint(TOKEN))
    yield listener.url
    listener.stop()
    portal.close()


REQUESTS = {
    "tools/call": lambda value: {"name": "add", "arguments": value},
    "prompts/get": lambda value: {"name": "plan", "arguments": value},
    "completion/complete": lambda value: {"ref": {"type": "ref/prompt", "name": "plan"}, "argument": value},
}


@ERAS
@VALUES
@pytest.mark.parametrize("method", REQUESTS)
def test_a_malformed_request_is_refused_recorded_as_it_came_and_shown(
    server: NotebookServer, url: str, legacy: bool, value: Any, method: str
) -> None:
    with RawClient(url, TOKEN, legacy=legacy) as client:
        assert answer(client.request(method, REQUESTS[method](value)))["error"]["code"] == INVALID_PARAMS
    call = server.runtime.recorder.calls[-1]
    assert (call.method, call.state, call.malformed) == (method, "refused", True)
    assert repr(call.arguments)[:60] == repr(value)[:60]
    for drawn in (
        log([call], place_of),
        call_card(call, "", cells.explain),
        sequence.diagram(call),
        compare(call, call),
    ):
        assert drawn.text
        assert drawn.html
    assert CallRow(call).words
    assert why_not(call) is not None
    assert [reason for _, reason in replays([call], server).left_out] == ["its request was malformed"]


@ERAS
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {}),
        ("prompts/get", {}),
        ("prompts/get", {"name": "plan", "arguments": {"topic": 5}}),
        ("prompts/get", {"name": "plan", "arguments": {"topic": None}}),
        ("completion/complete", {"ref": "plan", "argument": {"name": "topic", "value": "t"}}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": ["plan"]}, "argument": {"name": 5, "value": 6}}),
        ("tools/call", {"name": "add", "inputResponses": [1]}),
        ("tools/call", {"name": "add", "inputResponses": {"x": 5}, "requestState": ["s"]}),
        ("tools/call", {"name": "add", "arguments": {}, "_meta": {"progressToken": {"a": 1}}}),
    ],
)
def test_other_fields_of_wrong_types_are_refused_as_such_too(
    url: str, legacy: bool, method: str, params: dict[str, Any]
) -> None:
    if legacy and "inputResponses" in params:
        pytest.skip("this era has no such field")
    with RawClient(url, TOKEN, legacy=legacy) as client:
        if "_meta" in params and not legacy:
            params = {**params, "_meta": {**envelope({})["_meta"], **params["_meta"]}}
        assert answer(client.request(method, params))["error"]["code"] == INVALID_PARAMS


@VALUES
def test_listening_to_what_is_no_list_of_uris_is_refused_as_such(url: str, value: Any) -> None:
    with RawClient(url, TOKEN) as client:
        for notifications in (
            value,
            {"resourceSubscriptions": value if value != [] else 7},
            {"toolsListChanged": DEEP},
        ):
            refused = answer(client.request("subscriptions/listen", {"notifications": notifications}))
            assert refused["error"]["code"] == INVALID_PARAMS


@ERAS
@pytest.mark.parametrize("levels", [150, 990, 5_000, 100_000])
def test_deep_json_is_answered_with_frames_kept_and_shown(
    server: NotebookServer, url: str, legacy: bool, levels: int
) -> None:
    deep = b"[" * levels + b"]" * levels
    params = json.dumps(
        {"name": "add", "arguments": {"a": 0}} if legacy else envelope({"name": "add", "arguments": {"a": 0}})
    )
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":%s}' % params.encode().replace(b"0}", deep + b"}")
    server.runtime.recorder.wire.on = True
    try:
        with RawClient(url, TOKEN, legacy=legacy) as client:
            headers = {} if legacy else modern_headers("tools/call", {"name": "add"})
            response = client.post(body, headers)
    finally:
        server.runtime.recorder.wire.on = False
    assert response.status_code < 500
    frames = list(server.runtime.recorder.wire.frames)
    assert {frame.direction for frame in frames[-2:]} == {"client", "server"}
    assert wire_log(frames).html
    assert brief_wire_log(frames).text
    assert sequence.diagram(frames).text
    assert log(server.runtime.recorder.calls[-1:], place_of).text


def test_what_is_kept_of_a_deep_value_says_that_it_goes_on(server: NotebookServer, url: str) -> None:
    with RawClient(url, TOKEN) as client:
        client.request("tools/call", {"name": "add", "arguments": {"a": DEEP}})
    call = server.runtime.recorder.calls[-1]
    assert call.cut
    assert json.dumps(call.arguments).count("[") <= MOST_DEPTH + 2
    assert "[deeper]" in json.dumps(call.arguments)


def test_the_notebook_shows_tests_and_exports_what_is_left_of_a_malformed_call(tmp_path: Path) -> None:
    with running_shell() as shell:
        shell.good("%%mcp_tool\ndef add(a: int = 1) -> int:\n    return a", "%mcp call add", "_served = %mcp serve")
        listener = shell.shell.user_ns["_served"]
        with RawClient(listener.url, listener.token) as client:
            client.request("tools/call", {"name": "add", "arguments": '{"a": 1}'})
        for line in ("%mcp", "%mcp log", "%mcp log 2", "%mcp log 2 --diagram", "%mcp compare 1 2", "%mcp inspect"):
            shell.good(line)
        shell.good(f"%mcp log --to test {tmp_path / 'test_calls.py'}")
        assert (tmp_path / "test_calls.py").read_text(encoding="utf-8").count("async def test_") == 1
        with pytest.raises(UsageError, match="Call 2 was refused as malformed"):
            shell.good("%mcp replay 2")
        shell.good(f"%mcp export {tmp_path / 'package'} --no-proof")
        shell.good("%mcp stop")
