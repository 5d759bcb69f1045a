"""What the front end finds by itself, Python finds too, in the same words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_notebook.schema import Checker, Problem, found_in
from mcp_notebook.schema.lenient_validator import TOO_DEEP
from tests.schema.test_schemas import CORPUS
from tests.support.front_end import Hands, local_match

pytestmark = pytest.mark.once


def keywords(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=strategies)


numbers = (
    st.integers(-12, 12)
    | st.integers()
    | st.sampled_from([0.0, -0.0, 0.5, 1e3, 1e16, 1e22, 1.5e-7, 1e-4, 2.0, -2.5, 2**53, 2**53 + 1, -(2**63), 10**30])
    | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(max_size=5) | st.sampled_from(["", "a", "ab", "abc", "7", "é", "😀", "a\nb", 'say "x"', "x" * 80])
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "x1", "y"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PATTERNS = [
    "^a",
    "b$",
    "^[ab]+$",
    "^x",
    r"^\d+$",
    ".",
    "^$",
    "a|b",
    "^(a|b)c?$",
    "^[^a]{1,2}$",
    "(a+)+$",
    r"\p{L}",
    "(",
]
messages = st.fixed_dictionaries(
    {},
    optional={
        "errorMessage": st.sampled_from(["wrong", "x" * 300, {"minimum": "too small", "pattern": "odd"}, 3, {"a": 1}]),
        "patternErrorMessage": st.just("no such form"),
    },
)
examples = keywords(examples=st.sampled_from([["abc"], [3, "x" * 99], [], "abc"]))
DIALECTS = ["http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema#",
            "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema",
            "https://json-schema.org/draft-07/schema", "odd"]  # fmt: skip


counts = st.integers(0, 4) | st.sampled_from([2.0, 2.5, -1, True, "2"])
of_numbers = keywords(
    minimum=numbers, maximum=numbers, exclusiveMinimum=numbers | st.booleans(), exclusiveMaximum=numbers | st.booleans()
)
of_texts = keywords(minLength=counts, maxLength=counts, pattern=st.sampled_from(PATTERNS))
types = st.sampled_from(
    ["integer", "number", "string", "array", "object", "boolean", ["integer", "null"], ["string", "number"], "odd"]
)


def schema_with(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["a", "b", "x1"])
    parts = keywords(
        properties=st.dictionaries(names, inner, max_size=3),
        required=st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True),
        additionalProperties=inner | st.booleans(),
        patternProperties=st.dictionaries(st.sampled_from(PATTERNS), inner, max_size=2),
        items=inner | st.lists(inner, max_size=2),
        prefixItems=st.lists(inner, max_size=2),
        minItems=counts,
        maxItems=counts,
    )
    combined = keywords(
        anyOf=st.lists(inner, min_size=1, max_size=3),
        oneOf=st.lists(inner, min_size=1, max_size=2),
        allOf=st.lists(inner, min_size=1, max_size=3),
        **{
            "if": inner,
            "then": inner,
            "else": inner,
            "not": inner,
            "$ref": st.sampled_from(["#/$defs/a", "#/$defs/b"]),
        },
        dependentSchemas=st.dictionaries(names, inner, max_size=1),
        enum=st.lists(scalars, max_size=3),
        const=scalars,
        default=values,
    )
    typed = st.fixed_dictionaries({"type": types})
    some = st.sampled_from([of_numbers, of_texts, parts, typed]).flatmap(lambda each: each)
    return st.lists(some | combined | messages, min_size=1, max_size=3).map(
        lambda found: {key: value for each in found for key, value in each.items()}
    )


flat = st.one_of(
    of_numbers.map(lambda found: {"type": "number", **found}),
    of_numbers.map(lambda found: {"type": "integer", **found}),
    st.tuples(of_texts, messages).map(lambda found: {"type": "string", **found[0], **found[1]}),
)
whole_flat = flat.filter(lambda found: not any(isinstance(each, bool) or each in (-1, 2.5) for each in found.values()))
parts_of_schemas = st.recursive(flat | st.booleans(), schema_with, max_leaves=6)


@st.composite
def whole_schemas(draw: st.DrawFn) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": draw(
            st.dictionaries(st.sampled_from(["a", "b", "x1"]), parts_of_schemas, min_size=1, max_size=3)
        ),
        "required": draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True)),
        "$defs": draw(st.fixed_dictionaries({"a": parts_of_schemas, "b": parts_of_schemas})),
    }
    if draw(st.booleans()):
        schema["$schema"] = draw(st.sampled_from(DIALECTS))
    if draw(st.booleans()):
        schema |= draw(schema_with(parts_of_schemas))
    return schema


UNFINISHED = ("fill in or remove", "choose what to send")
"""What the front end says about inputs that a person has begun, and that have no value yet."""


def compared(schema: Any, value: dict[str, Any]) -> tuple[list[Problem], list[Problem]]:
    form = Hands(schema)
    form.fill(value)
    found = [problem for problem in form.local_problems() if problem.reason not in UNFINISHED]
    check = Checker(schema).check(form.draft())
    # A schema that refers to itself without end is not checked to its end.
    ended = any(reason == TOO_DEEP or reason.startswith(("it takes ", "there are ")) for reason in check.unchecked)
    return [] if ended else found, check.problems


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(whole_schemas(), st.dictionaries(st.sampled_from(["a", "b", "x1", "y"]), values, max_size=4))
def test_what_the_front_end_finds_python_finds_at_the_same_place_in_the_same_words(
    schema: dict[str, Any], value: dict[str, Any]
) -> None:
    ours, theirs = compared(schema, value)
    # Lists of required names are merged, and then they have no message.
    places = [problem.place for problem in theirs]
    told = [problem for problem in ours if problem.reason != "required" or problem.place not in places]
    assert [str(problem) for problem in told if problem not in theirs] == [], theirs


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(whole_flat, examples, scalars)
def test_the_bounds_of_a_number_and_a_text_are_found_in_the_front_end(
    schema: dict[str, Any], more: dict[str, Any], value: Any
) -> None:
    ours, theirs = compared({"properties": {"a": {**schema, **more}}}, {"a": value})
    assert [str(problem) for problem in ours if problem not in theirs] == [], theirs
    bounds = (" is less than ", " is greater than ", " is not less than ", " is not greater than ", " characters; at ")
    if any(words in str(problem) for problem in theirs for words in bounds) and "type" not in str(theirs):
        assert ours


@pytest.mark.parametrize("schema", CORPUS.values(), ids=CORPUS)
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_so_it_is_for_schemas_of_real_servers(schema: dict[str, Any], data: st.DataObject) -> None:
    properties = schema.get("properties")
    names = st.sampled_from(sorted(properties)) if isinstance(properties, dict) and properties else st.just("a")
    ours, theirs = compared(schema, data.draw(st.dictionaries(names, values, max_size=3)))
    assert [str(problem) for problem in ours if problem not in theirs] == [], theirs


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1e1", "10.0 is less than 2000.0"),
        (" 7 ", "7 is less than 2000.0"),
        ("-0", "0 is less than 2000.0"),
        ("-0.0", "-0.0 is less than 2000.0"),
        ("1.50", "1.5 is less than 2000.0"),
        ("1E-7", "1e-07 is less than 2000.0"),
        ("0.0001", "0.0001 is less than 2000.0"),
        ("1e22", "1e+22 is greater than 1e+16"),
        ("10000000000000001", "10000000000000001 is greater than 1e+16"),
        ("1" * 100, f"{'1' * 59}… is greater than 1e+16"),
    ],
)
def test_a_number_is_named_as_python_names_it_however_it_is_typed(typed: str, says: str) -> None:
    schema = {"properties": {"a": {"type": "number", "minimum": 2000.0, "maximum": 1e16}}}
    form = Hands(schema)
    form.type(typed, "a")
    assert [str(problem) for problem in form.local_problems()] == [f"a: {says}"]
    assert [str(problem) for problem in Checker(schema).problems(form.draft())] == [f"a: {says}"]


@pytest.mark.parametrize("typed", ["9007199254740993", "9007199254740992.0", "1e16", "2e3"])
def test_a_bound_that_javascript_cannot_hold_is_kept(typed: str) -> None:
    schema = {"properties": {"a": {"exclusiveMinimum": 2**53, "type": "number"}}}
    form = Hands(schema)
    form.type(typed, "a")
    assert form.local_problems() == Checker(schema).problems(form.draft())


atoms = st.sampled_from(
    ["a", "b", "[ab]", "[^a]", r"\d", r"\w", r"\W", r"\s", r"\b", ".", r"\.", r"\u{61}", r"[\w.]", "é", "^", "$",
     r"\cA", "[]", "[^]", r"\x61", "😀", r"[\b]", r"\/", r"\-", r"\k<a>", r"\1", r"\p{L}"]
)  # fmt: skip
repeats = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?", "{,3}", "{0,99}", "{100}"])
patterns = st.recursive(
    st.lists(st.tuples(atoms, repeats).map("".join), max_size=4).map("".join),
    lambda inner: st.one_of(
        inner.map("({})".format),
        inner.map("(?:{})?".format),
        inner.map("^(?:{})$".format),
        inner.map("({})+".format),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, inner).map("".join),
    ),
    max_leaves=4,
)
matched = st.text(st.sampled_from("aab1._ é😀-\n\u2028\x01\xa0"), max_size=8)


@settings(max_examples=1500, deadline=None)
@given(patterns, matched)
def test_a_pattern_that_the_front_end_matches_means_the_same_in_python(pattern: str, text: str) -> None:
    found = local_match(pattern, text)
    if found is not None:
        assert found == found_in(text, pattern)
        if not found:
            assert Checker({"pattern": pattern}).check(text).problems


WITHOUT_END = [
    "(a+)+$", "(a|a)*b", "^(a|aa)+$", "(a{0,99}){0,99}$", "a*a*a*b", "^a*a*a*a*b", "(a|a)" * 30 + "b",
    "a{0,99}" * 6 + "b", "a?" * 60 + "b", "(a?)(a?)" * 30 + "b", "(?=a*)a*b", r"(a)\1", "(?:a?)?" * 50 + "b",
]  # fmt: skip


@pytest.mark.parametrize("pattern", WITHOUT_END)
def test_a_pattern_that_may_take_forever_is_left_to_python(pattern: str) -> None:
    assert local_match(pattern, "a" * 200) is None


@pytest.mark.parametrize(
    ("pattern", "fits", "misfits"),
    [
        (r"^\d{4}-\d{2}-\d{2}$", "2026-01-31", "26-1-31"),
        ("^[A-Z]{2,3}$", "NL", "N"),
        ("^(red|green|blue)$", "red", "pink"),
        ("^[^@]+@[^@]+$", "a@b", "ab"),
        (r"^\+?[1-9]\d{1,14}$", "+31612345678", "0612"),
        ("^.{1,255}$", "x", ""),
        ("^[a-f0-9]{40}$", "a" * 40, "a" * 39),
    ],
)
def test_an_ordinary_pattern_is_matched_in_the_front_end(pattern: str, fits: str, misfits: str) -> None:
    assert local_match(pattern, fits) is True
    assert local_match(pattern, misfits) is False


def test_what_another_variant_accepts_is_not_refused() -> None:
    either = {"anyOf": [{"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 3}]}
    form = Hands({"properties": {"a": either}})
    form.act("chooseVariant", 0, at=("a",))
    form.type("2", "a")
    assert form.local_problems() == []
    assert form.read() == {"a": 2}
    form.type("4", "a")
    assert [str(problem) for problem in form.problems()] == ["a: 4 is less than 5"]


def test_problems_are_those_of_the_variant_that_was_chosen() -> None:
    options = [{"title": name, "required": [name], "properties": {name: {"type": "string"}}} for name in "ab"]
    form = Hands({"type": "object", "oneOf": options})
    form.choose("b")
    assert [str(problem) for problem in form.problems()] == ["b: required"]


def test_what_only_a_condition_asks_for_is_not_refused_where_the_condition_is_not_met() -> None:
    condition = {
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"properties": {"zip": {"type": "string", "minLength": 5}}},
    }
    form = Hands({"properties": {"country": {"enum": ["US", "NL"]}}, **condition})
    form.fill({"country": "NL", "zip": "x"})
    assert form.local_problems() == []
    assert form.read() == {"country": "NL", "zip": "x"}
    form.fill({"country": "US", "zip": "x"})
    assert [str(problem) for problem in form.problems()] == ["zip: 1 characters; at least 5 are required"]
