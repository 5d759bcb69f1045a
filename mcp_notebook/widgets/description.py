"""Describe a JSON Schema to the front end, which draws a form of it and checks there what can be checked there.

The description is a table of nodes that refer to each other by their index, so that a schema that contains itself has
an end. Values in it are JSON texts, because numbers of JavaScript lose digits. `frontend/src/form/description.ts` has
the same description as types.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from mcp_notebook.schema import UNSET, Schema, Shape, flatten, one_look, shape_of, type_in_words
from mcp_notebook.schema.budget import Budget, NotChecked
from mcp_notebook.schema.messages import message_of
from mcp_notebook.schema.parameters import mapping, sequence, version
from mcp_notebook.visible import visible

__all__ = ["MOST_FIELDS", "MOST_NODES", "describe"]

MOST_NODES: Final = 1_000
"""Parts of a schema that are described; deeper parts are written as JSON."""

MOST_CHARACTERS: Final = 2_000_000
"""Characters of a description; parts that do not fit are written as JSON."""

MOST_LOOKED_AT: Final = 20_000_000
"""Characters of schemas that are compared, to know which are described already; parts of parts count each time."""

MOST_FIELDS: Final = 500
"""Properties of an object that get fields; an object with more is written as JSON."""

MOST_VARIANTS: Final = 100
"""Variants of a union to choose from; a union with more is written as JSON."""

MOST_TOGETHER: Final = 100
"""Options that are shown together to choose some; if there are more, each item of the list is chosen by itself."""

MOST_EXAMPLES: Final = 5


@one_look()
def describe(schema: Any) -> dict[str, Any]:
    """Describe the schema of an object of arguments; a broken schema is described too, as far as it makes sense.

    Returns:
        ``nodes``, a list of nodes, and ``root``, the index of the node of the whole. It is ``loose`` if the schema is
        valid for values that the description seems to exclude, so that only the check in Python decides.
    """
    root: Schema = schema if isinstance(schema, Mapping) else {}
    return _Table(root).whole()


class _Table:
    """The nodes found so far, each once. Those near the root come first, so that the budget is spent on them."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._nodes: list[dict[str, Any]] = []
        self._known: dict[Any, int] = {}
        self._waiting: deque[tuple[int, Schema, bool]] = deque()
        self._room, self._looks = MOST_CHARACTERS, MOST_LOOKED_AT
        self._budget = Budget()

    def whole(self) -> dict[str, Any]:
        shape = shape_of(self._root, self._root)
        if shape.kind not in ("record", "union"):
            shape = Shape("record", flatten(self._root, self._root))
        self._add(shape.schema, top=True)
        self._waiting.clear()
        self._nodes[0] = self._fitting(self._node(shape, top=True))
        while self._waiting:
            index, flat, top = self._waiting.popleft()
            self._nodes[index] = self._fitting(self._described(flat, top))
        loose = {"loose": True} if _is_loose(self._root) else {}
        return {"nodes": self._nodes, "root": 0, **loose}

    def _index(self, schema: Any, *, top: bool = False) -> int:
        """Return the index of the node for a schema, a new one if it is not described yet."""
        flat = flatten(schema, self._root)
        key: Any = None
        if len(self._nodes) < MOST_NODES and self._looks > 0:
            text = _all_of(flat)
            self._looks -= len(text)
            key = (top, hash(text), text[:200]) if text else None
        if key not in self._known:
            self._known[key] = self._add(flat, top) if key else self._add({}, top)
        return self._known[key]

    def _add(self, flat: Schema, top: bool) -> int:
        self._nodes.append({})
        self._waiting.append((len(self._nodes) - 1, flat, top))
        return len(self._nodes) - 1

    def _fitting(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return a node, or one for JSON in its place if it has too many characters."""
        size = len(json.dumps(node, ensure_ascii=False))
        if size > self._room:
            return {"kind": "json", "why": "it is too large for a form: write JSON"}
        self._room -= size
        return node

    def _described(self, flat: Schema, top: bool) -> dict[str, Any]:
        node = self._node(shape_of(flat, self._root), top=top)
        about = flat.get("description")
        texts = {"title": flat.get("title"), "about": about, "accepts": type_in_words(flat, self._root)}
        node |= {name: visible(text) for name, text in texts.items() if isinstance(text, str) and text}
        default = _written(flat.get("default", UNSET))
        if default is not None:
            node["default"] = default
        examples = [written for each in sequence(flat.get("examples")) if (written := _written(each)) is not None]
        if examples:
            node["examples"] = examples[:MOST_EXAMPLES]
        return node

    def _node(self, shape: Shape, *, top: bool = False) -> dict[str, Any]:
        node: dict[str, Any] = {"kind": shape.kind}
        if shape.nullable:
            node["nullable"] = True
        why = _too_many(shape)
        if why:
            return {**node, "kind": "json", "why": why}
        node |= _PARTS[shape.kind](self, shape, top)
        says = {short: message_of(shape.schema, keyword) for keyword, short in _SAYS.items() if keyword in shape.schema}
        if any(says.values()):
            node["says"] = {short: visible(words) for short, words in says.items() if words}
        return node

    def _text(self, shape: Shape, _top: bool) -> dict[str, Any]:
        schema = shape.schema
        names = {"format": "format", "contentEncoding": "encoding", "contentMediaType": "media", "pattern": "pattern"}
        node: dict[str, Any] = {short: schema[name] for name, short in names.items() if _is_text(schema.get(name))}
        return node | _count(schema, "minLength", "maxLength")

    def _number(self, shape: Shape, _top: bool) -> dict[str, Any]:
        schema = shape.schema
        bounds = {name: json.dumps(schema[name]) for name in _BOUNDS if _is_number(schema.get(name))}
        node: dict[str, Any] = {"bounds": bounds} if bounds else {}
        return {**node, "whole": True} if shape.schema.get("type") == "integer" else node

    def _choice(self, shape: Shape, _top: bool) -> dict[str, Any]:
        options = [(visible(label), written) for label, value in shape.options if (written := _written(value))]
        return {"options": options}

    def _many(self, shape: Shape, top: bool) -> dict[str, Any]:
        if len(shape.options) > MOST_TOGETHER:
            return {**self._rows(shape, top), "kind": "rows"}
        node = self._choice(shape, top) | _count(shape.schema, "minItems", "maxItems")
        return {**node, "some": True} if node.get("least") else node

    def _rows(self, shape: Shape, _top: bool) -> dict[str, Any]:
        schema = shape.schema
        items = schema.get("items")
        first = sequence(schema.get("prefixItems")) or sequence(items)
        rest = schema.get("additionalItems", {}) if isinstance(items, list) else schema.get("items", {})
        described = [self._index(item) for item in first[: MOST_FIELDS + 1]]
        # A keyword of another version of JSON Schema is drawn, and the check leaves it out.
        other = isinstance(items, list) != (version(self._root) <= 2019) and bool(first)
        return {
            **_count(schema, "minItems", "maxItems"),
            **({"loose": True} if other else {}),
            "first": described,
            "rest": None if rest is False else self._index(rest),
        }

    def _record(self, shape: Shape, top: bool) -> dict[str, Any]:
        schema = shape.schema
        required = {name for name in sequence(schema.get("required")) if isinstance(name, str)}
        known = mapping(schema.get("properties"))
        patterns = mapping(schema.get("patternProperties"))
        other = schema.get("additionalProperties")
        rest = other if isinstance(other, dict) else {}
        named = dict(known)
        for name in sequence(schema.get("required")):
            if isinstance(name, str) and name not in named:
                named[name] = self._others(name, patterns, rest)
        closed = "additionalProperties" not in schema and (top or bool(known))
        node: dict[str, Any] = {
            "fields": [(str(name), self._index(part), name in required) for name, part in named.items()],
            "others": {
                "open": bool(patterns) or (other is not False and not closed),
                "patterns": [(str(pattern), self._index(part)) for pattern, part in patterns.items()],
                "rest": self._index(rest),
            },
        }
        return {**node, "maybe": list(shape.conditional)} if shape.conditional else node

    def _others(self, name: str, patterns: Mapping[str, Any], rest: Any) -> Any:
        from mcp_notebook.schema.patterns import matches  # a second to import, and few schemas need it

        try:
            return next((part for pattern, part in patterns.items() if matches(pattern, name, self._budget)), rest)
        except NotChecked:
            return {}

    def _union(self, shape: Shape, top: bool) -> dict[str, Any]:
        return {"variants": [(visible(label), self._index(part, top=top)) for label, part in shape.variants]}

    def _json(self, _shape: Shape, _top: bool) -> dict[str, Any]:
        return {}


_PARTS: Final = {
    "text": _Table._text,
    "number": _Table._number,
    "choice": _Table._choice,
    "many": _Table._many,
    "record": _Table._record,
    "rows": _Table._rows,
    "union": _Table._union,
    "json": _Table._json,
}

_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")

_SAYS: Final = {
    **{name: name for name in _BOUNDS},
    "pattern": "pattern",
    "required": "required",
    **dict.fromkeys(("minLength", "minItems"), "least"),
    **dict.fromkeys(("maxLength", "maxItems"), "most"),
}
"""The keywords whose messages the front end shows, and their names there."""


def _too_many(shape: Shape) -> str:
    """Return why a shape is written as JSON instead of in fields; "" if it is not."""
    schema = shape.schema
    names = {*mapping(schema.get("properties")), *map(str, sequence(schema.get("required")))}
    if shape.kind == "record" and len(names) > MOST_FIELDS:
        return f"{len(names):,} fields are too many for this form: write a JSON object"
    if len(shape.variants) > MOST_VARIANTS:
        return f"{len(shape.variants):,} variants are too many for this form: write JSON"
    return ""


def _is_loose(root: Schema) -> bool:
    """Return whether the description may exclude valid values, because it follows references only roughly."""
    text = _all_of(root)
    rough = '"$dynamicRef"' in text or '"$recursiveRef"' in text or text.count('"$id"') > ("$id" in root)
    return rough or not text or version(root) <= 4


def _all_of(schema: Schema) -> str:
    """Write a schema as text; return "" if it is nested too deep for that."""
    try:
        return json.dumps(schema, sort_keys=True, default=repr)
    except (RecursionError, TypeError):
        return ""


def _count(schema: Schema, least: str, most: str) -> dict[str, int]:
    found: dict[str, Any] = {"least": schema.get(least), "most": schema.get(most)}
    return {
        name: int(value) for name, value in found.items() if _is_number(value) and 0 <= value < 2**53 and value % 1 == 0
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _written(value: Any) -> str | None:
    """Write a value as JSON; return None if it is missing, or JSON has no such value."""
    if value is UNSET:
        return None
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None
