"""The description of a schema for the front end: it has an end, and makes sense of broken schemas, too."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from mcp_notebook.widgets.description import MOST_FIELDS, MOST_NODES, describe
from tests.schema.test_schema_bounds import ENDLESS
from tests.support.front_end import Hands

pytestmark = pytest.mark.once


def node(part: Any, **more: Any) -> dict[str, Any]:
    """Describe a schema as the property `a` of an object."""
    found = describe({"properties": {"a": part}, **more})
    (at,) = [at for name, at, _ in found["nodes"][0]["fields"] if name == "a"]
    return dict(found["nodes"][at])


def test_a_schema_that_contains_itself_is_a_node_that_refers_to_itself() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/$defs/T"}, "name": {"type": "string"}}}
    found = describe({"properties": {"a": {"$ref": "#/$defs/T"}}, "$defs": {"T": tree}})
    at = found["nodes"][0]["fields"][0][1]
    assert found["nodes"][at]["fields"][0] == ("next", at, False)
    assert len(found["nodes"]) < 6


def test_a_form_of_it_goes_as_deep_as_a_person_wants() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/$defs/T"}, "name": {"type": "string"}}}
    form = Hands({"properties": {"a": {"$ref": "#/$defs/T"}}, "$defs": {"T": tree}})
    value: dict[str, Any] = {"name": "last"}
    for _ in range(30):
        value = {"next": value}
    form.fill({"a": value})
    assert form.read() == {"a": value}


@pytest.mark.parametrize("what", ENDLESS)
def test_every_schema_that_asks_for_endless_work_has_a_description(what: str) -> None:
    before = time.monotonic()
    found = describe(ENDLESS[what][0])
    assert time.monotonic() - before < 30
    assert len(found["nodes"]) <= MOST_NODES + 2
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    "schema",
    [
        None, True, False, 3, "x", [], {"properties": 3}, {"properties": {"a": 3}}, {"properties": {"a": None}},
        {"properties": {"a": {"type": 3}}}, {"properties": {"a": {"type": []}}}, {"properties": {"a": {"enum": 3}}},
        {"properties": {"a": {"enum": []}}}, {"properties": {"a": {"enum": [{}, [], None]}}}, {"required": "a"},
        {"properties": {"a": {"anyOf": 3}}}, {"properties": {"a": {"anyOf": []}}},
        {"properties": {"a": {"anyOf": [3]}}},
        {"properties": {"a": {"$ref": "#/nowhere"}}}, {"properties": {"a": {"$ref": 3}}}, {"$ref": "#"},
        {"properties": {"a": {"items": 3, "type": "array"}}}, {"properties": {"a": {"allOf": [True, False, 3]}}},
        {"type": "array"}, {"type": "string"}, {"anyOf": [True, False]}, {"properties": {"a": {"not": {}}}},
        {"properties": {"a": {"type": "object", "patternProperties": {"(": {}}, "additionalProperties": False}}},
        {"properties": {"a": {"type": "object", "patternProperties": 3, "additionalProperties": "x"}}},
        {"properties": {"a": {"type": "string", "minLength": "3", "maxLength": -1, "pattern": 3, "format": []}}},
        {"properties": {"a": {"type": "number", "minimum": "3", "maximum": None, "exclusiveMinimum": True}}},
        {"properties": {"a": {"title": 3, "description": [], "examples": 3, "default": float("nan")}}},
        {"properties": {"a": {"type": "array", "prefixItems": [{"type": "string"}], "items": False}}},
        {"properties": {"a": {"type": "array", "prefixItems": 3, "minItems": 2.5}}},
        {"required": ["a", "a", 3, None], "properties": {"b": True}},
    ],
)  # fmt: skip
def test_a_broken_schema_has_a_description_and_a_form(schema: Any) -> None:
    json.dumps(describe(schema), allow_nan=False)
    form = Hands(schema)
    for value in ("x", [1], {"b": None}, None):
        form.fill({"a": value})
        assert form.draft() == {"a": value}


def test_near_parts_are_described_before_deep_ones() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for level in range(2 * MOST_NODES):
        deep = {"properties": {f"p{level}": deep}} if level % 400 else {"properties": {"p": {"type": "number"}}}
    names = [f"f{i}" for i in range(400)]
    found = describe({"properties": {"deep": deep, **{name: {"type": "string", "title": name} for name in names}}})
    fields = {name: found["nodes"][at] for name, at, _ in found["nodes"][0]["fields"]}
    assert all(fields[name]["title"] == name for name in names)
    assert len(found["nodes"]) <= MOST_NODES + 2


def test_the_same_schema_is_described_once() -> None:
    part = {"type": "string", "description": "the same"}
    assert len(describe({"properties": {f"f{i}": dict(part) for i in range(400)}})["nodes"]) == 3


@pytest.mark.parametrize("count", [MOST_FIELDS, MOST_FIELDS + 1])
def test_an_object_with_too_many_properties_is_json_and_says_so(count: int) -> None:
    found = node({"type": "object", "properties": {f"f{i}": {} for i in range(count)}, "title": "Wide"})
    assert (found["kind"] == "json") == (count > MOST_FIELDS)
    assert ("why" in found) == (count > MOST_FIELDS)
    assert found["title"] == "Wide"


def test_numbers_of_any_size_keep_their_digits() -> None:
    large = 123456789012345678901234567890
    found = node({"type": "integer", "minimum": -large, "maximum": large, "default": large, "examples": [large, 1.0]})
    assert found["bounds"] == {"minimum": str(-large), "maximum": str(large)}
    assert found["default"] == str(large)
    assert found["examples"] == [str(large), "1.0"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": float("nan")}, {1, 2}, object(), b"x"])
def test_a_default_that_is_no_json_is_left_out(value: Any) -> None:
    assert "default" not in node({"default": value})
    assert "examples" not in node({"examples": [value]})
    assert "bounds" not in node({"type": "number", "minimum": value})


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), [float("nan")]])
def test_an_option_that_is_no_json_is_left_out(value: Any) -> None:
    assert node({"enum": [value, 1]})["options"] == [("1", "1")]


def test_the_messages_of_a_schema_go_with_their_keywords() -> None:
    one = node({"type": "string", "pattern": "^a", "minLength": 2, "errorMessage": "wrong"})
    assert one["says"] == {"pattern": "wrong", "least": "wrong"}
    each = node({"type": "string", "pattern": "^a", "maxLength": 2, "errorMessage": {"maxLength": "too long", "x": 3}})
    assert each["says"] == {"most": "too long"}
    assert node({"type": "string", "pattern": "^a", "patternErrorMessage": "begin with a"})["says"] == {
        "pattern": "begin with a"
    }
    assert "says" not in node({"type": "string", "errorMessage": "of nothing"})
    assert len(node({"type": "string", "pattern": "a", "errorMessage": "x" * 9_000})["says"]["pattern"]) == 200


def test_messages_stay_with_the_schema_that_has_the_keyword() -> None:
    parts = [{"type": "string", "pattern": "^a", "errorMessage": "begin with a"}, {"minLength": 2}]
    assert node({"allOf": parts})["says"] == {"pattern": "begin with a"}
    reference = {"$ref": "#/$defs/A", "minLength": 2}
    assert node(reference, **{"$defs": {"A": parts[0]}})["says"] == {"pattern": "begin with a"}


def test_keywords_next_to_a_reference_count_by_the_version_of_the_schema() -> None:
    part = {"$ref": "#/definitions/A", "maximum": 3, "title": "Count"}
    definitions = {"A": {"type": "integer", "minimum": 1}}
    new = node(part, definitions=definitions)
    assert new["bounds"] == {"minimum": "1", "maximum": "3"}
    old = node(part, **{"definitions": definitions, "$schema": "http://json-schema.org/draft-07/schema#"})
    assert (old["bounds"], old["title"]) == ({"minimum": "1"}, "Count")


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://json-schema.org/draft-04/schema#"},
        {"properties": {"a": {"$dynamicRef": "#x"}}},
        {"properties": {"a": {"$id": "http://x/y", "minimum": 1}}},
    ],
)
def test_a_schema_whose_references_are_only_followed_roughly_is_loose(schema: dict[str, Any]) -> None:
    assert describe(schema)["loose"] is True
    assert "loose" not in describe({"$id": "http://x/", "$schema": "http://json-schema.org/draft-07/schema#"})


def test_required_names_without_a_schema_have_fields() -> None:
    schema = {"required": ["x_1", "other"], "patternProperties": {"^x_": {"type": "integer"}}}
    found = describe({**schema, "additionalProperties": {"type": "boolean"}})
    kinds = {name: (found["nodes"][at]["kind"], required) for name, at, required in found["nodes"][0]["fields"]}
    assert kinds == {"x_1": ("number", True), "other": ("choice", True)}


def test_many_options_to_choose_some_of_are_chosen_one_by_one() -> None:
    few, many = ({"type": "array", "items": {"enum": list(range(count))}} for count in (10, 5_000))
    assert node(few)["kind"] == "many"
    assert node(many)["kind"] == "rows"
    form = Hands({"properties": {"a": many}})
    form.fill({"a": [4_999, 0]})
    assert form.read() == {"a": [4_999, 0]}


@pytest.mark.parametrize("names", [["1", "0", "-1", "01"], ["__proto__", "constructor", "toString"], ["", " ", "a.b"]])
def test_any_name_is_a_name(names: list[str]) -> None:
    for schema in (
        {"properties": {name: {"type": "integer"} for name in names}},
        {"required": names},
        {"additionalProperties": {"type": "integer"}},
        {"properties": {}, "patternProperties": {"": {"type": "integer"}}},
    ):
        form = Hands(schema)
        form.fill(dict.fromkeys(names, 7))
        assert list(form.read()) == names
        assert form.problems() == []
