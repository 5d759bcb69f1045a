"""Describe in words what a schema accepts."""

from __future__ import annotations

import json
from typing import Any, Final

from mcp_notebook.schema.following import follows, one_look
from mcp_notebook.schema.parameters import Schema, choices, resolve, sequence

__all__ = ["accepts_null", "accepts_text", "accepts_text_only", "type_in_words"]

MAX_DEPTH: Final = 3
"""Levels of a schema that are described, because a recursive one has no end."""

MOST_OPTIONS: Final = 30
"""The most options that are named; the others are counted."""


@one_look()
def accepts_text_only(schema: Schema, root: Schema) -> bool:
    """Return whether a schema accepts only strings (and possibly null)."""
    kinds = set(_kinds(schema, root))
    return bool(kinds) and kinds <= {"string", "null"}


@one_look()
def accepts_text(schema: Schema, root: Schema) -> bool:
    """Return whether a schema accepts strings; it does not if it only describes parts of objects or arrays."""
    kinds = set(_kinds(schema, root))
    parts = {"properties", "additionalProperties", "items", "prefixItems"} & set(schema)
    return "string" in kinds or ("any" in kinds and not parts)


@one_look()
def accepts_null(schema: Schema, root: Schema) -> bool:
    """Return whether a schema accepts null."""
    return "null" in _kinds(schema, root)


def _options(schema: Schema) -> list[Any]:
    return sequence(schema.get("anyOf")) or sequence(schema.get("oneOf"))


def _kinds(schema: Schema, root: Schema, depth: int = 0) -> list[str]:
    options = _options(schema)
    if options and depth < MAX_DEPTH:
        return [kind for option in options if follows() for kind in _kinds(resolve(option, root), root, depth + 1)]
    values = choices(schema)
    if values is not None:
        return ["null" if value is None else "string" if isinstance(value, str) else "other" for value in values]
    kind = schema.get("type", "any")
    return [str(each) for each in kind] if isinstance(kind, list) else [str(kind)]


@one_look()
def type_in_words(schema: Schema, root: Schema, depth: int = 0) -> str:
    """Describe in a few words what a schema accepts: ``"integer, 1 to 10"``, ``"'en' or 'fr'"``."""
    values = choices(schema)
    if values is not None:
        return _or([repr(value) if isinstance(value, str) else json.dumps(value) for value in values])
    options = _options(schema)
    if options and depth < MAX_DEPTH:
        words = (type_in_words(resolve(option, root), root, depth + 1) for option in options if follows())
        return _or(list(dict.fromkeys(words)))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return _or(list(map(str, kind)))
    if kind == "array" and depth < MAX_DEPTH:
        items = resolve(schema.get("items", {}), root)
        return f"array of {type_in_words(items, root, depth + 1)}" if items else "array"
    if kind == "object" and schema.get("title"):
        return f"object {schema['title']}"
    return ", ".join(map(str, filter(None, [kind, schema.get("format"), _bounds(schema)])))


def _or(words: list[str]) -> str:
    more = len(words) - MOST_OPTIONS
    return " or ".join(words if more <= 0 else [*words[:MOST_OPTIONS], f"{more} more"])


def _bounds(schema: Schema) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    unit = " characters" if "minLength" in schema or "maxLength" in schema else ""
    if low is not None and low == high:
        return f"exactly {low}{unit}"
    if low is not None and high is not None:
        return f"{low} to {high}{unit}"
    ends = [
        ("at least", low, unit),
        ("over", schema.get("exclusiveMinimum"), ""),
        ("at most", high, unit),
        ("under", schema.get("exclusiveMaximum"), ""),
    ]
    return " and ".join(f"{words} {end}{what}" for words, end, what in ends if end is not None)
