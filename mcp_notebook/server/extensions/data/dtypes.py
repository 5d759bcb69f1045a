"""The types of columns as JSON Schema, for the JSON that `values` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["described", "name_of_type", "schema_of", "short", "written_type"]

MOST_CHARACTERS = 200
MOST_CHARACTERS_OF_SCHEMA = 500
"""The most of a type as its library writes it, and as JSON Schema: an enum or a struct may be of any length."""


def name_of_type(kind: Any) -> str:
    """Return the name of a type of narwhals, which may be a class or an object."""
    return type(kind).__name__ if not isinstance(kind, type) else kind.__name__


def described(kind: Any, native: Any, name: str) -> dict[str, Any]:
    """Return the schema of a column; its type in the library is the description."""
    written = written_type(native, name)
    if name_of_type(kind) in ("Categorical", "Enum"):
        return {**_of_categories(native, name), "description": written}
    schema = schema_of(kind)
    if len(json.dumps(schema)) > MOST_CHARACTERS_OF_SCHEMA:
        schema = {"type": schema["type"]}
    return {**schema, "description": written}


def written_type(native: Any, name: str) -> str:
    """Return the type of a column as its library writes it."""
    if hasattr(native, "column_names"):
        return short(str(native.schema.field(name).type))
    return short(str(native[name].dtype))


def short(words: str) -> str:
    """Cut the name of a type or a column."""
    return words if len(words) <= MOST_CHARACTERS else f"{words[: MOST_CHARACTERS - 1]}…"


def _of_categories(native: Any, name: str) -> dict[str, Any]:
    """Return the schema of categories, which pandas has of any type."""
    categories: Any = getattr(getattr(native[name], "dtype", None), "categories", None)
    if not hasattr(categories, "to_frame") or not hasattr(categories, "inferred_type"):
        return _or_null("string")
    kind = {"integer": "integer", "string": "string", "floating": "number", "boolean": "boolean"}
    found = kind.get(categories.inferred_type)
    return _or_null(found) if found else {}


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of what `plain` makes of the values of a type of narwhals."""
    name = name_of_type(kind)
    if name == "Datetime" and kind.time_zone is not None:
        return {**_or_null("string"), "format": "date-time"}
    if name in ("List", "Array"):
        return {**_or_null("array"), "items": schema_of(kind.inner)}
    if name == "Struct":
        return {**_or_null("object"), "properties": {f.name: schema_of(f.dtype) for f in kind.fields}}
    if "Int" in name:
        return _or_null("integer")
    return SCHEMAS.get(name, {})


def _or_null(kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"]}


SCHEMAS: Mapping[str, dict[str, Any]] = {
    "Float32": _or_null("number"),
    "Float64": _or_null("number"),
    "Boolean": _or_null("boolean"),
    "String": _or_null("string"),
    "Categorical": _or_null("string"),
    "Enum": _or_null("string"),
    "Datetime": _or_null("string"),
    "Date": {**_or_null("string"), "format": "date"},
    "Time": _or_null("string"),
    "Duration": {**_or_null("string"), "format": "duration"},
    "Decimal": _or_null("string"),
    "Binary": {**_or_null("string"), "contentEncoding": "base64"},
}
"""The schemas of types by their names in narwhals; one that is not here may have any value."""
