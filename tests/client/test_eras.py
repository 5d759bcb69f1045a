"""The era lens: one call in both eras, side by side."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering.calls.eras import lens
from tests.support.kernels import Kernel

HOSTILE = "<script>alert(1)</script>"


def frame(direction: Any, head: str = "", exchange: int = 0, **message: Any) -> Frame:
    return Frame(1.0, direction, "http", exchange, head, {"jsonrpc": "2.0", **message})


SESSION = "POST /mcp\nauthorization: [redacted]\nmcp-session-id: 5f3a"
CALL = {"method": "tools/call", "params": {"name": "add", "arguments": {"a": 1}, "_meta": {"x/progressToken": 2}}}
RESULT = {"content": [{"type": "text", "text": "3"}], "isError": False}

LEGACY = [
    frame("client", "POST /mcp", 1, id=1, method="initialize", params={"protocolVersion": "2025-11-25"}),
    frame("server", "200\nmcp-session-id: 5f3a", 1, id=1, result={"protocolVersion": "2025-11-25"}),
    frame("client", SESSION, 2, method="notifications/initialized"),
    Frame(1.0, "server", "http", 2, "202", ""),
    Frame(1.0, "client", "http", 3, SESSION.replace("POST", "GET"), ""),
    frame("client", SESSION, 4, id=2, **CALL),
    frame("server", "200", 4, method="notifications/progress", params={"progress": 1}),
    frame("server", "", 4, id=2, result=RESULT),
    frame("client", SESSION, 5, id=3, method="tools/list"),
    frame("server", "200", 5, id=3, result={"tools": []}),
    Frame(1.0, "client", "http", 6, SESSION.replace("POST", "DELETE"), ""),
]
MODERN = [
    frame("client", "POST /mcp\nmcp-method: tools/call\nmcp-name: add", 1, id=1, **CALL),
    frame("server", "200", 1, method="notifications/progress", params={"progress": 1}),
    frame("server", "", 1, id=1, result={**RESULT, "resultType": "complete", "_meta": {}}),
]


def test_the_same_parts_of_a_call_stand_beside_each_other() -> None:
    lines = lens("add", {"legacy": LEGACY, "modern": MODERN}).text.splitlines()
    assert lines[0] == "add in both eras"
    assert "legacy: 6 HTTP requests, 8 messages             modern: 1 HTTP requests, 3 messages" in lines[2]
    assert [line.partition(":")[0] for line in lines if line and not line.startswith(" ")] == [
        "add in both eras",
        "connect",
        "request",
        "meanwhile",
        "result",
        "alongside",
        "leave",
        "The result is the same.",
    ]
    beside = {line[:48].strip(): line[48:].strip() for line in lines}
    assert beside["client → initialize"].startswith("nothing: each request names the client")
    assert beside["client → tools/call add"] == "client → tools/call add"
    assert beside["← server notifications/progress"] == "← server notifications/progress"
    assert beside["client → DELETE, the end of the session"] == "nothing: there is no session"
    assert beside["client → tools/list"] == ""


def test_headers_and_the_names_of_what_is_in_a_message_are_shown_without_what_differs_each_time() -> None:
    rendering = lens("add", {"legacy": LEGACY, "modern": MODERN})
    for form in (rendering.text, rendering.html):
        assert "mcp-session-id: (of this session)" in form
        assert "5f3a" not in form
        assert "authorization" not in form
        assert "mcp-method: tools/call" in form
        assert "_meta: progressToken" in form
        assert "protocolVersion 2025-11-25" in form


def test_the_messages_are_there_on_request() -> None:
    assert "<summary>as JSON</summary>" in lens("add", {"legacy": LEGACY, "modern": MODERN}, full=True).html
    assert "<summary>as JSON</summary>" not in lens("add", {"legacy": LEGACY, "modern": MODERN}).html


def test_messages_that_look_the_same_are_counted() -> None:
    twice = [*MODERN[:2], *MODERN[1:]]
    assert "← server notifications/progress, 2 times" in lens("add", {"legacy": LEGACY, "modern": twice}).text


def test_a_question_stands_beside_the_result_that_asks() -> None:
    ask: dict[str, Any] = {"method": "elicitation/create", "params": {"message": "?"}}
    legacy = [
        *LEGACY[:6],
        frame("server", id=1, **ask),
        frame("client", id=1, result={"action": "accept"}),
        *LEGACY[6:],
    ]
    again: dict[str, Any] = {
        "method": "tools/call",
        "params": {"name": "add", "inputResponses": {}, "requestState": "s"},
    }
    asks = {"resultType": "input_required", "inputRequests": {"x": ask}}
    modern = [MODERN[0], frame("server", id=1, result=asks), frame("client", id=2, **again), *MODERN[1:]]
    text = lens("add", {"legacy": legacy, "modern": modern}).text
    lines = text[text.index("meanwhile") :].splitlines()
    assert " ".join(lines[1].split()) == "← server elicitation/create ← server result of tools/call: input required"
    assert "action accept" in text
    assert "resultType input_required" in text


FAILED = frame("server", id=1, result={**RESULT, "isError": True})
REFUSED = frame("server", id=1, error={"code": -1})


@pytest.mark.parametrize(
    ("legacy", "modern", "words"),
    [
        (LEGACY, MODERN[:2], "The modern era got no result."),
        ([], [], "The legacy and the modern era got no result."),
        (LEGACY, [*MODERN[:2], FAILED], "The results differ: isError."),
        (LEGACY, [*MODERN[:2], REFUSED], "The results differ: content, isError, code."),
    ],
)
def test_results_that_differ_or_did_not_come_are_said(legacy: Any, modern: Any, words: str) -> None:
    rendering = lens("add", {"legacy": legacy, "modern": modern})
    assert rendering.text.splitlines()[-1] == words
    assert words in rendering.html


def test_what_a_server_says_is_never_markup_in_the_lens() -> None:
    frames = [
        frame("client", f"POST {HOSTILE}\nmcp-name: {HOSTILE}", id=1, method=HOSTILE, params={HOSTILE: HOSTILE}),
        frame("server", HOSTILE, id=1, result={"resultType": HOSTILE, "_meta": {HOSTILE: 1}}),
        Frame(1.0, "server", "http", 1, "", HOSTILE),
        frame("server", id=3, result=HOSTILE),
    ]
    assert "<script" not in lens(HOSTILE, {"legacy": frames, "modern": frames}, full=True, notes=[HOSTILE]).html


TOOLS = """%%mcp_tool --read-only greet
from typing import Annotated
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel

