"""Forms of many schemas: by hand, from pydantic, from real servers, and made at random."""

from __future__ import annotations

import datetime
import enum
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, TypeAdapter

from mcp_notebook.schema import UNSET, Checker, flatten, parameters
from tests.support.front_end import Hands as SchemaForm

pytestmark = pytest.mark.once

FOLDER = Path(__file__).parent / "schemas"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str] = []


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Node(BaseModel):
    name: str
    parent: Node | None = None
    children: dict[str, Node] = {}


class Plain(BaseModel):
    text: str
    number: Annotated[int, Field(ge=1, le=10)] = 3
    share: float | None = None
    day: datetime.date | None = None
    moment: datetime.datetime | None = None
    length: datetime.timedelta | None = None
    id: uuid.UUID | None = None
    page: AnyUrl | None = None
    size: Size = Size.SMALL
    pair: tuple[int, str] = (1, "a")
    unique: set[Literal["a", "b"]] = set()
    raw: bytes = b""


class Zoo(BaseModel):
    model_config = ConfigDict(extra="forbid")
    star: Annotated[Cat | Dog, Field(discriminator="kind")]
    others: list[Cat | Dog] = []
    keeper: Plain | None = None


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")
    anything: Any = None
    either: int | str | list[int] | None = None


FROM_PYDANTIC = {model.__name__: TypeAdapter(model).json_schema() for model in (Cat, Dog, Node, Plain, Zoo, Loose)}


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(FOLDER.glob("*.json")):
        for name, schema in json.loads(path.read_text(encoding="utf-8"))["schemas"].items():
            yield f"{path.stem}: {name}", schema
    for name, schema in FROM_PYDANTIC.items():
        yield f"pydantic: {name}", schema


CORPUS = dict(schemas())


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 60


def line(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("schema", CORPUS.values(), ids=CORPUS)
def test_every_schema_has_a_form_that_says_what_is_missing_and_sends_what_fits(schema: dict[str, Any]) -> None:
    form = SchemaForm(schema)
    given_up = form.problems()
    if not given_up:
        assert Checker(schema).problems(form.read()) == []
    else:
        with pytest.raises(ValueError, match=r"."):
            form.read()
    whole = flatten(schema, schema)
    if not whole.get("required") and not ({"anyOf", "oneOf"} & set(whole)):
        assert form.read() == {}


@pytest.mark.parametrize("schema", CORPUS.values(), ids=CORPUS)
def test_the_defaults_of_every_schema_survive_its_form(schema: dict[str, Any]) -> None:
    defaults = {p.name: p.default for p in parameters(schema) if p.default is not UNSET}
    form = SchemaForm(schema)
    form.fill(defaults)
    draft = form.draft()
    assert line({name: draft[name] for name in defaults}) == line(defaults)
    form.fill({})
    for name in defaults:
        if name not in (schema.get("required") or ()):
            assert name not in form.draft()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(set(CORPUS) - {"by-hand: sixty"})), st.data())
def test_no_value_is_lost_in_any_form_right_or_wrong(name: str, data: st.DataObject) -> None:
    schema = CORPUS[name]
    names = [p.name for p in parameters(schema)]
    keys = st.text(max_size=4) | st.sampled_from(names) if names else st.text(max_size=4)
    given_values = data.draw(st.dictionaries(keys, values, max_size=4))
    form = SchemaForm(schema)
    form.fill(given_values)
    draft = form.draft()
    assert line({key: draft[key] for key in given_values}) == line(given_values)


@st.composite
def schema_and_value(draw: st.DrawFn, depth: int = 2) -> tuple[dict[str, Any], Any]:  # noqa: PLR0911
    """A schema, and a value that fits it."""
    kinds = ["string", "integer", "number", "boolean", "enum", "null", "any"]
    kinds += ["object", "array", "union", "map"] if depth else []
    kind = draw(st.sampled_from(kinds))
    if kind == "string":
        return {"type": "string"}, draw(st.text(max_size=20))
    if kind == "integer":
        value = draw(st.integers())
        return draw(st.sampled_from([{"type": "integer"}, {"type": "integer", "minimum": value}])), value
    if kind == "number":
        return {"type": "number"}, draw(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
    if kind == "boolean":
        return {"type": "boolean"}, draw(st.booleans())
    if kind == "enum":
        allowed = draw(st.lists(st.text(max_size=5) | st.integers() | st.none(), min_size=1, max_size=4))
        return {"enum": allowed}, draw(st.sampled_from(allowed))
    if kind == "null":
        schema, value = draw(schema_and_value(depth=0))
        return {"anyOf": [schema, {"type": "null"}]}, draw(st.sampled_from([value, None]))
    if kind == "any":
        return {}, draw(values)
    inner = draw(st.lists(schema_and_value(depth=depth - 1), min_size=1, max_size=3))
    if kind == "object":
        return object_of(draw, inner)
    if kind == "union":
        return {"anyOf": [schema for schema, _ in inner]}, draw(st.sampled_from([value for _, value in inner]))
    schema, value = inner[0]
    if kind == "array":
        return {"type": "array", "items": schema}, [value] * draw(st.integers(0, 3))
    keys = draw(st.lists(st.text(max_size=5), max_size=3, unique=True))
    return {"type": "object", "additionalProperties": schema}, dict.fromkeys(keys, value)


def object_of(draw: st.DrawFn, inner: list[tuple[dict[str, Any], Any]]) -> tuple[dict[str, Any], Any]:
    names = draw(st.lists(st.text(max_size=6), min_size=len(inner), max_size=len(inner), unique=True))
    required = [name for name in names if draw(st.booleans())]
    sent = [name for name in names if name in required or draw(st.booleans())]
    schema = {
        "type": "object",
        "properties": dict(zip(names, (s for s, _ in inner), strict=True)),
        "required": required,
    }
    return schema, {name: value for name, (_, value) in zip(names, inner, strict=True) if name in sent}


@st.composite
def object_and_value(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    return object_of(draw, draw(st.lists(schema_and_value(), max_size=4)))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(object_and_value())
def test_what_fits_a_schema_goes_through_its_form_unchanged(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    schema, value = both
    jsonschema.Draft202012Validator(schema).validate(value)
    form = SchemaForm(schema)
    form.fill(value)
    assert line(form.read()) == line(value)


KEYWORDS = (
    *("type", "properties", "items", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "required", "default"),
    *("minimum", "minLength", "pattern", "format", "additionalProperties", "patternProperties", "prefixItems"),
    *("minItems", "title", "description", "a", "$schema", "$id"),
)

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 20) | st.sampled_from(["object", "string", "#", "#/a", "[", "date"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYWORDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(junk)
def test_no_schema_however_broken_breaks_its_form(schema: Any) -> None:
    form = SchemaForm(schema)
    form.fill({"a": [1, {"b": None}]})
    assert form.draft()["a"] == [1, {"b": None}]
