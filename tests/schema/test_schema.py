from __future__ import annotations

import enum
import re
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, create_model

from mcp_notebook.schema import (
    UNSET,
    Checker,
    Parameter,
    accepts_text_only,
    choices,
    parameters,
    resolve,
    type_in_words,
)


class Place(BaseModel):
    city: str
    inside: Place | None = None


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def schema_of(annotation: Any) -> dict[str, Any]:
    return TypeAdapter(annotation).json_schema()


def words_for(annotation: Any) -> str:
    schema = schema_of(annotation)
    return type_in_words(resolve(schema, schema), schema)


def test_parameters_come_in_the_order_of_the_schema_with_what_it_says_of_each() -> None:
    found = parameters(
        {
            "properties": {
                "word": {"type": "string", "description": "What to look for."},
                "limit": {"type": "integer", "default": 10},
            },
            "required": ["word"],
        }
    )
    assert found == [
        Parameter(
            "word",
            {"type": "string", "description": "What to look for."},
            required=True,
            description="What to look for.",
        ),
        Parameter("limit", {"type": "integer", "default": 10}, required=False, default=10),
    ]


def test_a_default_of_null_is_told_from_no_default() -> None:
    with_null, without = parameters({"properties": {"a": {"default": None}, "b": {}}})
    assert with_null.default is None
    assert without.default is UNSET
    assert repr(without.default) == "UNSET"


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"type": "string"}])
def test_a_schema_without_properties_has_no_parameters(schema: Any) -> None:
    assert parameters(schema) == []


def test_parameters_are_given_with_their_references_resolved() -> None:
    root = {
        "properties": {"place": {"$ref": "#/$defs/Place", "description": "Where to."}},
        "$defs": {"Place": {"type": "object", "title": "Place", "description": "A place."}},
    }
    (place,) = parameters(root)
    assert place.schema == {"type": "object", "title": "Place", "description": "Where to."}
    assert place.description == "Where to."


def test_what_stands_beside_a_reference_wins_over_what_it_leads_to_through_any_number_of_steps() -> None:
    root = {
        "$defs": {"A": {"$ref": "#/$defs/B", "title": "A", "description": "a"}, "B": {"type": "null", "title": "B"}}
    }
    assert resolve({"$ref": "#/$defs/A", "description": "here"}, root) == {
        "type": "null",
        "title": "A",
        "description": "here",
    }


@pytest.mark.parametrize(
    "reference",
    ["#/$defs/Missing", "#/$defs/Missing/deeper", "https://example.com/schema.json", "#/$defs/Loop", 7],
)
def test_a_reference_that_leads_nowhere_is_left_out_and_its_siblings_stay(reference: Any) -> None:
    root = {"$defs": {"Loop": {"$ref": "#/$defs/Back"}, "Back": {"$ref": "#/$defs/Loop"}}}
    assert resolve({"$ref": reference, "description": "kept"}, root) == {"description": "kept"}


@pytest.mark.parametrize("anything", [True, False])
def test_a_boolean_schema_resolves_to_the_empty_one(anything: bool) -> None:
    assert resolve(anything, {}) == {}
    assert resolve({"$ref": "#/$defs/Any"}, {"$defs": {"Any": anything}}) == {}


def test_a_reference_finds_keys_that_are_escaped_in_it() -> None:
    assert resolve({"$ref": "#/$defs/a~1b~0c"}, {"$defs": {"a/b~c": {"type": "null"}}}) == {"type": "null"}


def test_a_reference_finds_an_anchor_and_the_name_of_a_part() -> None:
    root = {
        "$id": "https://example.org/tool.json",
        "$defs": {"A": {"$anchor": "here", "type": "null"}, "B": {"$id": "part.json", "enum": ["x"]}},
    }
    assert resolve({"$ref": "#here"}, root)["type"] == "null"
    assert resolve({"$ref": "part.json"}, root)["enum"] == ["x"]
    assert resolve({"$dynamicRef": "#here", "title": "T"}, root)["title"] == "T"
    assert resolve({"$ref": "#nowhere", "title": "T"}, root) == {"title": "T"}


def test_resolving_leaves_the_schema_as_it_was() -> None:
    root = {"$defs": {"A": {"type": "string"}}}
    schema = {"$ref": "#/$defs/A", "title": "T"}
    resolve(schema, root)
    assert schema == {"$ref": "#/$defs/A", "title": "T"}
    assert root == {"$defs": {"A": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"enum": ["a", None]}, ["a", None]),
        ({"const": 3}, [3]),
        ({"const": None}, [None]),
        ({"enum": []}, []),
        ({"type": "string"}, None),
    ],
)
def test_choices_are_the_values_of_an_enumeration(schema: Any, values: Any) -> None:
    assert choices(schema) == values


