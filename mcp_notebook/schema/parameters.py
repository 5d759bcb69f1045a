"""List the parameters of an object schema, following references and ``allOf``; a broken schema may have fewer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from mcp_notebook.schema.following import follows, one_look
from mcp_notebook.schema.messages import with_messages

__all__ = [
    "UNSET",
    "Parameter",
    "Schema",
    "choices",
    "flatten",
    "mapping",
    "parameters",
    "points_to",
    "resolve",
    "sequence",
    "version",
]

Schema: TypeAlias = Mapping[str, Any]

MAX_PARTS: Final = 8
"""Levels of nested ``allOf`` that are followed."""

_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
"""Keywords that mean the same here, because no part of a schema comes from outside."""


_WORDS: Final = frozenset({"title", "description", "default", "examples"})
"""Keywords that say something about a value and never refuse one."""


class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()
"""Marks a missing value where None is a value."""


@dataclass(frozen=True)
class Parameter:
    """One property of an object schema, its references resolved."""

    name: str
    schema: Schema
    required: bool
    default: Any = UNSET
    description: str = ""


@one_look()
def parameters(root: Schema) -> list[Parameter]:
    """Return the properties of an object schema, in order."""
    whole = flatten(root, root)
    required = sequence(whole.get("required"))
    found = []
    for name, raw in mapping(whole.get("properties")).items():
        schema = flatten(raw, root)
        description = schema.get("description")
        found.append(
            Parameter(
                name=str(name),
                schema=schema,
                required=name in required,
                default=schema.get("default", UNSET),
                description=description if isinstance(description, str) else "",
            )
        )
    return found


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a keyword's value if it is an object, as it should be, else an empty object."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: Any) -> list[Any]:
    """Return a keyword's value if it is an array, as it should be, else an empty array."""
    return value if isinstance(value, list) else []


@one_look()
def resolve(schema: Any, root: Schema) -> Schema:
    """Follow references inside the schema (``#/$defs/...``, ``#anchor``), and keep the keywords next to them.

    A boolean schema becomes ``{}``; a reference to nothing or to itself is left out.
    """
    seen: set[str] = set()
    alone = version(root) <= 7  # keywords next to a reference are ignored
    beside: dict[str, Any] = {}
    while isinstance(schema, Mapping) and (keyword := next((k for k in _REFERENCES if k in schema), None)):
        reference = schema[keyword]
        here = {k: v for k, v in schema.items() if k != keyword and (k in _WORDS or not alone)}
        beside = with_messages({**here, **beside}, here, beside)
        if not isinstance(reference, str) or reference in seen or not follows():
            return beside
        seen.add(reference)
        schema = points_to(reference, root)
    return with_messages({**schema, **beside}, schema, beside) if isinstance(schema, Mapping) else beside


def version(root: Schema) -> int:
    """Return the version of JSON Schema that a schema names: 3, 4, 6, 7, 2019, or 2020 if it names none of these."""
    found = re.fullmatch(
        r"(?:http://json-schema\.org/draft-0([3467])/schema|https://json-schema\.org/draft/(2019)-09/schema)#?",
        str(root.get("$schema", "")),
    )
    return int(found[1] or found[2]) if found else 2020


def points_to(reference: str, root: Schema) -> Any:
    """Return the part of a schema that a reference inside it names; None if there is none."""
    if reference != "#" and not reference.startswith("#/"):
        return _by_name(reference, root)
    found: Any = root
    for part in reference[1:].split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = found[int(key)] if key.isdecimal() and int(key) < len(found) else None
        else:
            found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _by_name(reference: str, root: Schema) -> Any:
    """Follow a reference to an anchor or an ``$id`` inside the schema, without fetching anything."""
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    try:
        resource = Resource.from_contents(root, default_specification=DRAFT202012)
        name = resource.id() or ""
        return Registry().with_resource(name, resource).resolver(name).lookup(reference).contents
    except Exception:  # noqa: BLE001 - a broken schema can make the library raise anything
        return None


@one_look()
def flatten(schema: Any, root: Schema, depth: int = 0) -> Schema:
    """Resolve a schema and merge the parts of its ``allOf`` into it, except conditions.

    If several parts describe a property, all descriptions are kept.
    """
    whole = resolve(schema, root)
    parts = sequence(whole.get("allOf"))
    if not follows() or not parts or depth == MAX_PARTS:
        return whole
    merged: dict[str, Any] = {}
    conditions = [part for part in parts if _is_condition(part)]
    for part in (flatten(part, root, depth + 1) for part in parts if not _is_condition(part)):
        conditions += filter(_is_condition, sequence(part.get("allOf")))
        merged = merge(merged, part)
    merged = merge(merged, whole)
    del merged["allOf"]
    return {**merged, "allOf": conditions} if conditions else merged


def _is_condition(part: Any) -> bool:
    # Merging would combine its "if" with the "then" of another part.
    return isinstance(part, Mapping) and "if" in part


def merge(first: Schema, second: Schema) -> dict[str, Any]:
    """Combine two schemas into one, as far as a form needs it; if they differ, the second counts."""
    merged = {**first, **second}
    for keyword in ("properties", "patternProperties"):
        ours, theirs = mapping(first.get(keyword)), mapping(second.get(keyword))
        if ours and theirs:
            both = {name: {"allOf": [ours[name], theirs[name]]} for name in ours if name in theirs}
            merged[keyword] = {**ours, **theirs, **both}
    if "prefixItems" in first and "prefixItems" in second:
        merged["prefixItems"] = max(sequence(first["prefixItems"]), sequence(second["prefixItems"]), key=len)
    required = [*sequence(first.get("required")), *sequence(second.get("required"))]
    if required:
        merged["required"] = required
    return with_messages(merged, first, second)


def choices(schema: Schema) -> list[Any] | None:
    """Return the values of an enumeration (``enum`` or ``const``), or None if there is none."""
    if isinstance(schema.get("enum"), list):
        return list(schema["enum"])
    return [schema["const"]] if "const" in schema else None
