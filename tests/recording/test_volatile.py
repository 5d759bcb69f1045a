"""Where two results differ, and results in which only the type of that counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_notebook.errors import UsageError
from mcp_notebook.recording.volatile import Varies, derived, find, marked, places

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
RESULTS = st.dictionaries(st.text(max_size=4), JSON, max_size=4)


def structured(value: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value}


@settings(max_examples=40, deadline=None)
@given(RESULTS)
def test_a_result_does_not_differ_from_itself(result: Any) -> None:
    assert find(result, result) == []
    assert marked(result, []) == result


@settings(max_examples=40, deadline=None)
@given(RESULTS, st.data())
def test_a_result_with_marks_where_it_differs_equals_the_other_of_the_same_types(result: Any, data: Any) -> None:
    other = json.loads(json.dumps(result))
    for key, value in other.items():
        if type(value) is int:
            other[key] = value + data.draw(st.integers(0, 3))
    places_found = find(result, other)
    assert marked(result, places_found) == other
    assert marked(result, places_found) == marked(other, places_found)


def test_a_place_is_a_json_pointer_with_a_star_for_every_member() -> None:
    result = {"structuredContent": {"rows": [{"id": 1, "a/b": "x"}, {"id": 2.5, "a/b": "y"}]}}
    rows = marked(result, ["/structuredContent/rows/*/id", "/structuredContent/rows/1/a~1b"])["structuredContent"][
        "rows"
    ]
    assert rows == [{"id": Varies(int, float), "a/b": "x"}, {"id": Varies(int, float), "a/b": Varies(str)}]
    assert marked(result, ["/structuredContent/none/*", "/rows"]) == result


def test_lists_of_different_length_and_values_of_different_types_differ_as_a_whole() -> None:
    assert find({"a": [1], "b": 1, "c/d": {"x": 1}}, {"a": [1, 2], "b": "1", "c/d": {"x": 2}}) == [
        "/a",
        "/b",
        "/c~1d/x",
    ]


def test_text_that_repeats_the_structured_content_follows_it() -> None:
    one, other = structured({"at": 1}), structured({"at": 2})
    assert find(one, other) == ["/structuredContent/at"]
    assert marked(one, ["/structuredContent/at"]) == marked(other, ["/structuredContent/at"])
    assert marked(one, ["/structuredContent/at"])["content"][0]["text"] == Varies(str)


def test_text_of_its_own_does_not_follow() -> None:
    one, other = (
        {"content": [{"type": "text", "text": t}], "structuredContent": {"at": t}} for t in ("Monday", "Tuesday")
    )
    assert not derived({**one, "content": [{"type": "text", "text": "It is Monday."}]})
    assert find({**one, "content": []}, {**other, "content": []}) == ["/structuredContent/at"]
    assert find(
        {**one, "content": [{"type": "text", "text": "a"}]}, {**other, "content": [{"type": "text", "text": "b"}]}
    ) == ["/content/0/text", "/structuredContent/at"]


def test_what_the_sdk_makes_of_lists_and_single_values_is_derived() -> None:
    texts = [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}]
    assert derived({"content": texts, "structuredContent": {"result": [1, 2]}})
    assert derived({"content": texts[:1], "structuredContent": {"result": 1}})
    assert derived({"content": [{"type": "text", "text": "1"}], "structuredContent": {"result": "1"}})
    assert derived({"content": [], "structuredContent": {"result": []}})
    assert not derived({"content": texts, "structuredContent": {"result": [1, 3]}})


def test_a_place_may_be_of_one_tool_or_of_all() -> None:
    volatile = ["/a", "now:/b", "memo://today: /c"]
    assert places(volatile, "now") == ["/a", "/b"]
    assert places(volatile, "memo://today") == ["/a", "/c"]
    assert places(volatile, "x") == ["/a"]


@pytest.mark.parametrize("line", ["at", "now: at", "", "structuredContent.at"])
def test_what_is_no_place_is_refused_with_an_example(line: str) -> None:
    with pytest.raises(UsageError, match="/structuredContent/at"):
        places([line], "now")
