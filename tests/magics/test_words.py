from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mcp_notebook.client.arguments import jsonable, named_values, unquote
from mcp_notebook.errors import UnknownNameError, UsageError
from mcp_notebook.magics.words import split

SCHEMA = {
    "properties": {
        "text": {"type": "string"},
        "language": {"anyOf": [{"enum": ["en", "fr"]}, {"type": "null"}]},
        "limit": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    }
}


def values(line: str, namespace: dict[str, object] | None = None, schema: Any = SCHEMA) -> dict[str, Any]:
    return named_values(split(line), schema, namespace or {}, "search")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  \t ", []),
        ("call search  limit=3", ["call", "search", "limit=3"]),
        ('text="two words" limit=3', ['text="two words"', "limit=3"]),
        ("text='two words'", ["text='two words'"]),
        ('tags=["a", "b c"] limit=3', ['tags=["a", "b c"]', "limit=3"]),
        ('place={"city": "Graz", "at": [1, 2]} x=1', ['place={"city": "Graz", "at": [1, 2]}', "x=1"]),
        ("at=(1, 2) x=1", ["at=(1, 2)", "x=1"]),
        (r'text="say \"hi there\"" x=1', [r'text="say \"hi there\""', "x=1"]),
        ('text="a ] b" x=1', ['text="a ] b"', "x=1"]),
        ('tags=["a ]", "b"] x=1', ['tags=["a ]", "b"]', "x=1"]),
    ],
)
def test_a_line_is_split_at_white_space_outside_quotes_and_brackets(line: str, words: Any) -> None:
    assert split(line) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("text=don't stop", ["text=don't", "stop"]),
        ("text=:( limit=3", ["text=:(", "limit=3"]),
        ('text="open limit=3', ['text="open', "limit=3"]),
        ("text='open limit=3", ["text='open", "limit=3"]),
        ("tags=[1, 2 limit=3", ["tags=[1,", "2", "limit=3"]),
        ("text=:( tags=[1, 2] x=1", ["text=:(", "tags=[1, 2]", "x=1"]),
        ("text=a) b", ["text=a)", "b"]),
        (r"path='C:\' x=1", [r"path='C:\'", "x=1"]),
    ],
)
def test_a_quote_or_bracket_that_is_never_closed_is_an_ordinary_character(line: str, words: Any) -> None:
    assert split(line) == words


@given(st.text(alphabet=st.sampled_from("ab=,:'\"\\[]{}() \t\n\u00a0")) | st.text())
def test_splitting_loses_nothing_but_white_space(line: Any) -> None:
    words = split(line)
    assert "".join("".join(words).split()) == "".join(line.split())
    assert all(word == word.strip() != "" for word in words)


@given(st.lists(st.text(alphabet="abc=,:.-/0123456789", min_size=1)))
def test_plain_words_come_back_as_they_were_joined(words: Any) -> None:
    assert split("  ".join(words)) == words


@pytest.mark.parametrize(
    ("word", "bare"),
    [('"a b"', "a b"), ("'a b'", "a b"), ("a", "a"), ("'a\"", "'a\""), ("'", "'"), ('""', ""), ("don't", "don't")],
)
def test_only_quotes_around_the_whole_word_are_taken_off(word: str, bare: str) -> None:
    assert unquote(word) == bare


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("text=hello", {"text": "hello"}),
        ("text=5", {"text": "5"}),
        ("text=", {"text": ""}),
        ("text='5'", {"text": "5"}),
        ('text="two words"', {"text": "two words"}),
        ("text=a=b", {"text": "a=b"}),
        ("text=[1]", {"text": "[1]"}),
        ("language=en", {"language": "en"}),
        ("limit=5", {"limit": 5}),
        ("limit=-1.5", {"limit": -1.5}),
        ("limit=true", {"limit": True}),
        ("limit=True", {"limit": True}),
        ("limit=null", {"limit": None}),
        ("limit=None", {"limit": None}),
        ('tags=["a", "b"]', {"tags": ["a", "b"]}),
        ("tags=('a', 'b')", {"tags": ["a", "b"]}),
        ("tags={'a': 1}", {"tags": {"a": 1}}),
        ("either=5", {"either": 5}),
        ("either='5'", {"either": "5"}),
        ("text=a limit=5", {"text": "a", "limit": 5}),
    ],
)
def test_a_value_means_what_the_parameter_takes(line: str, expected: Any) -> None:
    assert values(line) == expected


def test_a_variable_stands_for_its_value() -> None:
    class Place(BaseModel):
        city: str

    namespace = {"wanted": ["x"], "place": Place(city="Graz"), "pair": (1, 2)}
    assert values("tags=wanted", namespace) == {"tags": ["x"]}
    assert values("tags=place", namespace) == {"tags": {"city": "Graz"}}
    assert values("tags=pair", namespace) == {"tags": [1, 2]}


def test_where_only_text_fits_a_variable_counts_only_if_it_holds_text() -> None:
    namespace = {"greeting": "hello", "text": 5}
    assert values("text=greeting", namespace) == {"text": "hello"}
    assert values("text=text", namespace) == {"text": "text"}
    assert values("text='greeting'", namespace) == {"text": "greeting"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "limt=3",
            "search has no parameter 'limt' (it takes: text, language, limit, tags, either). Did you mean 'limit'?",
        ),
        ("hello", "'hello' is not key=value. search takes: text, language, limit, tags, either."),
        (
            "tags=wnted",
            "tags=wnted is not JSON, a Python literal or a variable. Did you mean 'wanted'? "
            'Put text in quotes: tags="wnted".',
        ),
    ],
)
def test_what_is_not_known_is_refused_with_what_would_be(line: str, message: str) -> None:
    expected = UnknownNameError if "has no parameter" in message else UsageError
    with pytest.raises(expected) as refusal:
        values(line, {"wanted": [1]})
    assert str(refusal.value) == message


def test_the_advice_to_write_text_in_quotes_can_be_followed() -> None:
    with pytest.raises(UsageError) as refusal:
        values("either=it's")
    advised = str(refusal.value).rpartition("quotes: ")[2].removesuffix(".")
    assert values(advised) == {"either": "it's"}


@pytest.mark.parametrize("additional", [True, {"type": "integer"}, {}])
def test_a_schema_that_allows_more_properties_takes_any_name(additional: Any) -> None:
    assert values("anything=3", schema={"additionalProperties": additional}) == {"anything": 3}


@pytest.mark.parametrize("schema", [{}, {"additionalProperties": False}])
def test_a_schema_that_does_not_takes_its_own_names_only(schema: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"^search has no parameter 'anything' \(it takes: none\)\.$"):
        values("anything=3", schema=schema)


def cyclic():
    found: list[object] = []
    found.append(found)
    return found


def test_an_object_without_a_json_form_is_refused_with_its_name_and_type() -> None:
    with (
        closing(sqlite3.connect(":memory:")) as db,
        pytest.raises(UsageError, match=r"^db is a Connection, which"),
    ):
        jsonable(db, "db")


@pytest.mark.parametrize("value", [cyclic(), b"\xff", {"deep": [b"\xff"]}], ids=["cycle", "bytes", "bytes inside"])
def test_a_value_that_json_cannot_carry_is_refused_whatever_the_reason(value: Any) -> None:
    with pytest.raises(UsageError, match=r"^v(\.deep\[0\])? (is a |contains itself)"):
        jsonable(value, "v")
