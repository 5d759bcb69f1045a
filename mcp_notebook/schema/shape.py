"""Reduce a schema to one of a few shapes of input, whatever keywords it uses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias

from mcp_notebook.schema.conditions import with_conditional
from mcp_notebook.schema.following import follows, one_look
from mcp_notebook.schema.parameters import Schema, choices, flatten, mapping, merge, sequence
from mcp_notebook.schema.words import type_in_words

__all__ = ["Kind", "Shape", "shape_of"]

Kind: TypeAlias = Literal["text", "number", "choice", "many", "record", "rows", "union", "json"]

MAX_DEPTH: Final = 8
"""Levels of nested unions that are followed."""

_KINDS: Final[dict[str, Kind]] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "object": "record",
    "array": "rows",
}

_TELLING: Final[dict[str, str]] = {
    "properties": "object",
    "patternProperties": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "minimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}
"""The type that a keyword implies, for a schema that names none."""

_SHAPING: Final = frozenset(
    {"type", "properties", "patternProperties", "items", "prefixItems", "enum", "const", "anyOf", "oneOf"}
)
"""The keywords that make the options of a union different; the others only restrict them."""


@dataclass(frozen=True)
class Shape:
    """The shape of the input for a schema.

    Attributes:
        kind: ``text``, ``number``, ``choice`` (one of a few values), ``many`` (some of a few values), ``record`` (an
            object), ``rows`` (an array), ``union`` (one of several schemas), or ``json`` if nothing else fits.
        schema: The schema, flattened, and without null if it also accepts other values.
        nullable: Whether null is also valid.
        options: For ``choice`` and ``many``: each value with its label.
        variants: For ``union``: each schema with its label.
        conditional: For ``record``: the names of properties that the schema describes only under a condition.
    """

    kind: Kind
    schema: Schema
    nullable: bool = False
    options: Sequence[tuple[str, Any]] = ()
    variants: Sequence[tuple[str, Schema]] = ()
    conditional: Sequence[str] = ()


@one_look()
def shape_of(schema: Any, root: Schema, depth: int = 0) -> Shape:
    """Return the shape of a schema; even a broken schema has one."""
    flat = flatten(schema, root)
    options = _options(flat, root)
    if options is not None:
        return Shape("choice", flat, options=options)
    for keyword in ("anyOf", "oneOf"):
        branches = [flatten(branch, root) for branch in sequence(flat.get(keyword)) if follows()]
        beside = {key: value for key, value in flat.items() if key != keyword}
        if branches and depth < MAX_DEPTH and any(_shapes(branch, beside) for branch in branches):
            return _union(branches, beside, root, depth)
    kinds = _types(flat)
    if len(kinds) > 1:
        left = [kind for kind in kinds if kind != "null"]
        if len(left) > 1:
            variants = [(kind, {**flat, "type": kind}) for kind in left]
            return Shape("union", flat, nullable="null" in kinds, variants=variants)
        return replace(shape_of({**flat, "type": left[0]}, root, depth), nullable=True)
    return _plain(flat, kinds[0] if kinds else "", root)


def _plain(flat: Schema, kind: str, root: Schema) -> Shape:
    if kind == "boolean":
        return Shape("choice", flat, options=[("true", True), ("false", False)])
    if kind == "null":
        return Shape("choice", flat, options=[("null", None)])
    if kind == "array" and isinstance(flat.get("items"), Mapping) and "prefixItems" not in flat:
        some = _options(flatten(flat["items"], root), root)
        if some and flat.get("uniqueItems") is not False:
            return Shape("many", flat, options=some)
    if kind == "object":
        whole, own = with_conditional(flat, root), mapping(flat.get("properties"))
        return Shape(
            "record", whole, conditional=[name for name in mapping(whole.get("properties")) if name not in own]
        )
    return Shape(_KINDS.get(kind, "json"), flat)


def _types(flat: Schema) -> list[str]:
    kind = flat.get("type")
    if isinstance(kind, list):
        return list(dict.fromkeys(each for each in kind if isinstance(each, str)))
    if isinstance(kind, str):
        return [kind]
    return list(dict.fromkeys(of for keyword, of in _TELLING.items() if keyword in flat))[:1]


def _options(flat: Schema, root: Schema) -> list[tuple[str, Any]] | None:
    """Return the values to choose from with their labels, if the schema lists them."""
    values = choices(flat)
    if values:
        names = sequence(flat.get("enumNames")) or sequence(flat.get("x-enumNames"))
        labels = names if len(names) == len(values) else _labels(values)
        return [(str(label), value) for label, value in zip(labels, values, strict=True)]
    listed = sequence(flat.get("oneOf")) or sequence(flat.get("anyOf"))
    branches = [flatten(branch, root) for branch in listed if follows()]
    found: list[tuple[str, Any]] = []
    for branch in branches:
        of_branch = [None] if branch.get("type") == "null" else choices(branch)
        if not of_branch:
            return None
        title = branch.get("title")
        labels = [title] if isinstance(title, str) and len(of_branch) == 1 else _labels(of_branch)
        found += zip(labels, of_branch, strict=True)
    return found or None


def _labels(values: list[Any]) -> list[str]:
    """Return texts as they are if all values are texts, else JSON, which distinguishes ``"1"`` from ``1``."""
    if all(isinstance(value, str) for value in values):
        return list(values)
    return [value if _plain_word(value) else json.dumps(value, ensure_ascii=False) for value in values]


def _plain_word(value: Any) -> bool:
    return isinstance(value, str) and value.isidentifier() and value not in ("null", "true", "false")


def _shapes(branch: Schema, beside: Schema) -> bool:
    return any(key in branch and branch[key] != beside.get(key) for key in _SHAPING)


def _union(branches: list[Schema], beside: Schema, root: Schema, depth: int) -> Shape:
    left = [branch for branch in branches if branch.get("type") != "null" and choices(branch) != [None]]
    nullable = len(left) < len(branches)
    if len(left) == 1:
        inner = shape_of(merge(left[0], beside), root, depth + 1)
        return replace(inner, nullable=nullable or inner.nullable)
    common = {key: value for key, value in beside.items() if key not in ("default", "title", "description")}
    labels = _variant_labels(left, root)
    variants = [(label, _tagged(merge(common, branch), root)) for label, branch in zip(labels, left, strict=True)]
    return Shape("union", beside, nullable=nullable, variants=variants)


def _variant_labels(branches: list[Schema], root: Schema) -> list[str]:
    """Name each option by its title, by its distinguishing value, or by what it accepts."""
    labels = []
    for branch in branches:
        title = branch.get("title")
        labels.append(title if isinstance(title, str) and title else _tag(branch, root) or type_in_words(branch, root))
    return [label if labels.count(label) == 1 else f"{label} ({i})" for i, label in enumerate(labels, 1)]


def _tagged(branch: Schema, root: Schema) -> Schema:
    """Require properties with only one possible value, even optional ones, because they distinguish the options."""
    parts = mapping(branch.get("properties"))
    fixed = [name for name, part in parts.items() if len(choices(flatten(part, root)) or ()) == 1]
    return {**branch, "required": [*sequence(branch.get("required")), *fixed]} if fixed else branch


def _tag(branch: Schema, root: Schema) -> str:
    for schema in mapping(branch.get("properties")).values():
        value = flatten(schema, root).get("const") if isinstance(schema, Mapping) else None
        if isinstance(value, str):
            return value
    return ""
