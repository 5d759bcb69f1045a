"""Identifiers, types and texts from elsewhere, as Python."""

from __future__ import annotations

import ast
import inspect
import keyword
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_notebook.typed.names import Identifiers, class_name, distinct, identifier
from mcp_notebook.typed.objects import annotation
from mcp_notebook.typed.source import Writer, in_words
from mcp_notebook.typed.texts import comment, docstring, literal
from mcp_notebook.typed.types import type_of
from mcp_notebook.visible import visible

HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="\"'\\\n\r\t{}()#; \u202e\u2028\x00\x0c\x85\ud800\ufe0f_aA1é日"),
    st.sampled_from(
        ['"""', "'''", '\\"""', '"""\\', "\\", "\\N{DIGIT ONE}", '"', "\n", "", "x\\\n", "__import__('os')"]
    ),
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("search-issues", "search_issues"),
        ("class", "class_"),
        ("None", "None_"),
        ("_meta", "meta"),
        ("__init__", "init__"),
        ("2fa", "tool_2fa"),
        ("", "tool"),
        ("💥", "tool"),
        ("get user by id", "get_user_by_id"),
        ("naïve", "naïve"),
        ("検索", "検索"),
        ("ﬁnd", "find"),
        ("a\u202eb", "a_b"),
        ("a" * 100, "a" * 60),
    ],
)
def test_a_name_becomes_an_identifier(name: str, expected: str) -> None:
    assert identifier(name, "tool") == expected


@given(st.lists(HOSTILE, unique=True, max_size=8))
def test_identifiers_are_distinct_public_and_nothing_else(names: list[str]) -> None:
    found = distinct(names, {"self", "list"})
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    for one in found.values():
        assert one.isidentifier()
        assert not keyword.iskeyword(one)
        assert not one.startswith("_")
        assert one not in ("self", "list")


def test_a_name_that_is_an_identifier_keeps_it_whatever_comes_first() -> None:
    assert distinct(["a-b", "a_b", "a.b"]) == {"a-b": "a_b_2", "a_b": "a_b", "a.b": "a_b_3"}


@given(HOSTILE)
def test_a_class_has_a_name(name: str) -> None:
    assert class_name(name).isidentifier()


@given(HOSTILE)
def test_a_literal_is_the_text_and_shows_every_character(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert visible(literal(text), one_line=True) == literal(text)


@given(HOSTILE, st.sampled_from(["", "    ", "        "]))
def test_a_docstring_is_one_string_whatever_is_in_it(text: str, indent: str) -> None:
    written = docstring(text, indent)
    (found,) = ast.parse(f"def f():\n{indent or ' '}{written}\n").body
    assert isinstance(found, ast.FunctionDef)
    (statement,) = found.body
    assert isinstance(statement, ast.Expr)
    assert visible(written) == written
    shown = inspect.cleandoc(visible(text.replace("\r\n", "\n").expandtabs(4)))
    assert shown.split() == ast.literal_eval(statement.value).split()


@given(HOSTILE)
def test_a_comment_stays_in_its_line(text: str) -> None:
    assert ast.parse(f"{comment(text)}\n").body == []
    assert len(comment(text).splitlines()) == 1


SCHEMAS: dict[str, tuple[Any, str]] = {
    "text": ({"type": "string", "format": "date-time"}, "str"),
    "null": ({"type": ["integer", "null"]}, "int | None"),
    "any of": ({"anyOf": [{"type": "null"}, {"type": "number"}]}, "float | None"),
    "enum": ({"enum": ["a", "it's", None, 1, True]}, "Literal['a', \"it's\", None, 1, True]"),
    "enum of numbers": ({"enum": [0.5, 1]}, "float | int"),
    "empty enum": ({"enum": []}, "Any"),
    "list": ({"type": "array", "items": {"type": "boolean"}}, "list[bool]"),
    "tuple": ({"type": "array", "prefixItems": [{"type": "string"}]}, "list[Any]"),
    "values": ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int]"),
    "object": ({"type": "object"}, "dict[str, Any]"),
    "record": (
        {"type": "object", "properties": {"a": {"type": "string"}, "b-c": {}}, "required": ["a"]},
        "{'a': str, 'b-c'?: Any}",
    ),
    "without a type": ({"properties": {"a": {"type": "string"}}}, "{'a'?: str}"),
    "all of": (
        {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "integer"}}}]},
        "{'a'?: str, 'b'?: int}",
    ),
    "requires one of": (
        {
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
        },
        "{'a': str, 'b'?: str} | {'a'?: str, 'b': str}",
    ),
    "nullable": ({"type": "string", "nullable": True}, "str | None"),
    "true": (True, "Any"),
    "broken": ({"type": 3, "properties": 4, "anyOf": {}, "enum": 1}, "Any"),
    "unknown type": ({"type": "widget"}, "Any"),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_has_a_type(name: str) -> None:
    schema, expected = SCHEMAS[name]
    found = type_of(schema, schema if isinstance(schema, dict) else {})
    assert in_words(found) == expected
    assert annotation(found) is not inspect.Parameter.empty


def test_a_schema_that_contains_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "v": {"type": "number"}}}
    found = type_of({"$ref": "#/$defs/node"}, {"$defs": {"node": node}}, "node")
    assert in_words(found) == "{'next'?: dict[str, Any], 'v'?: float}"


def test_a_schema_without_end_becomes_any_somewhere() -> None:
    wide: dict[str, Any] = {"type": "string"}
    for _ in range(30):
        wide = {"type": "object", "properties": {"a": wide, "b": wide, "c": wide}}
    assert len(in_words(type_of(wide, wide))) < 20_000


def test_the_objects_of_types_are_those_that_the_source_names() -> None:
    schema = {
        "title": "an order",
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "state": {"enum": ["new", "paid"]},
            "class": {"type": ["array", "null"], "items": {"type": "string"}},
            "str": {"type": "string"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "number"}}}},
        },
        "required": ["id"],
    }
    kind = type_of(schema, schema)
    writer = Writer([kind], Identifiers(), hidden={"list"})
    head = "import builtins\nfrom typing import *\nfrom typing_extensions import NotRequired, TypedDict\n"
    module: dict[str, Any] = {}
    exec(f"{head}{writer.classes()}\nfound = {writer.expression(kind)}", module)
    made, written = annotation(kind), module["found"]
    assert made.__name__ == written.__name__ == "AnOrder"
    assert made.__required_keys__ == written.__required_keys__ == {"id"}
    for key in ("id", "state", "class", "str"):
        assert typing.get_type_hints(made)[key] == typing.get_type_hints(written)[key]
