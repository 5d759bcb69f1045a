"""Copies of JSON values that are short when written out.

The library for JSON Schema writes the value, and often the schema, into the message of each error that it finds, even
where nobody sees it: a large value with many errors would fill the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_notebook.schema.budget import NotChecked, current

__all__ = ["light", "light_schema"]

SHORT: Final = 100
"""Characters of a text that is written out as it is."""

MOST_PARTS: Final = 50_000
"""Parts of a schema that is evaluated; following one reference can mean to look at all of them."""


class _Object(dict[str, Any]):
    def __repr__(self) -> str:
        return "{…}"


class _Array(list[Any]):
    def __repr__(self) -> str:
        return "[…]"


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        return repr(f"{self[:SHORT]}…")


def light(value: Any) -> Any:
    """Return a copy of a JSON value."""
    if isinstance(value, str):
        return value if len(value) <= SHORT else _Text(value)
    if isinstance(value, Mapping):
        current().spend(len(value))
        return _Object({name: light(item) for name, item in value.items()})
    if isinstance(value, list | tuple):
        current().spend(len(value))
        return _Array([light(item) for item in value])
    return value


def light_schema(schema: Any) -> Any:
    """Return a copy of a schema, without the name of its dialect.

    For a part that names another one, the library would change to its own checks.

    Raises:
        NotChecked: It has more than `MOST_PARTS`.
    """
    return _without_dialect(light(schema), [MOST_PARTS])


def _without_dialect(schema: Any, left: list[int]) -> Any:
    if not isinstance(schema, _Object | _Array):
        return schema
    left[0] -= len(schema)
    if left[0] < 0:
        raise NotChecked("the schema is too large")
    if isinstance(schema, _Object) and isinstance(schema.get("$schema"), str):
        del schema["$schema"]
    for part in schema.values() if isinstance(schema, _Object) else schema:
        _without_dialect(part, left)
    return schema
