"""What a form says, holds and writes down, without a front end."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_notebook.client.arguments import named_values, unquote
from mcp_notebook.magics.words import split
from mcp_notebook.widgets.code import magic_line, python_line
from tests.support.front_end import Hands
from tests.support.tool_forms import Sending

SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "string"},
        "b": {"type": ["string", "null"]},
        "c": {},
        "d": {"type": "array"},
        "two words": {"type": "string"},
    },
}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "c", "d", "two words", "other"]), values, max_size=4))
def test_the_line_to_copy_means_the_same_arguments_to_the_magic(arguments: dict[str, Any]) -> None:
    words = split(magic_line("%mcp call tool", arguments, SCHEMA))[3:]
    if words[:1] == ["--json"]:
        read = json.loads(unquote(words[1]))
    else:
        read = named_values(words, SCHEMA, {"hello": "a variable"}, "tool")
    assert json.dumps(read, sort_keys=True) == json.dumps(arguments, sort_keys=True)


def test_unset_null_an_empty_text_zero_and_false_are_five_different_things() -> None:
    kinds = {"type": ["string", "null"]}, {"type": ["integer", "null"]}, {"type": ["boolean", "null"]}
    form = Hands({"properties": dict(zip("abc", kinds, strict=True))})
    assert form.read() == {}
    for sent in ({"a": None, "b": None, "c": None}, {"a": "", "b": 0, "c": False}, {"a": "", "c": None}, {}):
        form.fill(sent)
        assert form.read() == sent
        assert [type(value) for value in form.read().values()] == [type(value) for value in sent.values()]


def test_a_required_text_that_is_left_alone_is_missing_and_not_an_empty_text() -> None:
    form = Hands({"properties": {"a": {"type": "string"}}, "required": ["a"]})
    assert [str(problem) for problem in form.problems()] == ["a: required"]
    form.act("setEmpty", at=("a",))
    assert form.read() == {"a": ""}


def test_what_is_not_in_a_list_to_choose_from_is_held_as_json() -> None:
    form = Hands({"properties": {"a": {"type": "array", "items": {"enum": ["x", "y"]}}}})
    for value in (["x", "z"], "z", 3, {"x": 1}):
        form.fill({"a": value})
        assert form.draft() == {"a": value}
        assert form.problems()


def test_what_an_empty_input_stands_for_is_chosen() -> None:
    form = Hands({"properties": {"a": {"type": ["string", "null"]}}})
    for choice, sent in (("setNull", {"a": None}), ("setEmpty", {"a": ""}), ("reset", {})):
        form.act(choice, at=("a",))
        assert form.read() == sent


def test_json_of_a_field_keeps_the_digits_of_numbers_and_what_is_no_json_stays_to_be_mended() -> None:
    form = Hands({"properties": {"n": {"type": "integer"}}})
    form.act("setJson", at=("n",))
    form.type("12345678901234567890", "n")
    assert form.read() == {"n": 12345678901234567890}
    form.type("[7", "n")
    assert form.act("setOwn", at=("n",)) is False
    assert form.look("n")["typed"] == "[7"
    (problem,) = form.problems()
    assert str(problem).startswith("n: not JSON: the end is missing at line 1, column 3")
    form.type("7", "n")
    assert form.act("setOwn", at=("n",)) is True
    assert (form.look("n")["mode"], form.read()) == ("own", {"n": 7})


def test_a_form_writes_its_call_as_code() -> None:
    form = Sending({"properties": {"n": {"type": "integer"}}}).form
    code = form.actions["check"]({"arguments": '{"n": 7}'})["code"]
    assert code == {"in a cell": "%mcp call tool n=7", "in Python": python_line("tool", {"n": 7})}
    assert code["in Python"] == "connection.call('tool', {'n': 7}).result"


def test_problems_have_a_place_and_a_reason() -> None:
    form = Hands(
        {
            "properties": {
                "n": {"type": "integer", "maximum": 3},
                "list": {"type": "array", "items": {"type": "object", "required": ["x"]}},
            }
        }
    )
    form.fill({"n": 5, "list": [{}]})
    assert [str(problem) for problem in form.problems()] == ["n: 5 is greater than 3", "list[0].x: required"]


def test_json_that_leaves_out_a_required_value_leaves_nothing_of_the_one_before() -> None:
    form = Hands(
        {
            "properties": {"text": {"type": "string"}, "record": {"type": "object"}, "list": {"type": "array"}},
            "required": ["text", "record", "list"],
        }
    )
    for before in ({"text": None, "record": {"a": 1}, "list": [1]}, {"text": {"a": 1}, "record": [], "list": "x"}):
        form.fill(before)
        assert form.draft() == before
        form.fill({})
        assert form.draft() == {}
        assert [str(problem) for problem in form.problems()] == ["text: required", "record: required", "list: required"]


def test_arguments_of_several_kinds_are_chosen_from() -> None:
    options = [
        {"title": "By name", "required": ["name"], "properties": {"name": {"type": "string"}}},
        {"title": "By number", "required": ["number"], "properties": {"number": {"type": "integer"}}},
    ]
    form = Hands({"type": "object", "properties": {"loud": {"type": "boolean"}}, "oneOf": options})
    assert [str(problem) for problem in form.problems()] == ["choose what to send"]
    form.choose("By number")
    form.type("7", "number")
    assert form.read() == {"number": 7}
    form.fill({"name": "x", "loud": True})
    assert form.whole()["variant"] == 0
    assert form.read() == {"name": "x", "loud": True}
    form.fill({})
    assert form.draft() == {}


def test_what_only_a_condition_asks_for_has_a_field() -> None:
    us = {"if": {"properties": {"country": {"const": "US"}}}, "then": {"properties": {"zip": {"type": "string"}}}}
    uk = {
        "if": {"properties": {"country": {"const": "UK"}}},
        "then": {"properties": {"postcode": {"type": "string"}}, "required": ["postcode"]},
    }
    form = Hands(
        {
            "properties": {"country": {"enum": ["US", "UK", "NL"]}},
            "required": ["country", "town"],
            "allOf": [us, uk],
            "dependentSchemas": {"town": {"properties": {"street": {"type": "string"}}}},
        }
    )
    form.choose("UK", "country")
    form.type('"Leeds"', "town")
    assert [str(problem) for problem in form.problems()] == ["postcode: required"]
    for name in ("zip", "street", "postcode"):
        form.type(name, name)
    assert form.read()["postcode"] == "postcode"


def test_a_choice_that_has_itself_among_its_options_has_an_end() -> None:
    form = Hands(
        {
            "properties": {"a": {"$ref": "#/$defs/A"}},
            "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]}},
        }
    )
    for value in ("x", 3, {"a": [1]}):
        form.fill({"a": value})
        assert form.draft() == {"a": value}


def test_a_property_of_a_name_and_no_value_is_not_left_out_without_a_word() -> None:
    form = Hands({"additionalProperties": {"type": "string"}})
    form.act("addEntry")
    form.act("rename", 0, "a")
    assert [str(problem) for problem in form.problems()] == ["a: fill in or remove"]


def test_names_may_be_empty_blank_or_broken_by_lines() -> None:
    names = ["", " ", "a\nb", "x" * 400, "__proto__", "constructor", "7", "-1"]
    form = Hands({"properties": {name: {"type": "integer"} for name in names}})
    assert [each["name"] for each in form.shown()[1:]] == names
    for name in names:
        form.type("1", name)
    assert form.read() == dict.fromkeys(names, 1)


def test_the_name_of_a_property_says_what_its_value_is() -> None:
    form = Hands({"patternProperties": {"^s_": {"type": "string"}, "^n_": {"type": "number"}}})
    form.act("addEntry")
    form.act("rename", 0, "n_a")
    form.type("3", "n_a")
    assert form.read() == {"n_a": 3}
    form.act("rename", 0, "s_a")
    assert form.draft() == {"s_a": 3}
    assert [str(problem) for problem in form.problems()] == ["s_a: 3 is not of type string"]


def test_a_default_that_json_cannot_write_is_left_to_fill_in() -> None:
    form = Hands({"properties": {"a": {"type": "number", "default": float("nan")}}, "required": ["a"]})
    assert form.draft() == {}
    assert form.problems()
