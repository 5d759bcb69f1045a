"""Copy JSON values into objects with short reprs.

The library for JSON Schema writes the value, and often the schema, into the message of each error, even if the message
is never shown. A large value with many errors would fill the memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_notebook.schema.budget import NotChecked, current

__all__ = ["light", "light_schema"]

SHORT: Final = 100
"""The most characters of a text that is written out in full."""

MOST_PARTS: Final = 50_000
"""The most parts of a schema that is evaluated; following one reference can mean looking at all of them."""


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
    """Return a copy of a JSON value with a short repr."""
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

    For a part that names another dialect, the library would switch to its own checks.

    Raises:
        NotChecked: It has more than `MOST_PARTS` parts.
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
