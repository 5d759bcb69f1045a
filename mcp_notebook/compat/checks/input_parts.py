"""Check the parts of an input schema at every depth: arrays, references, rare keywords, required properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp_notebook.compat.checks.dialects import names_older_draft
from mcp_notebook.compat.observation import Observation
from mcp_notebook.compat.walking import Node, nodes, property_place
from mcp_notebook.schema import brief
from mcp_notebook.schema.parameters import mapping, points_to, sequence

__all__ = ["CHECKS", "observe"]

CHECKS = {
    "schema-tuple": "a list of schemas as items, which is older than 2020-12",
    "schema-prefix-items": "an array with a schema for each place: prefixItems",
    "schema-array": "an array that does not say what its items are",
    "schema-reference": "a $ref that leads nowhere in the schema",
    "schema-loop": "a $ref that leads back to itself through required properties",
    "schema-keywords": "keywords that a host does not pass on",
    "schema-required": "a required property that is not described",
}

RARE: Final = frozenset(
    {
        "patternProperties", "propertyNames", "not", "if", "dependentRequired", "dependentSchemas", "contains",
        "unevaluatedProperties", "unevaluatedItems",
    }
)  # fmt: skip
"""Keywords that change what a parameter takes, and that few schemas have."""

MOST_REFERENCES: Final = 1_000
"""The most references that are followed from one."""


def observe(name: str, root: Mapping[str, Any]) -> Iterator[Observation]:
    """Yield observations about the parts of a tool's input schema."""
    looping: set[str] = set()
    for node in nodes(root, "parameter"):
        if isinstance(node.schema, Mapping):
            part = _Part(name, node, node.schema, root, looping)
            yield from part.arrays()
            yield from part.references()
            yield from part.keywords()
            yield from part.required()


@dataclass(frozen=True)
class _Part:
    tool: str
    node: Node
    schema: Mapping[str, Any]
    root: Mapping[str, Any]
    looping: set[str]
    """The references of loops that were found already: a loop is one fault, from wherever it is entered."""

    def _observed(self, check: str, what: str, fix: str, place: str, *keywords: str) -> Observation:
        below = self.node.below
        return Observation(check, "tool", self.tool, what, fix, place, keywords=frozenset(keywords), below=below)

    def arrays(self) -> Iterator[Observation]:
        """Yield what is unusual about an array. Hosts that are written in JavaScript take {} for items."""
        place, items = self.node.place, self.schema.get("items")
        array = "array" if self.schema.get("type") == "array" else "no type array"
        if isinstance(items, list):
            what = "it is a tuple in the style of older drafts: items is a list"
            older = "an older $schema" if names_older_draft(self.root) else "no older $schema"
            fix = "Write prefixItems, or a list of one type."
            yield self._observed("schema-tuple", what, fix, place, older, array)
        elif "prefixItems" in self.schema:
            what, fix = "it is a tuple: prefixItems", "Take a list of one type, or an object with a name for each part."
            described = "without items" if items is None or items is False else "with items"
            yield self._observed("schema-prefix-items", what, fix, place, f"{array} {described}")
        elif array == "array" and "items" not in self.schema:
            what, fix = "it is an array that does not say what its items are", "Say it, such as list[str]."
            yield self._observed("schema-array", what, fix, place)

    def references(self) -> Iterator[Observation]:
        """Yield what is wrong with a reference."""
        place, reference = self.node.place, self.schema.get("$ref")
        if not isinstance(reference, str):
            return
        if points_to(reference, self.root) is None:
            where = "nothing in the schema" if reference.startswith("#") else "another document"
            what, fix = f"its $ref {brief(reference)} leads to {where}", "Put what it means into $defs."
            yield self._observed("schema-reference", what, fix, place, where)
        elif reference not in self.looping and reference in (needed := _needed(reference, self.root)):
            self.looping.update(needed)
            what, fix = f"its $ref {brief(reference)} requires itself", "Make a step of the loop optional, or a list."
            yield self._observed("schema-loop", what, fix, place)

    def keywords(self) -> Iterator[Observation]:
        """Yield the rare keywords, but for those at the root, which have their own check."""
        if self.node.place and (rare := sorted(RARE & self.schema.keys())):
            what, fix = f"it has {', '.join(rare)}", "Describe it in words, too."
            yield self._observed("schema-keywords", what, fix, self.node.place, *rare)

    def required(self) -> Iterator[Observation]:
        """Yield the properties that are required, but not described."""
        described = self.schema.get("properties", {} if self.schema is self.root else None)
        if self.schema.get("type") != "object" or not isinstance(described, Mapping):
            return  # such as a branch of anyOf that only requires
        for key in sequence(self.schema.get("required")):
            if isinstance(key, str) and key not in described:
                what, fix = "it is required, but not described", "Describe it in properties, or do not require it."
                yield self._observed("schema-required", what, fix, property_place(self.node.place, key, "parameter"))


def _needed(reference: str, root: Mapping[str, Any]) -> set[str]:
    """Return the references that a value must have within itself: not those in optional or nullable parts."""
    found: set[str] = set()
    waiting: list[Any] = [points_to(reference, root)]
    while waiting and len(found) < MOST_REFERENCES:
        node = waiting.pop()
        if not isinstance(node, Mapping) or "null" in sequence(node.get("type")):
            continue
        further = node.get("$ref")
        if isinstance(further, str) and further not in found:
            found.add(further)
            waiting.append(points_to(further, root))
        properties = mapping(node.get("properties"))
        waiting += [
            properties[key] for key in sequence(node.get("required")) if isinstance(key, str) and key in properties
        ]
        waiting += sequence(node.get("allOf"))
        if isinstance(least := node.get("minItems"), int) and least > 0:
            waiting += [node.get("items"), *sequence(node.get("prefixItems"))[:least]]
        for keyword in ("anyOf", "oneOf"):
            branches = sequence(node.get(keyword))
            if not any(map(_takes_null, branches)):
                waiting += branches
    return found


def _takes_null(branch: Any) -> bool:
    return isinstance(branch, Mapping) and (branch.get("type") == "null" or "null" in sequence(branch.get("type")))
