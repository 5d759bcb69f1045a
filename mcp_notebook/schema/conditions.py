"""Find properties that an object has only under a condition; a form has fields for all, and the check decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mcp_notebook.schema.following import follows
from mcp_notebook.schema.parameters import Schema, choices, flatten, mapping, sequence

__all__ = ["with_conditional"]

MAX_DEPTH: Final = 4
"""Levels of nested conditions that are followed."""


def with_conditional(flat: Schema, root: Schema) -> Schema:
    """Return an object's schema with its conditional properties added."""
    own = mapping(flat.get("properties"))
    found: dict[str, Any] = {}
    for branch in _branches(flat, root):
        for name, schema in mapping(branch.get("properties")).items():
            if name not in own:
                found[name] = _either(found[name], schema) if name in found else schema
    return {**flat, "properties": {**own, **found}} if found else flat


def _branches(schema: Schema, root: Schema, depth: int = 0) -> Iterator[Schema]:
    """Yield the schemas that may apply: ``then`` and ``else``, also in ``allOf``, and those required by a property."""
    if depth == MAX_DEPTH or not follows():
        return
    inside = [part.get(word) for part in (schema, *sequence(schema.get("allOf"))) for word in ("then", "else")]
    for word in ("dependentSchemas", "dependencies"):
        inside += mapping(schema.get(word)).values()
    for raw in inside:
        if raw:
            branch = flatten(raw, root)
            yield branch
            yield from _branches(branch, root, depth + 1)


def _either(first: Any, second: Any) -> Any:
    if isinstance(first, bool) or isinstance(second, bool) or first == second:
        return first
    alike = first.get("type") == second.get("type") and choices(first) is None and choices(second) is None
    return first if alike else {"anyOf": [first, second]}
