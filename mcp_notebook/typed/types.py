"""Read JSON Schemas as Python types, as data: `source` writes them, `objects` makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from mcp_notebook.schema import Schema, choices, flatten, one_look
from mcp_notebook.schema.parameters import mapping, merge, sequence
from mcp_notebook.typed.names import class_name
from mcp_notebook.typed.texts import is_plain

__all__ = [
    "ANY",
    "Choice",
    "Either",
    "Entries",
    "Field",
    "Items",
    "Plain",
    "PythonType",
    "Record",
    "either",
    "records",
    "type_of",
]

MAX_DEPTH: Final = 6
"""Levels of a schema that become types; deeper parts are `Any`, and so are parts that contain themselves."""

MOST_PARTS: Final = 500
"""Parts of a schema that become types."""

MOST_CHOICES: Final = 50
"""Values of an enumeration that a type lists."""


@dataclass(frozen=True)
class Plain:
    """A type by its name: ``str``, ``int``, ``float``, ``bool``, ``None`` or ``Any``."""

    name: str


@dataclass(frozen=True)
class Choice:
    """One of some values: ``Literal["a", "b"]``."""

    # With the type of each, because True == 1.
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Items:
    """A list."""

    item: PythonType


@dataclass(frozen=True)
class Entries:
    """A dict with any keys."""

    value: PythonType


@dataclass(frozen=True)
class Either:
    """One of several types."""

    options: tuple[PythonType, ...]


@dataclass(frozen=True)
class Field:
    """A key of a `Record`."""

    name: str
    type: PythonType
    required: bool


@dataclass(frozen=True)
class Record:
    """A dict with known keys, a ``TypedDict``; the name is a wish."""

    name: str
    fields: tuple[Field, ...]


PythonType: TypeAlias = Plain | Choice | Items | Entries | Either | Record

ANY: Final = Plain("Any")
NONE: Final = Plain("None")

_PLAIN: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def type_of(schema: Any, root: Schema, name: str = "Value") -> PythonType:
    """Return the type of the values that a schema accepts; where it is broken or too large, `Any`.

    Args:
        schema: The schema.
        root: The schema in which its references are.
        name: The name for its records that have no title.
    """
    with one_look():
        return _Reader(root).read(schema, name, 0)


def either(options: Iterable[PythonType]) -> PythonType:
    """Return the type of values of any of these types."""
    found: dict[PythonType, None] = {}
    for option in options:
        found.update(dict.fromkeys(option.options if isinstance(option, Either) else [option]))
    if ANY in found or not found:
        return ANY
    without = [option for option in found if option != NONE]
    kinds = [*without, *([NONE] if NONE in found else [])]
    return kinds[0] if len(kinds) == 1 else Either(tuple(kinds))


def records(kind: PythonType) -> list[Record]:
    """Return the records in a type, each before those that contain it."""
    inside: tuple[PythonType, ...]
    if isinstance(kind, Record):
        inside = tuple(field.type for field in kind.fields)
    elif isinstance(kind, Either):
        inside = kind.options
    else:
        inside = (kind.item,) if isinstance(kind, Items) else (kind.value,) if isinstance(kind, Entries) else ()
    found = [record for one in inside for record in records(one)]
    return list(dict.fromkeys([*found, *([kind] if isinstance(kind, Record) else [])]))


class _Reader:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._left = MOST_PARTS
        self._inside: list[str] = []

    def read(self, schema: Any, name: str, depth: int) -> PythonType:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH or not isinstance(schema, Mapping):
            return ANY
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return self._of(schema, name, depth)
        if reference in self._inside:
            return Entries(ANY) if "object" in _kinds(flatten(schema, self._root)) else ANY
        self._inside.append(reference)
        try:
            return self._of(schema, _named(schema) or name, depth)
        finally:
            self._inside.pop()

    def _of(self, schema: Schema, name: str, depth: int) -> PythonType:
        flat = flatten(schema, self._root)
        found = self._of_values(flat) or self._of_branches(flat, name, depth)
        if found is None:
            kinds = _kinds(flat)
            found = either(self._of_kind(kind, flat, name, depth) for kind in kinds) if kinds else ANY
        # OpenAPI 3.0 marks null in this way.
        return either([found, NONE]) if flat.get("nullable") is True else found

    def _of_values(self, flat: Schema) -> PythonType | None:
        values = choices(flat)
        if values is None:
            return None
        fit = all(value is None or isinstance(value, str | int) for value in values)
        if values and fit and len(values) <= MOST_CHOICES and all(map(is_plain, values)):
            return Choice(tuple(dict.fromkeys((type(value).__name__, value) for value in values)))
        return either(_type_of_value(value) for value in values)

    def _of_branches(self, flat: Schema, name: str, depth: int) -> PythonType | None:
        for keyword in ("anyOf", "oneOf"):
            branches = sequence(flat.get(keyword))
            if branches:
                beside = {key: value for key, value in flat.items() if key not in (keyword, "title", "nullable")}
                return either(
                    self.read(merge(beside, flatten(branch, self._root)), _named(branch) or name, depth + 1)
                    for branch in branches
                )
        return None

    def _of_kind(self, kind: str, flat: Schema, name: str, depth: int) -> PythonType:
        if kind == "array":
            items = flat.get("items")
            return Items(ANY if "prefixItems" in flat else self.read(items, f"{name}_item", depth + 1))
        if kind == "object":
            return self._of_object(flat, name, depth)
        return Plain(_PLAIN[kind])

    def _of_object(self, flat: Schema, name: str, depth: int) -> PythonType:
        properties, others = mapping(flat.get("properties")), flat.get("additionalProperties")
        if not properties:
            return Entries(self.read(others, f"{name}_value", depth + 1) if isinstance(others, Mapping) else ANY)
        if depth >= MAX_DEPTH:
            return Entries(ANY)
        required = sequence(flat.get("required"))
        title = flat.get("title")
        own = class_name(title) if isinstance(title, str) and title.strip() else class_name(name)
        fields = [
            Field(key, self.read(part, f"{name}_{key}", depth + 1), key in required)
            for key, part in properties.items()
            if isinstance(key, str)
        ]
        unlisted = dict.fromkeys(key for key in required if isinstance(key, str) and key not in properties)
        fields += [Field(key, ANY, True) for key in unlisted]
        return Record(own, tuple(fields))


def _named(schema: Any) -> str:
    """Return the name that a reference gives to a schema; empty if it is not a reference."""
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""


_TELLING: Final = {"properties": "object", "additionalProperties": "object", "items": "array", "prefixItems": "array"}


def _kinds(flat: Schema) -> list[str]:
    """Return the types that a schema names, as far as JSON Schema has them; else the one that its keywords imply."""
    kind = flat.get("type")
    named = kind if isinstance(kind, list) else [kind]
    known = [each for each in named if isinstance(each, str) and (each in _PLAIN or each in ("array", "object"))]
    return known or [of for keyword, of in _TELLING.items() if keyword in flat and kind is None][:1]


def _type_of_value(value: Any) -> PythonType:
    if isinstance(value, list):
        return Items(ANY)
    if isinstance(value, Mapping):
        return Entries(ANY)
    return NONE if value is None else Plain(type(value).__name__)
