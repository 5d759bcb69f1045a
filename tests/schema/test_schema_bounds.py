"""Schemas from elsewhere can ask for endless work: each check ends, and says what it left out."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.schema import (
    Checker,
    accepts_null,
    accepts_text_only,
    fault_of,
    found_in,
    parameters,
    shape_of,
    type_in_words,
)
from mcp_notebook.server.lint import lint
from tests.support.front_end import Hands

HANG = 30.0
"""Seconds: not a speed, but the sign that something goes on for ever."""

SLOW = "^(a|aa)+$"
TEXT = "a" * 60 + "!"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def branching(keyword: str, *, deep: int = 26, wide: int = 2) -> dict[str, Any]:
    """A schema whose every level refers to the next more than once."""
    levels = {f"d{i}": {keyword: [{"$ref": f"#/$defs/d{i + 1}"}] * wide} for i in range(deep)}
    return {"$defs": {**levels, f"d{deep}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


def chained(keywords: list[str]) -> dict[str, Any]:
    levels = {f"d{i}": dict.fromkeys(keywords, f"#/$defs/d{i + 1}") for i in range(40)}
    return {"$defs": {**levels, "d40": {}}, "$ref": "#/$defs/d0"}


ENDLESS: dict[str, tuple[Any, Any]] = {
    "pattern": ({"properties": {"x": {"pattern": SLOW}}}, {"x": TEXT}),
    "pattern in a part of another dialect": ({"properties": {"x": {"$schema": DRAFT_7, "pattern": SLOW}}}, {"x": TEXT}),
    "many patterns": ({"additionalProperties": {"pattern": SLOW}}, {str(i): TEXT for i in range(1000)}),
    "patternProperties": ({"patternProperties": {SLOW: {"type": "integer"}}}, {TEXT: 1}),
    "additionalProperties": ({"patternProperties": {SLOW: True}, "additionalProperties": False}, {TEXT: 1}),
    "propertyNames": ({"propertyNames": {"pattern": SLOW}}, {TEXT: 1}),
    "unevaluatedProperties": (
        {"allOf": [{"patternProperties": {SLOW: True}}], "unevaluatedProperties": False},
        {TEXT: 1},
    ),
    "references in unevaluatedProperties": (
        {"unevaluatedProperties": False, **chained(["$ref", "$dynamicRef"])},
        {"a": 1},
    ),
    "a pattern that is large when written out": ({"pattern": "((((a{100}){100}){100}){100}){100}"}, "a"),
    "anyOf": (branching("anyOf"), "x"),
    "oneOf": (branching("oneOf"), 3),
    "allOf": (branching("allOf"), 3),
    "if": ({"$defs": {"a": {"if": {"$ref": "#/$defs/a"}, "then": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, 1),
    "a reference to itself": ({"$ref": "#"}, 1),
    "references to itself": ({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}, 1),
    "not itself": ({"not": {"$ref": "#"}}, 1),
    "dynamic references": ({"$dynamicAnchor": "x", "anyOf": [{"$dynamicRef": "#x"}, {"$dynamicRef": "#x"}]}, 1),
    "unique items with one hash": ({"uniqueItems": True}, [i * (2**61 - 1) for i in range(60_000)]),
    "many choices for many items": ({"items": {"enum": list(range(19_000))}}, [-1] * 20_000),
    "a schema too large": ({"properties": {str(i): {"type": "string"} for i in range(50_000)}}, {"1": 1}),
    "a schema too deep": (json.loads('{"not":' * 900 + "{}" + "}" * 900), 1),
    "a value too deep": (
        {"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n"},
        json.loads("[" * 900 + "]" * 900),
    ),
    "a number too long": ({"multipleOf": 7}, 10**5000),
    "another number too long": ({"maximum": 7}, 10**5000),
    "a remote reference": ({"$ref": "http://127.0.0.1:9/schema.json"}, 1),
    "a file": ({"$ref": "file:///etc/hostname"}, 1),
}  # fmt: skip


@pytest.mark.parametrize("what", ENDLESS)
def test_a_check_ends_whatever_the_schema_asks_for_and_says_what_it_left_out(what: str) -> None:
    schema, value = ENDLESS[what]
    before = time.monotonic()
    assert Checker(schema).check(value).unchecked
    fault_of(schema)
    assert time.monotonic() - before < HANG


def test_what_was_found_before_a_check_ended_is_told() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": branching("allOf")}, "$defs": branching("allOf")["$defs"]}
    found = Checker(schema).check({"a": 1, "b": 3})
    assert [str(problem) for problem in found.problems] == ["a: 1 is not of type string"]
    assert found.unchecked


def test_the_problems_of_a_schema_that_refers_to_itself_are_told_as_far_as_they_were_found() -> None:
    endless = {"allOf": [{"type": "number"}], "$ref": "#/$defs/b"}
    found = Checker({"required": ["a"], "$ref": "#/$defs/b", "$defs": {"b": endless}}).check({})
    assert found.problems
    assert found.unchecked


def test_a_value_with_very_many_problems_has_the_first_of_them_told() -> None:
    found = Checker({"items": {"type": "string"}}).check(list(range(100_000)))
    assert str(found.problems[0]) == "[0]: 0 is not of type string"
    assert len(found.problems) <= 100
    assert found.unchecked == ["there are more than 99 problems"]


def test_problems_of_a_large_value_are_short() -> None:
    value = {"n" * 100_000: "x" * 100_000, "list": list(range(100_000))}
    found = Checker({"additionalProperties": {"anyOf": [{"type": "integer"}] * 50}}).check(value)
    assert found.problems
    assert all(len(str(problem)) < 300 for problem in found.problems)


def test_another_thread_goes_on_while_a_pattern_is_searched() -> None:
    ticks = []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.01):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    Checker({"pattern": "(x|xx)+$"}).check("x" * 60 + "!")
    done.set()
    thread.join()
    assert len(ticks) > 3


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf", "allOf"])
@pytest.mark.parametrize(("deep", "wide"), [(26, 2), (10, 50), (5, 1000)])
def test_a_schema_that_branches_without_end_is_described_in_words_and_has_a_form(
    keyword: str, deep: int, wide: int
) -> None:
    part = branching(keyword, deep=deep, wide=wide)
    schema = {
        "type": "object",
        "properties": {f"p{i}": {"$ref": "#/$defs/d0"} for i in range(100)},
        "$defs": part["$defs"],
    }
    before = time.monotonic()
    assert len(parameters(schema)) == 100
    assert shape_of(part, part).kind
    assert type_in_words(part, part)
    accepts_null(part, part)
    accepts_text_only(part, part)
    entry = {"name": "t", "description": "d", "inputSchema": schema, "outputSchema": schema}
    assert lint(entry, None)
    assert "p99" in definition_card("tool", entry, server="s").text
    assert Hands({"type": "object", "properties": {"p": {"$ref": "#/$defs/d0"}}, "$defs": part["$defs"]}).draft() == {}
    assert time.monotonic() - before < HANG


def test_very_many_choices_are_counted_and_not_all_named() -> None:
    assert len(type_in_words({"enum": list(range(100_000))}, {})) < 300


@pytest.mark.parametrize(
    ("pattern", "fits", "misfits"),
    [
        (r"^(?<y>\d{4})-\k<y>$", "2020-2020", "2020-2021"),
        (r"^(?<$a>x)\k<$a>$", "xx", "x"),
        (r"^\u{1F600}$", "😀", "u"),
        (r"^\ud83d\ude00$", "😀", "?"),
        (r"^[\u{1F600}-\u{1F64F}]$", "😀", "a"),
        (r"^\cJ$", "\n", "J"),
        (r"^[^]$", "\n", "ab"),
        (r"^a[]|b$", "b", "a"),
        (r"^a\/b\-c$", "a/b-c", "a\\/b-c"),
        (r"^\p{L}+$", "é", "1"),
        (r"^[\p{Lu}\d]+$", "É1", "é"),
        (r"^a$", "a", "a\n"),
        (r"^\d$", "1", "٣"),
        (r"^\w$", "_", "é"),
        (r"^\W$", "é", "e"),
        (r"^\s$", "\ufeff", "x"),
        (r"^[\S]$", "x", "\u00a0"),
        (r"^[\w-.]+$", "a-.", "^"),
        (r"\bfoo\b", "a foo", "food"),
        (r"^.$", "x", "\u2028"),
        (r"^a{,3}$", "a{,3}", "aa"),
        (r"^x{e<=1}$", "x{e<=1}", "y"),
        (r"^[[&&]+$", "[&", "a"),
        (r"^\0$", "\0", "0"),
        (r"(?<=a+)b", "aab", "b"),
        (r"^(?i:a)b$", "Ab", "AB"),
    ],
)
def test_a_pattern_means_what_it_means_in_javascript(pattern: str, fits: str, misfits: str) -> None:
    checker = Checker({"pattern": pattern})
    assert checker.check(fits).problems == []
    assert checker.check(fits).unchecked == []
    assert len(checker.check(misfits).problems) == 1
    assert found_in(fits, pattern)
    assert not found_in(misfits, pattern)


@pytest.mark.parametrize(
    "pattern", ["(", "*", "a++", "(?>a)", "(?|a)", "(?R)", "(*F)a", r"\K", r"\X", r"\e", "a" * 10_000, 7, None]
)
def test_a_pattern_that_javascript_has_not_is_not_checked_and_said(pattern: Any) -> None:
    found = Checker({"pattern": pattern, "maxLength": 1}).check("xy")
    assert [str(problem) for problem in found.problems] == ["2 characters; at most 1 are allowed"]
    assert found.unchecked[0].startswith("the pattern ")
    assert fault_of({"pattern": str(pattern)}) is None
