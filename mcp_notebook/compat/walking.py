"""Walk through a schema, without end only as far as it is worth it: it may come from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mcp_notebook.schema.problem import shortened

__all__ = ["MOST_NODES", "Node", "nodes"]

MOST_NODES: Final = 20_000
"""Parts of a schema that are looked at; the rest of a larger one is not checked."""

_ONE: Final = (
    "items", "additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else",
    "unevaluatedProperties", "unevaluatedItems",
)  # fmt: skip
_LISTS: Final = ("anyOf", "oneOf", "allOf", "items", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")

Node = tuple[str, Any]
"""The place of a part in words, such as ``sizes[].width``, and the part."""


def nodes(schema: Any) -> Iterator[Node]:
    """Yield the parts of a schema that are schemas, the whole first; at most `MOST_NODES`."""
    waiting: list[Node] = [("", schema)]
    left = MOST_NODES
    while waiting and left:
        left -= 1
        place, node = waiting.pop()
        yield place, node
        if isinstance(node, Mapping):
            waiting += reversed([*_below(place, node)][:left])


def _below(place: str, node: Mapping[str, Any]) -> Iterator[Node]:
    for keyword in _MAPS:
        parts = node.get(keyword)
        for name, part in parts.items() if isinstance(parts, Mapping) else ():
            yield (
                _joined(
                    place, shortened(str(name)) if keyword == "properties" else f"{keyword}.{shortened(str(name))}"
                ),
                part,
            )
    for keyword in _LISTS:
        parts = node.get(keyword)
        for part in parts if isinstance(parts, list) else ():
            yield f"{place}[]" if "tems" in keyword else place, part
    for keyword in _ONE:
        if isinstance(node.get(keyword), Mapping):
            yield f"{place}[]" if keyword == "items" else place, node[keyword]


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