class Who(BaseModel):
    name: str

def ask() -> Elicit[Who]:
    return Elicit("Who is it?", Who)

def greet(word: str, who: Annotated[Who, Resolve(ask)]) -> str:
    "Greet somebody."
    return f"{word}, {who.name}"
"""


@pytest.mark.slow
def test_a_tool_of_the_notebook_is_called_in_both_eras_and_the_picture_is_the_same_each_time(kernel: Kernel) -> None:
    kernel.good(TOOLS)
    line = '%mcp eras greet word=Hello --answers \'[{"name": "Ada"}]\''
    first, second = kernel.good(line), kernel.good(line)
    assert first.data == second.data
    assert "The result is the same." in first.text
    assert "mcp-session-id: (of this session)" in first.text
    assert "mcp-method: tools/call" in first.text
    assert "client → GET, a stream" in first.text
    assert "nothing: there is no session" in first.text
    assert kernel.good("%mcp log --no-times").text.count("http, legacy") == 2
    assert "kept from now on" in kernel.good("%mcp log --wire").text


@pytest.mark.slow
def test_a_tool_that_may_not_be_called_twice_is_called_on_demand_only(kernel: Kernel) -> None:
    kernel.good("%%mcp_tool\nmany = []\ndef add() -> int:\n    many.append(1)\n    return len(many)")
    refused = kernel.run("%mcp eras add")
    assert "would be called twice" in refused.stderr
    assert "--yes" in refused.stderr
    assert kernel.value("many") == []
    shown = kernel.good("%mcp eras add --yes")
    assert "The results differ: content[0].text" in shown.text
    assert "The tool was called twice" in shown.text
    assert kernel.value("many") == [1, 1]


@pytest.mark.slow
def test_what_goes_wrong_in_an_era_is_said_under_what_came_until_then(kernel: Kernel) -> None:
    kernel.good(TOOLS)
    shown = kernel.good("%mcp eras greet word=Hello --answers []").text
    assert "modern: 'notebook' asked 'Who is it?'" in shown
    assert "era got no result" in shown
    assert "has no tool 'gret'" in kernel.run("%mcp eras gret").stderr


ONCE = """
from contextlib import asynccontextmanager
from mcp.server.mcpserver import MCPServer

opened = []

@asynccontextmanager
async def once(server):
    opened.append(1)
    if len(opened) > {begins}:
        raise OSError("the port is taken")
    yield
    if {ends}:
        raise OSError("it does not close")

only = MCPServer("only", lifespan=once)

@only.tool()
def add(a: int, b: int) -> int:
    return a + b
"""


@pytest.mark.parametrize(
    ("begins", "ends", "said"), [(0, False, "the port is taken"), (9, True, "it does not close")], ids=["begin", "end"]
)
def test_a_lifespan_that_raises_is_one_line(kernel: Kernel, begins: int, ends: bool, said: str) -> None:
    kernel.good(ONCE.format(begins=begins, ends=ends))
    kernel.good("%mcp use only")
    shown = kernel.run("%mcp eras add a=1 b=2 --yes").everything
    assert said in shown
    assert "lifespan" in shown
    assert "ExceptionGroup" not in shown
    assert "Traceback" not in shown


def exchanged(method: str, **fields: Any) -> list[Frame]:
    """A request and its answer."""
    return [
        frame("client", "POST /mcp", 1, id=1, method=method, params={}),
        frame("server", "200", 1, id=1, result=fields),
    ]


def test_a_third_column_follows_a_task_to_its_result() -> None:
    result = {"content": [{"type": "text", "text": "5"}], "isError": False}
    modern = exchanged("tools/call", resultType="complete", **result)
    with_task = [
        *exchanged("tools/call", resultType="task", taskId="t", status="working"),
        *exchanged("tasks/get", resultType="complete", taskId="t", status="working"),
        *exchanged("tasks/get", resultType="complete", taskId="t", status="completed", result=result),
    ]
    text = lens("add", {"legacy": modern, "modern": modern, "modern with extensions": with_task}).text
    assert re.findall(r"^\w+$", text, re.MULTILINE) == ["request", "meanwhile", "result"]
    meanwhile, ended = text[text.index("\nmeanwhile") :].split("\nresult\n")
    assert meanwhile.count("client → tasks/get") == 2
    assert ended.count("← server result of") == 3
    assert text.endswith("The result is the same.")


def test_lines_of_three_columns_are_beside_their_equals() -> None:
    rendering = lens("add", {"legacy": LEGACY, "modern": MODERN, "modern with extensions": MODERN})
    (row,) = [line for line in rendering.text.splitlines() if "client → tools/call" in line]
    assert row.count("client → tools/call") == 3
    assert '<td colspan="3">' in rendering.html
