"""What a server sends against the protocol is shown, next to what is wrong with it; it hides nothing that is right."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from mcp_types import CallToolResult, TextContent

from mcp_notebook.client import Connection, connect
from mcp_notebook.client.limits import LONGEST_MESSAGE, MOST_ITEMS, MOST_PAGES, MOST_PROBLEMS
from mcp_notebook.errors import RequestError
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.content import render
from mcp_notebook.schema import Checker, Findings
from mcp_notebook.widgets.workbench import Workbench
from tests.support.odd_servers import OBJECT, command, odd

HANG = 30.0
A = {"uri": "x://a", "text": "good"}
TEXT = {"type": "text", "text": "good"}


@contextmanager
def connected(words: list[str]) -> Iterator[Connection]:
    with connect(words, era="legacy", deadline=HANG) as connection:
        yield connection


def lines(found: Any) -> list[str]:
    return [str(problem) for problem in found.problems]


@pytest.mark.parametrize(
    ("result", "problems"),
    [
        ({"content": [TEXT, {"type": "hologram", "x": 1}]}, ['content[1].type: "hologram" is unknown']),
        ({"content": [TEXT, {"x": 1}]}, ["content[1].type: missing"]),
        ({"content": [TEXT, {"type": ["text"]}]}, ['content[1].type: ["text"] is unknown']),
        ({"content": [TEXT, {"type": "text"}]}, ["content[1].text: missing"]),
        ({"content": [TEXT, {"type": "text", "text": 5}]}, ["content[1].text: 5: Input should be a valid string"]),
        ({"content": [TEXT, {"type": "resource", "resource": {"uri": "a://b"}}]}, ["content[1].resource."]),
        ({"content": [TEXT, 3, None, "text"]}, ["content[1]: 3, where an object belongs"]),
        ({"content": TEXT}, ["content: {"]),
        ({"content": "good"}, ['content: "good", where a list belongs']),
        ({"structuredContent": {"a": "good"}}, ["content: missing"]),
        ({"content": [TEXT], "isError": None}, ["isError: null: Input should be a valid boolean"]),
        ({"content": [TEXT], "structuredContent": [1]}, ["structuredContent: [1]: Input should be a valid dictionary"]),
        ({"content": [TEXT], "_meta": 7}, ["_meta: 7: Input should be a valid dictionary"]),
        ({"toolResult": "good"}, ["content: missing"]),
        ({"content": [TEXT], "future": {"a": 1}, "isError": "?"}, ["isError: "]),
    ],
)
def test_a_result_that_is_not_as_the_protocol_says_is_shown_whole_with_what_is_wrong(
    result: dict[str, Any], problems: list[str]
) -> None:
    with connected(odd(result=result)) as connection:
        outcome = connection.call("t")
        for line, start in zip(lines(outcome), problems, strict=False):
            assert line.startswith(start)
        assert len(lines(outcome)) >= len(problems)
        shown = render(outcome.result)
        assert "good" in shown.text
        assert "good" in shown.html
        assert lines(outcome)[0] in shown.text
        assert isinstance(outcome.result, CallToolResult)
        assert outcome.call is not None
        assert outcome.call.result == result
        card = call_card(outcome.call, "", repr).text
        assert "good" in card
        assert lines(outcome)[0] in card
        with pytest.raises(RequestError, match="The result is not valid: ") as strict:
            outcome.checked()
        assert strict.value.call is outcome.call


def test_parts_that_are_right_are_what_they_always_are() -> None:
    with connected(odd(result={"content": [TEXT, 7]})) as connection:
        good, bad = connection.call("t").result.content
    assert good == TextContent(type="text", text="good")
    assert bad.root == 7  # type: ignore[union-attr]


def test_a_result_that_is_right_has_no_problems() -> None:
    with connected(odd(result={"content": [TEXT]})) as connection:
        outcome = connection.call("t")
        assert type(outcome.result) is CallToolResult
        assert outcome.checked() is outcome.result
        assert (outcome.problems, outcome.unchecked) == ([], [])


def test_a_result_with_very_many_problems_tells_the_first() -> None:
    with connected(odd(result={"content": [{"type": "x" * 200}] * 500})) as connection:
        outcome = connection.call("t")
    assert len(outcome.problems) == MOST_PROBLEMS
    assert max(map(len, lines(outcome))) < 200


def with_schema(schema: Any) -> list[dict[str, Any]]:
    return [{"name": "t", "inputSchema": OBJECT, "outputSchema": schema}]


def test_a_result_that_does_not_fit_its_output_schema_is_shown_with_what_does_not_fit() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["m"]}
    with connected(odd(tools=with_schema(schema), result={"content": [TEXT], "structuredContent": {"n": "1"}})) as c:
        outcome = c.call("t")
        assert sorted(lines(outcome)) == [
            "structuredContent.m: required",
            'structuredContent.n: "1" is not of type integer',
        ]
        assert outcome.result.structured_content == {"n": "1"}
        assert "good" in render(outcome.result, schema).text
        assert outcome.call is not None
        assert 'structuredContent.n: "1" is not of type integer' in call_card(outcome.call, "", repr).text


def test_a_tool_with_an_output_schema_that_sends_no_structured_content_is_told() -> None:
    with connected(odd(tools=with_schema({"type": "object"}))) as connection:
        outcome = connection.call("t")
        assert lines(outcome) == ["structuredContent: missing, and the tool has an output schema"]
        assert "hi" in render(outcome.result).text


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"properties": 7}, {"$ref": 5}, {"required": "x"}])
def test_a_broken_output_schema_does_not_make_results_unreadable(schema: Any) -> None:
    with connected(odd(tools=with_schema(schema), result={"content": [TEXT], "structuredContent": {"x": 1}})) as c:
        outcome = c.call("t")
        assert lines(outcome)[0].startswith("outputSchema: ")
        assert "good" in render(outcome.result, schema).text


def test_a_pattern_of_javascript_in_an_output_schema_is_checked() -> None:
    schema = {"type": "object", "properties": {"y": {"pattern": r"^(?<y>\d)\k<y>$"}}}
    right = {"content": [TEXT], "structuredContent": {"y": "11"}}
    wrong = {"content": [TEXT], "structuredContent": {"y": "12"}}
    with connected(odd({"tools/call": [{"result": right}, {"result": wrong}]}, tools=with_schema(schema))) as c:
        assert (lines(c.call("t")), len(c.call("t").problems)) == ([], 1)


@pytest.mark.parametrize("deep", [1, 26])
def test_a_check_that_takes_too_long_holds_up_no_other_server(deep: int) -> None:
    levels = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(deep)}
    schema = {
        "type": "object",
        "properties": {"x": {"pattern": "^(a|aa)+$"}, "y": {"$ref": "#/$defs/d0"}},
        "$defs": {**levels, f"d{deep}": {}},
    }
    result = {"content": [TEXT], "structuredContent": {"x": "a" * 60 + "!", "y": 1}}
    with connected(odd(tools=with_schema(schema), result=result)) as slow, connected(odd()) as quick:
        before = time.monotonic()
        call = slow.start_call("t")
        assert quick.call("t").result.content[0].text == "hi"  # type: ignore[union-attr]
        outcome = call.result(HANG)
        assert time.monotonic() - before < HANG
        assert "the pattern '^(a|aa)+$' takes too long" in outcome.unchecked
        assert "not checked: the pattern" in render(outcome.result).text
        assert outcome.checked() is outcome.result


def test_results_are_checked_on_another_thread_than_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()

    def check(self: Checker, value: Any) -> Findings:
        threads.add(threading.current_thread().name)
        return Findings()

    monkeypatch.setattr(Checker, "check", check)
    result = {"content": [TEXT], "structuredContent": {}}
    with connected(odd(tools=with_schema({"type": "object"}), result=result)) as connection:
        connection.call("t")
    assert threads
    assert threads.isdisjoint({"mcp-notebook", threading.current_thread().name})


ODD_TOOLS = [
    {"name": "good", "inputSchema": OBJECT},
    {"name": "none"},
    {"name": "null", "inputSchema": None},
    {"name": "true", "inputSchema": True},
    {"name": "list", "inputSchema": []},
    {"name": "titled", "title": 7, "inputSchema": OBJECT},
    {"name": "hinted", "inputSchema": OBJECT, "annotations": {"readOnlyHint": [1], "title": "Hinted"}},
    {"name": "described", "description": ["x"], "inputSchema": OBJECT},
    {"name": "array", "inputSchema": {"type": "array"}},
    {"name": "out", "inputSchema": OBJECT, "outputSchema": "x"},
    {"inputSchema": OBJECT, "title": "nameless"},
    {"name": 5, "inputSchema": OBJECT},
    "text",
    None,
]


def test_one_bad_tool_hides_no_other_and_can_be_called_itself() -> None:
    with connected(odd(tools=ODD_TOOLS)) as connection:
        tools = connection.tools()
        named = ["good", "none", "null", "true", "list", "titled", "hinted", "described", "array", "out"]
        assert [tool.name for tool in tools] == named
        told = "\n".join(lines(tools))
        for name in named[1:]:
            assert f'("{name}")' in told
        assert 'tools[10]: left out: {"inputSchema": ' in told
        assert "tools[12]: left out: " in told
        assert tools[6].annotations is not None
        assert tools[6].annotations.title == "Hinted"
        for name in named:
            assert connection.call(name).result.content[0].text == "hi"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("method", "field", "good", "bad", "ask"),
    [
        ("resources/list", "resources", {"name": "a", "uri": "x://a"}, {"name": "b"}, "resources"),
        ("resources/list", "resources", {"name": "a", "uri": "x://a"}, {"name": 5, "uri": "x://b"}, "resources"),
        ("resources/templates/list", "resourceTemplates", {"name": "a", "uriTemplate": "x://{a}"}, {}, "templates"),
        ("prompts/list", "prompts", {"name": "a"}, {"name": None}, "prompts"),
    ],
)
def test_one_bad_entry_of_any_list_hides_no_other(method: str, field: str, good: Any, bad: Any, ask: str) -> None:
    with connected(command({method: {"result": {field: [bad, good]}}})) as connection:
        found = getattr(connection, ask)()
        assert [item.name for item in found] == ["a"]
        assert any(line.startswith(f"{field}[0]: left out: ") for line in lines(found))


def test_a_prompt_argument_of_the_wrong_kind_costs_the_arguments_and_not_the_prompt() -> None:
    with connected(command({"prompts/list": {"result": {"prompts": [{"name": "a", "arguments": "x"}]}}})) as connection:
        (prompt,) = found = connection.prompts()
        assert (prompt.name, prompt.arguments) == ("a", None)
        assert lines(found) == ['prompts[0].arguments: "x": Input should be a valid list ("a")']


@pytest.mark.parametrize("answer", [{"tools": None}, {}, {"tools": {"name": "t"}}])
def test_a_list_that_is_none_is_empty_and_told(answer: Any) -> None:
    with connected(odd({"tools/list": {"result": answer}})) as connection:
        found = connection.tools()
        assert found == []
        assert lines(found)[0].startswith("tools: ")
        assert connection.call("t").result.content[0].text == "hi"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("method", "result", "shown", "problem"),
    [
        ("resources/read", {"contents": [A, {"uri": "x://a"}]}, "good", "contents[1].text: missing"),
        ("resources/read", {"contents": [{"text": "good"}]}, "good", "contents[0].uri: missing"),
        ("resources/read", {"contents": None}, "(no content)", "contents: null, where a list belongs"),
        ("prompts/get", {"messages": [{"role": "robot", "content": TEXT}]}, "robot", "messages[0].role: "),
        ("prompts/get", {"messages": [{"role": "user", "content": {"type": "new"}}]}, "new", "messages[0].content"),
        ("prompts/get", {"messages": [{"role": "user", "content": "good"}]}, "good", "messages[0].content"),
    ],
)  # fmt: skip
def test_resources_and_prompts_are_read_as_far_as_they_can_be(
    method: str, result: Any, shown: str, problem: str
) -> None:
    with connected(command({method: {"result": result}})) as connection:
        outcome: Any = connection.read("x://a") if method == "resources/read" else connection.prompt("p")
        assert any(line.startswith(problem) for line in lines(outcome)), lines(outcome)
        assert shown in render(outcome.result).text
        assert shown in call_card(outcome.call, "", repr).text


ONE = [{"name": "t", "inputSchema": OBJECT}]


@pytest.mark.parametrize("cursor", ["same", ""])
def test_a_cursor_that_comes_again_ends_the_list_and_is_told(cursor: str) -> None:
    with connected(odd({"tools/list": {"result": {"tools": ONE, "nextCursor": cursor}}})) as connection:
        found = connection.tools()
        assert [tool.name for tool in found] == ["t", "t"]
        assert "again and again" in lines(found)[-1]
        assert connection.call("t").result.content[0].text == "hi"  # type: ignore[union-attr]


def test_cursors_in_a_circle_end_the_list() -> None:
    pages: list[Any] = [{"result": {"tools": [], "nextCursor": name}} for name in ("a", "b", "c", "a")]
    with connected(odd({"tools/list": pages})) as connection:
        assert len(connection.pages("list_tools")) == 4


def test_a_list_without_an_end_is_cut_and_told() -> None:
    with connected(odd({"tools/list": {"endless": {"tools": ONE}}})) as connection:
        found = connection.tools()
        assert len(found) == MOST_PAGES
        assert lines(found) == [f"the list is incomplete: it has more than {MOST_PAGES:,} pages"]


def test_a_list_with_very_many_items_is_cut_and_told() -> None:
    many = [{"name": f"t{i}", "inputSchema": OBJECT} for i in range(MOST_ITEMS // 2 + 1)]
    with connected(command({"tools/list": {"endless": {"tools": many[:700]}}})) as connection:
        found = connection.tools()
        assert len(found) == MOST_ITEMS
        assert lines(found) == [f"the list is incomplete: it has more than {MOST_ITEMS:,} items"]


def test_a_list_that_takes_too_long_shows_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_notebook.client.listing.LIST_SECONDS", 0.5)
    slow = [{"result": {"tools": ONE, "nextCursor": "a"}}, {"never": True}]
    with connected(odd({"tools/list": slow})) as connection:
        found = connection.tools()
        assert [tool.name for tool in found] == ["t"]
        assert lines(found) == ["the list is incomplete: the server had 0.5 s to list them"]


def test_an_error_on_a_later_page_leaves_the_pages_before() -> None:
    pages = [{"result": {"tools": ONE, "nextCursor": "a"}}, {"error": {"code": -32603, "message": "db down"}}]
    with connected(odd({"tools/list": pages})) as connection:
        found = connection.tools()
        assert [tool.name for tool in found] == ["t"]
        assert lines(found) == ['the list is incomplete: page 2 was refused: "db down"']


def test_the_error_of_one_list_leaves_the_others_in_the_workbench() -> None:
    down = {"error": {"code": -32603, "message": "db down", "data": "x"}}
    answers = {"tools/list": down, "prompts/list": {"result": {"prompts": [{"name": "ask"}]}}}
    with connected(command(answers)) as connection:
        workbench = Workbench(connection)
        text = repr(workbench)
        assert "ask" in text
        assert "tools: The server refused: db down" in text
        workbench.close()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ({"code": -32000, "message": "Rate limit exceeded", "data": {}}, "The server refused: Rate limit exceeded"),
        ({"code": -32000, "message": "Connection closed", "data": {}}, "The server refused: Connection closed"),
        ({"code": -32603, "message": ""}, "The server refused without a reason (code -32603)."),
        ({"code": 0, "message": "first\nsecond\t third", "data": [1]}, "The server refused: first second third"),
        ({"code": 42, "message": "x", "data": None}, "The server refused: x"),
        ({"code": -32001, "message": "x", "data": False}, "The server refused: x"),
    ],
)  # fmt: skip
def test_an_error_has_the_code_and_data_of_the_server(error: dict[str, Any], line: str) -> None:
    with connected(odd(error=error)) as connection:
        with pytest.raises(RequestError) as raised:
            connection.call("t")
        assert str(raised.value) == line
        assert raised.value.code == error["code"]
        assert raised.value.data == error.get("data")
        call = raised.value.call
        assert call is not None
        assert (call.state, call.code, call.data) == ("refused", error["code"], error.get("data"))
        card = call_card(call, "", repr).text
        assert f"code       {error['code']}" in card
        assert ("data of the error" in card) == (error.get("data") is not None)


def test_a_huge_error_is_told_in_short_and_kept_within_bounds() -> None:
    with connected(odd(error={"code": 1, "message": "m", "data": "d"}, stretch=300_000)) as connection:
        with pytest.raises(RequestError) as raised:
            connection.call("t")
        assert len(str(raised.value)) < LONGEST_MESSAGE + 50
        assert raised.value.call is not None
        assert len(str(raised.value.call.data)) < 150_000


PAY = {
    "code": -32042,
    "message": "URL elicitation required",
    "data": {
        "elicitations": [
            {"mode": "url", "elicitationId": "e", "url": "https://shop.example/pay/1", "message": "Please pay"}
        ]
    },
}


def test_a_link_that_an_error_names_is_asked_and_the_request_made_again() -> None:
    asked: list[Any] = []

    def answer(question: Any) -> str:
        asked.append((question.kind, question.params.url, question.params.message))
        return "accept"

    paid = [{"error": PAY}, {"result": {"content": [TEXT]}}]
    with connected(odd({"tools/call": paid})) as connection:
        outcome = connection.call("t", answers=answer)
        assert asked == [("url", "https://shop.example/pay/1", "Please pay")]
        assert outcome.result.content == [TextContent(type="text", text="good")]
        assert outcome.call is not None
        assert [event.kind for event in outcome.call.events] == ["question", "answer"]


def test_a_link_that_is_not_opened_ends_the_request_with_the_servers_error() -> None:
    with connected(odd(error=PAY)) as connection:
        with pytest.raises(RequestError, match=r"open a link first: .*shop\.example/pay/1") as raised:
            connection.call("t", answers=lambda question: "decline")
        assert (raised.value.code, raised.value.data) == (PAY["code"], PAY["data"])


def test_a_server_that_asks_for_the_link_again_and_again_is_not_asked_for_ever() -> None:
    asked: list[Any] = []
    with connected(odd(error=PAY)) as connection:
        with pytest.raises(RequestError, match=r"open a link first: .*shop\.example/pay/1"):
            connection.call("t", answers=lambda question: asked.append(question) or "accept")
        assert 0 < len(asked) < 10


def test_where_nobody_can_be_asked_the_error_names_the_link() -> None:
    with connected(odd(error=PAY)) as connection:
        with pytest.raises(RequestError, match=r"open a link first: \"https://shop\.example/pay/1\"") as raised:
            connection.call("t")
        assert raised.value.data == PAY["data"]


@pytest.mark.parametrize(
    "data", [None, 5, [], {}, {"elicitations": 5}, {"elicitations": [5, {}, {"url": 5}, {"url": None}]}]
)
def test_an_error_that_wants_a_link_and_names_none_is_an_error_like_any(data: Any) -> None:
    with connected(odd(error={**PAY, "data": data})) as connection:
        with pytest.raises(RequestError, match="The server refused: URL elicitation required") as raised:
            connection.call("t")
        assert raised.value.data == data
