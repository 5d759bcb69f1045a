"""Iterate over the parts of a JSON Schema, up to a number of them: a foreign schema may be of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp_notebook.schema.problem import shortened

__all__ = ["MOST_NODES", "Node", "nodes", "property_place"]

MOST_NODES: Final = 20_000
"""Parts of a schema that are looked at; the rest of a larger one is not checked."""

_ONE: Final = (
    "items", "additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else",
    "unevaluatedProperties", "unevaluatedItems",
)  # fmt: skip
_LISTS: Final = ("anyOf", "oneOf", "allOf", "items", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_DEFINITIONS: Final = ("$defs", "definitions")


@dataclass(frozen=True)
class Node:
    """A part of a schema that is a schema.

    Attributes:
        place: Its place in words, such as ``parameter sizes[].width`` or ``definition Size.width``; "" for the whole.
        schema: The part.
        below: The keywords that lead to it.
    """

    place: str
    schema: Any
    below: frozenset[str] = frozenset()


def nodes(schema: Any, noun: str) -> Iterator[Node]:
    """Yield the parts of a schema that are schemas, the whole first; at most `MOST_NODES`.

    Args:
        schema: The schema.
        noun: The word for its properties, such as ``parameter``.
    """
    waiting = [Node("", schema)]
    left = MOST_NODES
    while waiting and left:
        left -= 1
        node = waiting.pop()
        yield node
        if isinstance(node.schema, Mapping):
            waiting += reversed([*_below(node, node.schema, noun)][:left])


def property_place(place: str, name: object, noun: str) -> str:
    """Return the place of a property of the schema at a place."""
    written = shortened(str(name)) or '""'
    return f"{place}.{written}" if place else f"{noun} {written}"


def _below(node: Node, schema: Mapping[str, Any], noun: str) -> Iterator[Node]:
    for keyword in _MAPS:
        parts = schema.get(keyword)
        for name, part in parts.items() if isinstance(parts, Mapping) else ():
            yield Node(_place(node.place, keyword, name, noun), part, node.below | {keyword})
    for keyword in _LISTS:
        parts = schema.get(keyword)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            place = f"{node.place}[{index}]" if "tems" in keyword else node.place
            yield Node(place, part, node.below | {keyword})
    for keyword in _ONE:
        part = schema.get(keyword)
        if isinstance(part, Mapping):
            yield Node(f"{node.place}[]" if keyword == "items" else node.place, part, node.below | {keyword})


def _place(place: str, keyword: str, name: object, noun: str) -> str:
    if keyword in _DEFINITIONS:
        return property_place("", name, "definition")
    return place if keyword == "dependentSchemas" else property_place(place, name, noun)
