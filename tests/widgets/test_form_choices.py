"""What a form sends is what a person chose: null where they chose null, and an empty list only where they said so."""

from __future__ import annotations

import enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, TypeAdapter

from mcp_notebook.schema import UNSET, Checker, choices, flatten, parameters
from tests.schema.test_schemas import CORPUS
from tests.support.tool_forms import Sending


class Colour(enum.Enum):
    RED = "red"
    NONE = None


def schema_of(kind: Any) -> dict[str, Any]:
    return TypeAdapter(kind).json_schema()


NULLABLE = {
    "bool | None": schema_of(bool | None),
    "Literal | None": schema_of(Literal["a", "b"] | None),
    "Literal with None": schema_of(Literal["a", None]),
    "Enum with None": schema_of(Colour),
    "Enum | None": {"anyOf": [{"$ref": "#/$defs/C"}, {"type": "null"}]},
    "enum with null": {"enum": ["a", 1, None]},
    "typed enum with null": {"type": ["string", "null"], "enum": ["a", None]},
    "list of types": {"type": ["boolean", "null"]},
    "oneOf consts": {"oneOf": [{"const": "a", "title": "A"}, {"const": None, "title": "null"}]},
    "anyOf enum and const null": {"anyOf": [{"enum": [1, 2]}, {"const": None}]},
    "enum of null and the text null": {"enum": ["null", None, 0, False]},
    "int | None": schema_of(int | None),
    "str | None": schema_of(str | None),
    "object | None": {"anyOf": [{"type": "object", "properties": {"a": {}}}, {"type": "null"}]},
    "list | None": schema_of(list[str] | None),
    "some of a few | None": schema_of(list[Literal["a", "b"]] | None),
    "int | str | None": schema_of(int | str | None),
}

