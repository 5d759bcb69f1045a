"""A form of any size opens: what would need too many fields is written as JSON, and says so."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from mcp_notebook.widgets.description import MOST_FIELDS, MOST_NODES, describe
from tests.support.front_end import Hands
from tests.support.tool_forms import Sending

MANY = 10_000
TEXT = {"type": "string"}
HANG = 10.0
"""Seconds: not a speed, but the sign that something goes on for ever."""
MOST_BYTES = 5_000_000


def wide(count: int, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {f"f{i}": TEXT for i in range(count)}, **more}


def test_ten_thousand_fields_are_one_input_for_json_that_says_why() -> None:
    form = Sending(wide(MANY))
    assert form.hands.count() == 1
    assert form.hands.look()["why"] == "10,000 fields are too many for this form: write a JSON object"
    assert form.called() == {}
    form.hands.type('{"f1": "x", "f9999": "y"}')
    assert form.called() == {"f1": "x", "f9999": "y"}
    form.hands.type('{"f1": 1}')
    assert form.called() is None
    assert [str(problem) for problem in form.hands.problems()] == ["f1: 1 is not of type string"]
    form.hands.fill({"f2": "z"})
    assert form.called() == {"f2": "z"}


@pytest.mark.parametrize(
    ("typed", "says"),
    [("[1]", "the arguments must be one object, in braces"), ("{", "not JSON: the end is missing at line 1, column 2")],
)
def test_what_is_no_object_is_not_sent_as_no_arguments(typed: str, says: str) -> None:
    form = Sending(wide(MANY))
    form.hands.type(typed)
    assert form.called() is None
    assert str(form.hands.problems()[0]).startswith(says)


def test_what_is_shown_of_it_without_widgets_is_bounded_too() -> None:
    bundle = Sending(wide(MANY)).form._repr_mimebundle_()[0]
    assert "and 9,900 more, not shown" in bundle["text/plain"]
    assert len(bundle["text/plain"]) < 20_000
    assert len(bundle["text/html"]) < 50_000


HUNDRED = [f"p{i}" for i in range(100)]
INNER = {"type": "object", "required": ["b"], "properties": {"b": wide(MANY)}}


@pytest.mark.parametrize(
    "schema",
    [
        wide(1, required=["big"], properties={"big": wide(MANY, required=["f1"])}),
        {"properties": {"a": INNER}, "required": ["a"]},
        {"properties": {name: wide(100, required=["f1"]) for name in HUNDRED}, "required": HUNDRED},
        {"properties": {"a": {"type": "array", "minItems": 3, "items": wide(400, required=["f1"])}}, "required": ["a"]},
        {"properties": {"a": {"anyOf": [wide(MANY), TEXT]}}},
        {"properties": {"a": {"type": "array", "prefixItems": [TEXT] * MANY}}, "required": ["a"]},
    ],
    ids=["inside", "deeper", "many of many", "items", "union", "tuple"],
)  # fmt: skip
def test_no_form_has_more_fields_than_that_at_once(schema: dict[str, Any]) -> None:
    form = Hands(schema)
    assert form.count() <= MOST_FIELDS + 100
    value = {"a": [{"f1": "x"}] * 3} if "items" in str(schema)[:60] else {}
    form.fill(value)
    assert form.draft().items() >= value.items()
    assert form.count() <= MOST_FIELDS + 100


def test_a_form_of_a_usual_size_has_its_fields() -> None:
    form = Hands(wide(MOST_FIELDS))
    form.type("x", "f499")
    assert form.read() == {"f499": "x"}


def test_filling_a_form_again_and_again_takes_no_fields_from_it() -> None:
    form = Hands({"properties": {"a": {"type": "array", "items": wide(100)}}})
    for _ in range(10):
        form.fill({"a": [{"f1": "x"}, {"f2": "y"}]})
    assert form.count() == 1 + 1 + 2 + 2 * 100


def nested(levels: int, inner: dict[str, Any]) -> dict[str, Any]:
    for _ in range(levels):
        inner = {"type": "object", "properties": {"p": inner}, "required": ["p"]}
    return inner


LARGE: dict[str, dict[str, Any]] = {
    "ten thousand properties": wide(MANY),
    "a thousand objects": {"properties": {f"o{i}": wide(30, title=f"o{i}") for i in range(450)}},
    "a long description in each": {
        "properties": {f"f{i}": {"type": "string", "description": "x" * 1_000 + str(i)} for i in range(5_000)}
    },
    "many properties inside": {"properties": {"a": wide(MANY), "b": wide(MANY, title="b")}},
    "many options": {"properties": {"a": {"enum": [f"option {i}" for i in range(5_000)]}}},
    "many options in many fields": {
        "properties": {f"f{i}": {"enum": [f"option {n} {i}" for n in range(5_000)]} for i in range(400)}
    },
    "many variants": {"properties": {"a": {"anyOf": [wide(3, title=f"v{i}") for i in range(2_000)]}}},
    "a long tuple": {"properties": {"a": {"type": "array", "prefixItems": [TEXT] * MANY}}},
    "many required names": {"type": "object", "required": [f"r{i}" for i in range(MANY)]},
    "many patterns": {"type": "object", "patternProperties": {f"^{i}": {"minLength": i} for i in range(3_000)}},
    "names and patterns": {
        "patternProperties": {f"^x{i}": {"minLength": i} for i in range(1_000)},
        "required": [f"r{i}" for i in range(400)],
    },
    "many levels": nested(300, TEXT),
    "a very long default": {"properties": {"a": {"default": "x" * 3_000_000}}},
    "very long examples": {"properties": {"a": {"type": "string", "examples": ["x" * 1_000_000] * 5}}},
    "a very long title": {"properties": {"a": {"type": "string", "title": "x" * 3_000_000}}},
    "a very long name": {"properties": {"x" * 3_000_000: {"type": "string"}}},
    "a very long pattern": {"properties": {"a": {"type": "string", "pattern": "x" * 3_000_000}}},
    "a very long message": {"properties": {"a": {"type": "string", "pattern": "x", "errorMessage": "x" * 3_000_000}}},
    "a choice that grows": {
        "properties": {"a": {"$ref": "#/$defs/d0"}},
        "$defs": {f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(30)},
    },
    "what all of them ask for grows": {
        "properties": {"a": {"$ref": "#/$defs/d0"}},
        "$defs": {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(30)},
    },
}


@pytest.mark.once
@pytest.mark.parametrize("what", LARGE)
def test_the_description_of_a_large_schema_is_bounded_in_bytes_and_time(what: str) -> None:
    before = time.monotonic()
    description = describe(LARGE[what])
    assert time.monotonic() - before < HANG
    assert len(description["nodes"]) <= 2 * MOST_NODES
    assert len(json.dumps(description)) < MOST_BYTES
    form = Hands(LARGE[what])
    assert form.count() <= MOST_FIELDS + 100
    form.fill({"a": [1, {"b": None}]})
    assert form.draft()["a"] == [1, {"b": None}]
