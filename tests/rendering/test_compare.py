"""Two calls next to each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcp_notebook.json_diff import ABSENT, differences
from mcp_notebook.recording import Call
from mcp_notebook.rendering.calls.compare import compare
from tests.support.kernels import Kernel


def call(number: int, arguments: Any, result: Any, *, prints: str = "", ended: Any = "done", **rest: Any) -> Call:
    made = Call(server="weather", method="tools/call", name="forecast", arguments=arguments, client="me 1", **rest)
    made.number = number
    if prints:
        made.add("stdout", prints)
    made.end(ended, result)
    return made


def structured(value: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3, 4]}}, [("a.b[1]", 2, 3), ("a.b[2]", ABSENT, 4)]),
        ({"a": None}, {}, [("a", None, ABSENT)]),
        ({"a": 1}, {"a": True}, [("a", 1, True)]),
        ({"a": 1}, {"a": "1"}, [("a", 1, "1")]),
        ({"a": [1]}, {"a": {"b": 1}}, [("a", [1], {"b": 1})]),
    ],
)
def test_differences_are_found_as_deep_inside_as_they_are(before: Any, after: Any, found: Any) -> None:
    assert [(each.dotted, each.before, each.after) for each in differences(before, after)] == found


def test_two_calls_that_differ_are_shown_side_by_side_with_each_place() -> None:
    one = call(3, {"days": 2}, structured({"city": "Graz", "t": [20, 21]}), prints="cold\n")
    two = call(5, {"days": 3}, structured({"city": "Graz", "t": [20, 22, 25]}), prints="cold\nwarm\n")
    rendering = compare(one, two, times=False)
    assert rendering.text.splitlines() == [
        "call 3 and call 5",
        "             call 3               call 5",
        "  what       tools/call forecast  tools/call forecast  same",
        "  server     weather              weather              same",
        "  client     me 1                 me 1                 same",
        "  over       memory, legacy       memory, legacy       same",
        "  ended      done                 done                 same",
        '  arguments  {"days": 2}          {"days": 3}          differs',
        "  differences",
        "    arguments.days                 2   3       changed",
        "    result.structuredContent.t[1]  21  22      changed",
        "    result.structuredContent.t[2]      25      only in call 5",
        '    prints[1]                          "warm"  only in call 5',
    ]
    assert "<b>differs</b>" in rendering.html
    assert "only in call 5" in rendering.html


def test_two_calls_that_are_the_same_say_so_whatever_their_transport() -> None:
    one, two = (call(n, {"days": 2}, structured({"t": 1}), transport=over) for n, over in ((1, "memory"), (2, "http")))
    text = compare(one, two).text
    assert "Arguments, result, prints and error are the same." in text
    assert "over       memory, legacy       http, legacy         differs" in text


def test_a_failure_is_compared_with_a_result() -> None:
    one = call(1, {}, {"content": [{"type": "text", "text": "5"}]})
    two = call(2, {}, None, ended="refused")
    two.error = "no such tool"
    text = compare(one, two).text
    assert "error" in text
    assert "only in call 2" in text
    assert "differs" in text


def test_many_differences_are_bounded() -> None:
    one, two = (call(n, {"list": [n] * 500}, structured({})) for n in (1, 2))
    assert "The first 50 differences are shown." in compare(one, two).text


def test_what_a_server_says_is_never_markup_in_a_comparison() -> None:
    hostile = "<script>alert(1)</script>"
    one = call(1, {hostile: hostile}, structured({hostile: [hostile]}), prints=hostile)
    assert "<script" not in compare(one, call(2, {}, structured({}))).html


def test_results_of_any_shape_are_compared() -> None:
    one = call(1, {}, {"content": "odd"})
    two = call(2, {}, {"content": [1, {"text": 3}]})
    assert "differences" in compare(one, two).text


@pytest.mark.slow
def test_one_call_is_shown_with_its_output_schema_as_a_diagram_and_beside_another(kernel: Kernel) -> None:
    kernel.good(
        "%%mcp_tool book\nfrom pydantic import BaseModel, Field\n\nclass Book(BaseModel):\n"
        "    title: str = Field(description='As on the cover')\n\n"
        "def book(title: str) -> Book:\n    return Book(title=title)"
    )
    kernel.good("_ = %mcp call book title=Emma")
    kernel.good("_ = %mcp call book title=Dune")
    assert 'title  As on the cover  "Emma"' in kernel.good("%mcp log 1").text
    assert '|-- 1 tools/call book {"title": "Emma"} -->|' in kernel.good("%mcp log 1 --diagram --no-times").text
    assert 'structuredContent.title  "Emma"' in kernel.good("%mcp compare 1 2").text
    assert "There is no call 9" in kernel.run("%mcp compare 1 9").stderr


@pytest.mark.slow
def test_a_call_is_drawn_by_its_frames_once_they_are_kept_and_until_then_as_it_was_recorded(kernel: Kernel) -> None:
    assert "There is no call to draw." in kernel.run("%mcp log --diagram").stderr
    kernel.good(
        "from mcp.server.mcpserver import Context\nfrom pydantic import BaseModel\n\n"
        "class Where(BaseModel):\n    at: str\n\nanswers = [{'at': 'Hill'}]"
    )
    kernel.good(
        "%%mcp_tool\nasync def reserve(title: str, ctx: Context) -> str:\n"
        "    answer = await ctx.elicit('Where?', Where)\n    return f'{title} waits at {answer.data.at}'"
    )
    kernel.good("_ = %mcp call reserve title=Emma --answers answers --era legacy")
    assert kernel.good("%mcp log --diagram").text.splitlines()[-1].startswith("As the recorder has it: frames were not")
    kernel.good("_ = %mcp call reserve title=Dune --answers answers --era legacy")
    kernel.good("_ = %mcp call reserve title=Ulysses --answers answers --era legacy")
    assert kernel.good("%mcp log 2 --diagram").text.splitlines() == [
        "call 2: reserve",
        "person                               client                                        server",
        '|                                    |-- 1 tools/call reserve {"title": "Dune"} -->|',
        "|                                    |<-- 2 elicitation/create Where? -------------|",
        "|<-- 3 asks Where? ------------------|                                             |",
        '|-- 4 accept of 3: {"at": "Hill"} -->|                                             |',
        '|                                    |-- 5 result of 2: accept {"at": "Hill"} ---->|',
        "|                                    |<-- 6 result of 1: Dune waits at Hill -------|",
    ]
    assert "result of 1: Ulysses waits at Hill" in kernel.good("%mcp log --diagram").text
    assert "1 initialize offers 2025-11-25" in kernel.good("%mcp log --wire --diagram --no-times").text
    assert kernel.good("%mcp log 1 --diagram").text.splitlines()[-1].startswith("As the recorder has it: there are no")
