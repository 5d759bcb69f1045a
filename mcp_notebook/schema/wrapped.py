"""Take the value out of the object that the SDK puts around results that are not objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_notebook.schema.parameters import Schema, mapping, resolve

__all__ = ["unwrapped"]


def unwrapped(value: Any, schema: Schema | None = None) -> tuple[Any, Schema]:
    """Return the value and its schema, without the object that the SDK wraps around results of other types."""
    root = schema or {}
    if isinstance(value, Mapping) and set(value) == {"result"}:
        return value["result"], resolve(mapping(root.get("properties")).get("result", {}), root)
    return value, root
