"""Questions to a JSON Schema: which parameters it has, what each accepts, how to say so in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "UNSET",
    "Parameter",
    "accepts_null",
    "accepts_text_only",
    "choices",
    "parameters",
    "resolve",
    "type_in_words",
    "without_null",
]

Schema = Mapping[str, Any]

MAX_DEPTH: Final = 3
"""How deep words follow a schema into its parts; a recursive one has no end."""


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()
"""Stands for a value that is not there, where None is one."""


@dataclass(frozen=True)
class Parameter:
    """One property of an object schema, its references resolved."""

    name: str
    schema: Schema
    required: bool
    default: Any = UNSET
    description: str = ""


def parameters(root: Schema) -> list[Parameter]:
    """Return the properties of an object schema, in order."""
    required = set(root.get("required", ()))
    found = []
    for name, raw in root.get("properties", {}).items():
        schema = resolve(raw, root)
        found.append(
            Parameter(
                name=name,
                schema=schema,
                required=name in required,
                default=schema.get("default", UNSET),
                description=schema.get("description", ""),
            )
        )
    return found


def resolve(schema: Any, root: Schema) -> Schema:
    """Follow local references (``#/$defs/...``); what stands beside a reference is kept.

    A boolean schema becomes ``{}``; a reference that leads nowhere, or to itself, is left out.
    """
    seen: set[str] = set()
    beside: dict[str, Any] = {}
    while isinstance(schema, Mapping) and "$ref" in schema:
        reference = schema["$ref"]
        beside = {**{k: v for k, v in schema.items() if k != "$ref"}, **beside}
        if not isinstance(reference, str) or reference in seen:
            return beside
        seen.add(reference)
        schema = _look_up(reference, root)
    return {**schema, **beside} if isinstance(schema, Mapping) else beside


def _look_up(reference: str, root: Schema) -> Any:
    if not reference.startswith("#"):
        return None
    found: Any = root
    for part in reference[1:].split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def choices(schema: Schema) -> list[Any] | None:
    """Return the values of an enumeration (``enum`` or ``const``), or None where any value may stand."""
    if "enum" in schema:
        return list(schema["enum"])
    return [schema["const"]] if "const" in schema else None


def accepts_text_only(schema: Schema, root: Schema) -> bool:
    """Whether a string is the only kind of value that fits (null apart)."""
    kinds = set(_kinds(schema, root))
    return bool(kinds) and kinds <= {"string", "null"}


def accepts_null(schema: Schema, root: Schema) -> bool:
    """Whether null is among what the schema names as fitting."""
    return "null" in _kinds(schema, root)


def without_null(schema: Schema, root: Schema) -> Schema:
    """Return what is left of ``X or null``: X, with what stands beside it; any other schema as it is."""
    options = [resolve(option, root) for option in schema.get("anyOf", ())]
    left = [option for option in options if option.get("type") != "null"]
    if len(left) != 1 or len(left) == len(options):
        return schema
    return {**left[0], **{key: value for key, value in schema.items() if key != "anyOf"}}


def _kinds(schema: Schema, root: Schema, depth: int = 0) -> list[str]:
    options = schema.get("anyOf") or schema.get("oneOf")
    if options and depth < MAX_DEPTH:
        return [kind for option in options for kind in _kinds(resolve(option, root), root, depth + 1)]
    values = choices(schema)
    if values is not None:
        return ["null" if value is None else "string" if isinstance(value, str) else "other" for value in values]
    kind = schema.get("type", "any")
    return list(kind) if isinstance(kind, list) else [kind]


def type_in_words(schema: Schema, root: Schema, depth: int = 0) -> str:
    """Say in a few words what a schema accepts: ``"integer, 1 to 10"``, ``"'en' or 'fr'"``."""
    values = choices(schema)
    if values is not None:
        return " or ".join(repr(value) for value in values)
    options = schema.get("anyOf") or schema.get("oneOf")
    if options and depth < MAX_DEPTH:
        words = (type_in_words(resolve(option, root), root, depth + 1) for option in options)
        return " or ".join(dict.fromkeys(words))
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array" and depth < MAX_DEPTH:
        items = resolve(schema.get("items", {}), root)
        return f"array of {type_in_words(items, root, depth + 1)}" if items else "array"
    if kind == "object" and schema.get("title"):
        return f"object {schema['title']}"
    return ", ".join(filter(None, [str(kind), schema.get("format"), _bounds(schema)]))


def _bounds(schema: Schema) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    unit = " characters" if "minLength" in schema or "maxLength" in schema else ""
    if low is not None and high is not None:
        return f"{low} to {high}{unit}"
    ends = [
        ("at least", low, unit),
        ("over", schema.get("exclusiveMinimum"), ""),
        ("at most", high, unit),
        ("under", schema.get("exclusiveMaximum"), ""),
    ]
    return " and ".join(f"{words} {end}{what}" for words, end, what in ends if end is not None)