PLACES: dict[str, Any] = {
    "optional": lambda schema: ({"properties": {"p": schema}}, {"p": None}),
    "required": lambda schema: ({"properties": {"p": schema}, "required": ["p"]}, {"p": None}),
    "inside an object": lambda schema: (
        {
            "properties": {"outer": {"type": "object", "properties": {"p": schema}, "required": ["p"]}},
            "required": ["outer"],
        },
        {"outer": {"p": None}},
    ),
    "with a default": lambda schema: ({"properties": {"p": {**schema, "default": "a"}}}, {"p": None}),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", NULLABLE)
def test_null_that_is_chosen_is_sent(kind: str, place: str) -> None:
    schema, sent = PLACES[place](NULLABLE[kind])
    form = Sending({**schema, "$defs": {"C": {"enum": ["red", "blue"], "type": "string"}}})
    form.hands.choose_null(*(["outer", "p"] if "outer" in sent else ["p"]))
    assert form.called() == sent


@pytest.mark.parametrize("kind", NULLABLE)
def test_null_that_is_chosen_for_an_item_of_a_list_is_sent(kind: str) -> None:
    items = {"type": "array", "uniqueItems": False, "items": NULLABLE[kind]}
    form = Sending({"properties": {"p": items}, "$defs": {"C": {"enum": ["red", "blue"], "type": "string"}}})
    form.hands.act("add", at=("p",))
    form.hands.choose_null("p", 0)
    assert form.called() == {"p": [None]}


def test_null_that_is_one_of_some_to_choose_is_sent() -> None:
    form = Sending({"properties": {"p": {"type": "array", "items": {"enum": ["a", None]}}}})
    form.hands.act("toggle", 1, True, at=("p",))
    assert form.called() == {"p": [None]}


def test_true_false_null_and_nothing_are_told_apart() -> None:
    form = Sending({"properties": {"p": {"enum": [True, 1, None, False, 0, "null"]}}})
    sent = []
    for label in ("true", "1", "null", "false", "0", '"null"'):
        form.hands.choose(label, "p")
        sent.append(form.called())
    assert [repr(each) for each in sent] == [repr({"p": v}) for v in (True, 1, None, False, 0, "null")]
    form.hands.act("reset", at=("p",))
    assert form.called() == {}


def test_null_that_is_filled_in_is_shown_as_chosen_and_sent() -> None:
    form = Sending({"properties": {"p": {"enum": ["a", None]}}, "required": ["p"]})
    form.hands.fill({"p": None})
    shown = form.hands.look("p")
    assert shown["node"]["options"][shown["option"]] == ["null", "null"]
    assert form.called() == {"p": None}


EMPTY = {
    "list": ({"type": "array"}, []),
    "list of texts": ({"type": "array", "items": {"type": "string"}}, []),
    "list of objects": ({"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, []),
    "object": ({"type": "object"}, {}),
    "object of optional parts": ({"type": "object", "properties": {"a": {"type": "string"}}}, {}),
    "map": ({"type": "object", "additionalProperties": {"type": "string"}}, {}),
    "list by its items alone": ({"items": {"type": "string"}}, []),
    "tuple": ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, [UNSET]),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_a_required_list_or_object_that_is_left_alone_is_missing_and_one_that_is_chosen_is_sent(kind: str) -> None:
    schema, empty = EMPTY[kind]
    form = Sending({"properties": {"p": schema}, "required": ["p"]})
    assert form.called() is None
    assert [str(problem) for problem in form.hands.problems()] == ["p: required"]
    if empty == []:
        form.hands.act("setEmpty", at=("p",))
    else:
        form.hands.act("begin", at=("p",))
    if empty == [UNSET]:
        assert form.called() is None
    else:
        assert form.called() == {"p": empty}


def test_so_is_one_inside_an_object_that_has_to_be_there() -> None:
    inner = {"type": "object", "properties": {"tags": {"type": "array"}}, "required": ["tags"]}
    form = Sending({"properties": {"p": inner}, "required": ["p"]})
    assert form.called() is None
    form.hands.act("setEmpty", at=("p", "tags"))
    assert form.called() == {"p": {"tags": []}}


def test_so_is_a_choice_of_some_of_a_few() -> None:
    form = Sending(
        {"properties": {"p": {"type": "array", "items": {"enum": ["x", "y"]}}}, "required": ["p"]},
    )
    assert form.called() is None
    form.hands.act("setEmpty", at=("p",))
    assert form.called() == {"p": []}
    form.hands.act("toggle", 1, True, at=("p",))
    assert form.called() == {"p": ["y"]}


def test_a_list_that_must_have_an_item_begins_with_one_to_fill_in() -> None:
    schema = {"type": "array", "minItems": 1, "items": {"type": "object", "properties": {"a": {"type": "string"}}}}
    form = Sending({"properties": {"p": schema}, "required": ["p"]})
    assert form.called() is None
    form.hands.act("begin", at=("p", 0))
    assert form.called() == {"p": [{}]}


def test_an_item_that_a_person_adds_is_meant() -> None:
    class Part(BaseModel):
        name: str = "bolt"

    form = Sending({"properties": {"p": {"type": "array", "items": schema_of(Part)}}, "required": ["p"]})
    form.hands.act("add", at=("p",))
    assert form.called() == {"p": [{}]}


def test_a_default_of_the_schema_is_sent_for_what_is_required() -> None:
    schema = {"type": "array", "default": []}, {"type": "object", "default": {"a": 1}}
    form = Sending({"properties": dict(zip("ab", schema, strict=True)), "required": ["a", "b"]})
    assert form.called() == {"a": [], "b": {"a": 1}}


CALLABLE = {
    name: schema
    for name, schema in CORPUS.items()
    if not ({"anyOf", "oneOf"} & set(flatten(schema, schema))) and not name.startswith("broken")
}


@pytest.mark.once
@pytest.mark.parametrize("schema", CALLABLE.values(), ids=CALLABLE)
def test_an_untouched_form_sends_what_the_schema_says_by_itself_and_nothing_else(schema: dict[str, Any]) -> None:
    stated = {}
    for parameter in parameters(schema):
        if parameter.required:
            only = choices(parameter.schema) or []
            if parameter.default is not UNSET:
                stated[parameter.name] = parameter.default
            elif len(only) == 1:
                stated[parameter.name] = only[0]
            elif parameter.schema.get("type") == "null":
                stated[parameter.name] = None
    form = Sending(schema)
    assert form.called() == (None if Checker(schema).problems(stated) else stated)