@pytest.mark.parametrize(
    ("annotation", "text_only"),
    [
        (str, True),
        (str | None, True),
        (Literal["a", "b"], True),
        (Literal["a", "b"] | None, True),
        (Literal["a", None], True),
        (Colour, True),
        (Colour | None, True),
        (Annotated[str, Field(min_length=3)], True),
        (int, False),
        (str | int, False),
        (Literal["a", 1], False),
        (list[str], False),
        (Any, False),
        (Place, False),
    ],
)
def test_text_only_is_where_nothing_but_a_string_or_null_fits(annotation: Any, text_only: bool) -> None:
    schema = schema_of(annotation)
    assert accepts_text_only(resolve(schema, schema), schema) is text_only


def test_a_list_of_types_is_text_only_when_each_of_them_is() -> None:
    assert accepts_text_only({"type": ["string", "null"]}, {})
    assert not accepts_text_only({"type": ["string", "integer"]}, {})


def test_a_choice_that_leads_back_to_itself_is_answered_too() -> None:
    root = {"$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}, {"type": "integer"}]}}}
    schema = resolve({"$ref": "#/$defs/A"}, root)
    assert accepts_text_only(schema, root) is False
    assert "integer" in type_in_words(schema, root)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "string"),
        (int | None, "integer or null"),
        (Literal["en", "fr"], "'en' or 'fr'"),
        (Literal["en"], "'en'"),
        (Literal["en"] | None, "'en' or null"),
        (Colour, "'red' or 'blue'"),
        (list[int], "array of integer"),
        (list[Any], "array"),
        (list[list[str]], "array of array of string"),
        (Annotated[int, Field(ge=1, le=10)], "integer, 1 to 10"),
        (Annotated[int, Field(ge=0)], "integer, at least 0"),
        (Annotated[float, Field(le=0.5)], "number, at most 0.5"),
        (Annotated[int, Field(gt=0)], "integer, over 0"),
        (Annotated[int, Field(lt=0)], "integer, under 0"),
        (Annotated[str, Field(min_length=1, max_length=3)], "string, 1 to 3 characters"),
        (Annotated[str, Field(min_length=0)], "string, at least 0 characters"),
        (Place, "object Place"),
        (dict[str, int], "object"),
        (Place | list[Place], "object Place or array of object Place"),
        (Any, "any"),
    ],
)
def test_a_type_is_said_in_a_few_words(annotation: Any, words: str) -> None:
    assert words_for(annotation) == words


def test_a_format_is_said_and_so_is_a_list_of_types() -> None:
    assert type_in_words({"type": "string", "format": "date"}, {}) == "string, date"
    assert type_in_words({"type": ["string", "null"]}, {}) == "string or null"


@pytest.mark.parametrize("bounds", [{"ge": 1, "lt": 9}, {"gt": 1, "le": 9}, {"gt": 1, "lt": 9}])
def test_both_ends_of_a_half_open_range_are_said(bounds: Any) -> None:
    words = words_for(Annotated[int, Field(**bounds)])
    assert set(re.findall(r"\d+", words)) == {"1", "9"}


types_from_pydantic = st.recursive(
    st.sampled_from(
        [
            str,
            int,
            bool,
            None,
            Any,
            bytes,
            Colour,
            Place,
            Literal["a", 1, None],
            Annotated[int, Field(gt=0, le=3)],
            Annotated[str, Field(max_length=2, description="Short.")],
        ]
    ),
    lambda inner: st.one_of(
        inner.map(lambda t: list[t]),  # type: ignore[valid-type]
        inner.map(lambda t: dict[str, t]),  # type: ignore[valid-type]
        inner.map(lambda t: t | None if t is not None else None),
        st.tuples(inner, inner).map(lambda both: tuple[both]),  # type: ignore[valid-type]
    ),
    max_leaves=6,
)

