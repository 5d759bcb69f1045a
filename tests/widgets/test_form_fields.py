"""What a form says, holds and writes down, without a front end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import ipywidgets
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp_types import Tool

from mcp_notebook.magics.words import split
from mcp_notebook.session.arguments import named_values, unquote
from mcp_notebook.widgets.form import SchemaForm, ToolForm
from mcp_notebook.widgets.form.json_panel import magic_line

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


def walk(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def find(root: Any, label: str) -> Any:
    (found,) = (each for each in walk(root) if getattr(each, "description", None) == label)
    return found


def form_of(schema: dict[str, Any]) -> ToolForm:
    tool = Tool(name="tool", description="Does <b>.", input_schema=schema)
    return ToolForm(tool, lambda arguments, on_progress: Future())


def test_unset_null_an_empty_text_zero_and_false_are_five_different_things() -> None:
    kinds = {"type": ["string", "null"]}, {"type": ["integer", "null"]}, {"type": ["boolean", "null"]}
    form = SchemaForm({"properties": dict(zip("abc", kinds, strict=True))})
    assert form.read() == {}
    for sent in ({"a": None, "b": None, "c": None}, {"a": "", "b": 0, "c": False}, {"a": "", "c": None}, {}):
        form.fill(sent)
        assert form.read() == sent
        assert [type(value) for value in form.read().values()] == [type(value) for value in sent.values()]


def test_a_required_text_that_is_left_alone_is_missing_and_not_an_empty_text() -> None:
    form = SchemaForm({"properties": {"a": {"type": "string"}}, "required": ["a"]})
    assert [str(problem) for problem in form.problems()] == ["a: required"]
    find(form, "when empty").label = 'empty ""'
    assert form.read() == {"a": ""}


def test_what_is_not_in_a_list_to_choose_from_is_held_as_json() -> None:
    form = SchemaForm({"properties": {"a": {"type": "array", "items": {"enum": ["x", "y"]}}}})
    for value in (["x", "z"], "z", 3, {"x": 1}):
        form.fill({"a": value})
        assert form.draft() == {"a": value}
        assert form.problems()


def test_what_an_empty_input_stands_for_is_chosen_by_its_words() -> None:
    form = SchemaForm({"properties": {"a": {"type": ["string", "null"]}}})
    chooser = find(form, "when empty")
    for words, sent in (("null", {"a": None}), ('empty ""', {"a": ""}), ("not sent", {})):
        chooser.index = [label for label, _ in chooser.options].index(words)
        assert form.read() == sent


def test_json_fills_the_form_and_json_that_is_none_leaves_it_and_stays_to_be_mended() -> None:
    form = form_of({"properties": {"n": {"type": "integer"}}})
    find(form, "JSON and code").value = True
    text = find(form, "JSON")
    text.value = '{"n": 12345678901234567890}'
    assert form.arguments == {"n": 12345678901234567890}
    text.value = '{"n": '
    assert form.arguments == {"n": 12345678901234567890}
    assert text.value == '{"n": '
    find(form, "n").value = "7"
    assert json.loads(text.value) == {"n": 7}
    assert find(form, "copy as %mcp").value == "%mcp call tool n=7"
    assert find(form, "copy as Python").value == "connection.call('tool', {'n': 7}).result"


def test_suggestions_come_from_what_is_typed() -> None:
    form = SchemaForm({"properties": {"city": {"type": "string"}}}, complete=lambda name, typed: [f"{name} {typed}!"])
    field = find(form, "city")
    assert isinstance(field, ipywidgets.Combobox)
    field.value = "Par"
    assert field.options == ("city Par!",)


def test_a_saved_form_reads_without_its_widgets() -> None:
    bundle = form_of({"properties": {"<n>": {"type": "integer"}}})._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "&lt;n&gt;" in bundle["text/html"]
    assert "<n>" in bundle["text/plain"]


def test_problems_have_a_place_and_a_reason() -> None:
    form = SchemaForm(
        {
            "properties": {
                "n": {"type": "integer", "maximum": 3},
                "list": {"type": "array", "items": {"type": "object", "required": ["x"]}},
            }
        }
    )
    form.fill({"n": 5, "list": [{}]})
    assert [str(problem) for problem in form.problems()] == ["n: 5 is greater than 3", "list[0].x: required"]
    assert not form.valid


def test_json_that_leaves_out_a_required_value_leaves_nothing_of_the_one_before() -> None:
    form = SchemaForm(
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
    form = SchemaForm({"type": "object", "properties": {"loud": {"type": "boolean"}}, "oneOf": options})
    assert [str(problem) for problem in form.problems()] == ["choose what to send"]
    find(form, "one of").label = "By number"
    find(form, "number").value = "7"
    assert form.read() == {"number": 7}
    form.fill({"name": "x", "loud": True})
    assert find(form, "one of").label == "By name"
    assert form.read() == {"name": "x", "loud": True}
    form.fill({})
    assert form.draft() == {}


def test_what_only_a_condition_asks_for_has_a_field() -> None:
    us = {"if": {"properties": {"country": {"const": "US"}}}, "then": {"properties": {"zip": {"type": "string"}}}}
    uk = {
        "if": {"properties": {"country": {"const": "UK"}}},
        "then": {"properties": {"postcode": {"type": "string"}}, "required": ["postcode"]},
    }
    form = SchemaForm(
        {
            "properties": {"country": {"enum": ["US", "UK", "NL"]}},
            "required": ["country", "town"],
            "allOf": [us, uk],
            "dependentSchemas": {"town": {"properties": {"street": {"type": "string"}}}},
        }
    )
    find(form, "country").label = "UK"
    find(form, "town").value = '"Leeds"'
    assert [str(problem) for problem in form.problems()] == ["postcode: required"]
    for name in ("zip", "street", "postcode"):
        find(form, name).value = name
    assert form.read()["postcode"] == "postcode"


def test_a_choice_that_has_itself_among_its_options_has_an_end() -> None:
    form = SchemaForm(
        {
            "properties": {"a": {"$ref": "#/$defs/A"}},
            "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "string"}]}},
        }
    )
    for value in ("x", 3, {"a": [1]}):
        form.fill({"a": value})
        assert form.draft() == {"a": value}


def test_a_property_of_a_name_and_no_value_is_not_left_out_without_a_word() -> None:
    form = SchemaForm({"additionalProperties": {"type": "string"}})
    find(form, "Add property").click()
    (name,) = (each for each in walk(form) if getattr(each, "placeholder", None) == "name")
    name.value = "a"
    assert [str(problem) for problem in form.problems()] == ["a: fill in or remove"]


def test_a_name_that_cannot_be_seen_is_shown_in_quotes_and_one_without_end_is_cut() -> None:
    form = SchemaForm({"properties": {key: {"type": "integer"} for key in ["", " ", "a\nb", "x" * 400]}})
    for label in ('""', '" "', '"a\\nb"', f"{'x' * 59}…"):
        find(form, label).value = "1"
    assert form.read() == {"": 1, " ": 1, "a\nb": 1, "x" * 400: 1}


def test_the_name_of_a_property_says_what_its_value_is() -> None:
    form = SchemaForm({"patternProperties": {"^s_": {"type": "string"}, "^n_": {"type": "number"}}})
    find(form, "Add property").click()
    (name,) = (each for each in walk(form) if getattr(each, "placeholder", None) == "name")
    name.value = "n_a"
    (value,) = (each for each in walk(form) if isinstance(each, ipywidgets.Text) and each is not name)
    value.value = "3"
    assert form.read() == {"n_a": 3}
    name.value = "s_a"
    assert form.draft() == {"s_a": 3}
    assert [str(problem) for problem in form.problems()] == ["s_a: 3 is not of type string"]


def test_a_default_that_json_cannot_write_is_left_to_fill_in() -> None:
    form = SchemaForm({"properties": {"a": {"type": "number", "default": float("nan")}}, "required": ["a"]})
    assert form.draft() == {}
    assert form.problems()