references = st.sampled_from(["#/$defs/A", "#/$defs/B", "#/$defs/C", "#", "elsewhere"])
small_schemas = st.recursive(
    st.one_of(
        st.booleans(),
        st.fixed_dictionaries({"$ref": references}),
        st.fixed_dictionaries({"anyOf": st.lists(st.fixed_dictionaries({"$ref": references}), min_size=1, max_size=2)}),
        st.fixed_dictionaries(
            {}, optional={"type": st.sampled_from(["string", "integer"]), "title": st.text(max_size=3)}
        ),
        st.fixed_dictionaries({"enum": st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=3)}),
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "anyOf": st.lists(inner, max_size=3),
            "oneOf": st.lists(inner, max_size=2),
            "items": inner,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "type": st.sampled_from(["array", "object", ["array", "null"], ["string"]]),
            "$ref": references,
            "minimum": st.integers(),
            "exclusiveMaximum": st.floats(allow_nan=False),
        },
    ),
    max_leaves=8,
)
roots = st.fixed_dictionaries(
    {
        "properties": st.dictionaries(st.text(max_size=3), small_schemas, max_size=3),
        "$defs": st.dictionaries(st.sampled_from("AB"), small_schemas, max_size=2),
    },
    optional={"required": st.lists(st.text(max_size=3), max_size=2)},
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["first", "second"]), types_from_pydantic, min_size=1))
def test_every_schema_that_pydantic_makes_has_parameters_that_can_be_said_in_words(fields: Any) -> None:
    definitions: dict[str, Any] = {name: (annotation, ...) for name, annotation in fields.items()}
    root = create_model("Arguments", **definitions).model_json_schema()
    found = parameters(root)
    assert [parameter.name for parameter in found] == list(fields)
    for parameter in found:
        assert type_in_words(parameter.schema, root)
        assert accepts_text_only(parameter.schema, root) in (True, False)


@settings(deadline=None)
@given(roots)
def test_no_schema_however_knotted_is_too_much(root: Any) -> None:
    for parameter in parameters(root):
        assert isinstance(type_in_words(parameter.schema, root), str)
        assert accepts_text_only(parameter.schema, root) in (True, False)
        assert "$ref" not in parameter.schema


def problems(schema: dict[str, Any], value: Any) -> list[str]:
    return [str(problem) for problem in Checker({"properties": schema}).problems(value)]


def test_what_cannot_be_checked_does_not_keep_the_rest_from_being_checked() -> None:
    n = {"n": {"maximum": 5}}
    for part in ({"pattern": "(?<n>x"}, {"$ref": "https://example.org/"}, {"$ref": "#nowhere"}, {"type": 7}):
        for around in (part, {"not": part}, {"anyOf": [part]}, {"oneOf": [part, {"type": "string"}]}):
            assert problems({"a": around, **n}, {"a": "x", "n": 7}) == ["n: 7 is greater than 5"]
    assert problems({"a": {"patternProperties": {"\\p{L}": {}}}, **n}, {"a": {"x": 1}, "n": 7}) == [
        "n: 7 is greater than 5"
    ]


def test_multiples_are_those_of_decimals() -> None:
    step = {"a": {"multipleOf": 0.01}}
    assert problems(step, {"a": 19.99}) == []
    assert problems(step, {"a": 1e300}) == []
    assert problems(step, {"a": 19.995}) == ["a: 19.995 is not a multiple of 0.01"]


def test_a_name_that_a_pattern_allows_is_not_told_to_be_none() -> None:
    closed = {"patternProperties": {"^x-": {}}, "additionalProperties": False}
    assert problems({"a": closed}, {"a": {"x-1": 1, "y": 2}}) == ["a.y: unknown property"]


def test_an_old_dialect_is_checked_by_its_own_rules() -> None:
    schema = {"$schema": "http://json-schema.org/draft-03/schema#", "properties": {"a": {"required": True}}}
    assert [str(problem) for problem in Checker(schema).problems({})] == ["a: 'a' is a required property"]


def test_bounds_that_meet_are_one_number() -> None:
    assert type_in_words({"type": "string", "minLength": 3, "maxLength": 3}, {}) == "string, exactly 3 characters"
    assert type_in_words({"type": "integer", "minimum": 3, "maximum": 3}, {}) == "integer, exactly 3"


def test_what_follows_a_choice_is_checked_although_a_part_is_broken() -> None:
    found = Checker({"anyOf": [{"type": "number"}], "if": {"type": "odd"}, "required": ["a"]}).check({})
    assert [str(problem) for problem in found.problems] == ["{} is not of type number", "a: required"]
    assert found.unchecked == ["if: Unknown type 'odd' for validator with schema"]


def test_the_option_of_the_right_type_is_meant_even_if_much_in_it_is_wrong() -> None:
    names = {"type": "object", "properties": {name: {"type": "string"} for name in "ab"}}
    found = Checker({"anyOf": [names, {"type": "null"}]}).check({"a": 1, "b": 2})
    assert [str(problem) for problem in found.problems] == ["a: 1 is not of type string", "b: 2 is not of type string"]
