"""Check the input schemas of tools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mcp_notebook.compat.spots import Spot
from mcp_notebook.compat.subject import CheckedServer
from mcp_notebook.compat.walking import nodes
from mcp_notebook.schema import brief, fault_of, one_look
from mcp_notebook.schema.parameters import mapping, points_to, sequence
from mcp_notebook.schema.problem import shortened

__all__ = ["CHECKS", "spots"]

CHECKS = {
    "schema-not-object": "an input schema whose root is not of type object",
    "schema-root": "anyOf, oneOf, allOf, not or enum at the root of an input schema",
    "schema-invalid": "an input schema that is not valid JSON Schema",
    "schema-dialect": "an input schema that is valid in an older draft only",
    "schema-tuple": "a list of schemas as items, which is older than 2020-12",
    "schema-prefix-items": "prefixItems: an array with a schema for each place",
    "schema-array": "an array that does not say what its items are",
    "schema-boolean": "true or false in place of a parameter's schema",
    "schema-reference": "a $ref that leads nowhere in the schema",
    "schema-loop": "a $ref that leads back to itself through required properties",
    "schema-keywords": "keywords that a host does not pass on",
    "schema-required": "a required parameter that is not described",
    "schema-header": "an x-mcp-header that no client may send",
    "parameter-name": "a parameter's name with unusual characters, or a long one",
}

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

ROOT: Final = ("anyOf", "oneOf", "allOf", "not", "enum", "if")

RARE: Final = frozenset(
    {
        "patternProperties", "propertyNames", "not", "if", "dependentRequired", "dependentSchemas", "contains",
        "unevaluatedProperties", "unevaluatedItems",
    }
)  # fmt: skip
"""Keywords that change what a parameter takes, and that few schemas have."""


def spots(subject: CheckedServer) -> Iterator[Spot]:
    """Yield spots about the input schemas."""
    for tool in subject.tools:
        with one_look():
            yield from _of_tool(tool["name"], tool["inputSchema"])


def _of_tool(name: str, root: Mapping[str, Any]) -> Iterator[Spot]:
    if root.get("type") != "object":
        what = (
            f"the root of its input schema has type {brief(root['type'])}"
            if "type" in root
            else "its input schema has no type"
        )
        fix = 'Put "type": "object" at its root, and what it takes into properties.'
        yield Spot("schema-not-object", "tool", name, what, fix)
        return
    invalid = [*_validity(name, root)]
    yield from invalid
    if any(spot.check == "schema-invalid" for spot in invalid):
        return  # what else it seems to have may be the same fault
    yield from _root(name, root)
    yield from _parameters(name, root)
    yield from _headers(name, root)
    for place, node in nodes(root):
        if isinstance(node, Mapping):
            yield from _arrays(name, place, node, older="$schema" in root and root["$schema"] != DIALECT)
            yield from _references(name, place, node, root)
            if place and (rare := sorted(RARE & node.keys())):
                what, fix = f"it has {', '.join(rare)}", "Describe it in words, too."
                yield Spot("schema-keywords", "tool", name, what, fix, _path(place), keywords=frozenset(rare))


def _path(place: str) -> str:
    return f"parameter {place}" if place else ""


def _validity(name: str, root: Mapping[str, Any]) -> Iterator[Spot]:
    own, today = fault_of(root), fault_of({**_untupled(root), "$schema": DIALECT})
    if own is not None and today is not None:
        what, fix = f"its input schema is not valid: {own}", "Correct it; pydantic writes valid ones."
        yield Spot("schema-invalid", "tool", name, what, fix, keywords=frozenset({_broken(root)}))
    elif today is not None:
        what = f"its input schema is valid only in the older draft that it names: {today}"
        yield Spot("schema-dialect", "tool", name, what, "Write it in JSON Schema 2020-12.")


def _broken(root: Mapping[str, Any]) -> str:
    """Return which part of an invalid schema is broken, as far as hosts tell these apart."""
    if "required" in root and not isinstance(root["required"], list):
        return "required"
    properties = root.get("properties", {})
    if not isinstance(properties, Mapping) or not all(isinstance(part, Mapping | bool) for part in properties.values()):
        return "properties"
    return "a keyword"


def _untupled(node: Any) -> Any:
    """Return a schema in which tuples of earlier drafts, which have their own check, are arrays of anything."""
    if isinstance(node, list):
        return [_untupled(part) for part in node]
    if not isinstance(node, Mapping):
        return node
    tuple_here = isinstance(node.get("items"), list)
    return {
        key: _untupled(part) for key, part in node.items() if not (tuple_here and key in ("items", "additionalItems"))
    }


def _root(name: str, root: Mapping[str, Any]) -> Iterator[Spot]:
    if found := [keyword for keyword in ROOT if keyword in root]:
        yield Spot(
            "schema-root",
            "tool",
            name,
            f"its input schema has {', '.join(found)} at the root",
            "Move it into a parameter, or check it in the function.",
            keywords=frozenset(found),
        )


def _parameters(name: str, root: Mapping[str, Any]) -> Iterator[Spot]:
    properties = mapping(root.get("properties"))
    for key, schema in properties.items():
        path = _path(shortened(key))
        if isinstance(schema, bool):
            fix = "Write {} for anything, or say what it takes."
            yield Spot("schema-boolean", "tool", name, f"its schema is {str(schema).lower()}", fix, path)
        fix = "Name it with letters, digits and _, at most 64."
        if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", key):
            yield Spot("parameter-name", "tool", name, "its name is unusual or long", fix, path, text=key)
    for key in sequence(root.get("required")):
        if isinstance(key, str) and key not in properties:
            what, fix = "it is required, but not described", "Describe it in properties, or do not require it."
            yield Spot("schema-required", "tool", name, what, fix, _path(shortened(key)))


def _headers(name: str, root: Mapping[str, Any]) -> Iterator[Spot]:
    seen: set[str] = set()
    for place, node in nodes(root):
        if not isinstance(node, Mapping) or "x-mcp-header" not in node:
            continue
        header = node["x-mcp-header"]
        wrong = ""
        if not isinstance(header, str) or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", header):
            wrong = f"its x-mcp-header is {brief(header)}, which cannot be the name of a header"
        elif node.get("type") not in ("string", "integer", "boolean"):
            wrong = "it has an x-mcp-header, but is not a text, an integer or a boolean"
        elif header.lower() in seen:
            wrong = f"its x-mcp-header {header} is that of another parameter"
        else:
            seen.add(header.lower())
        if wrong:
            yield Spot("schema-header", "tool", name, wrong, "Correct it, or leave it out.", _path(place))


def _arrays(name: str, place: str, node: Mapping[str, Any], *, older: bool) -> Iterator[Spot]:
    path = _path(place)
    if isinstance(node.get("items"), list):
        what, fix = (
            "it is a tuple in the style of older drafts: items is a list",
            "Write prefixItems, or a list of one type.",
        )
        named = frozenset({"an older $schema" if older else "no older $schema"})
        yield Spot("schema-tuple", "tool", name, what, fix, path, keywords=named)
    elif "prefixItems" in node:
        closed = frozenset() if node.get("items") else frozenset({"without items"})
        what, fix = "it is a tuple: prefixItems", "Take a list of one type, or an object with a name for each part."
        yield Spot("schema-prefix-items", "tool", name, what, fix, path, keywords=frozenset({"prefixItems"}) | closed)
    elif node.get("type") == "array" and "items" not in node:
        what, fix = "it is an array that does not say what its items are", "Say it, such as list[str]."
        yield Spot("schema-array", "tool", name, what, fix, path)


def _references(name: str, place: str, node: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Spot]:
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return
    if points_to(reference, root) is None:
        where = "nothing in the schema" if reference.startswith("#") else "another document"
        what, fix = f"its $ref {brief(reference)} leads to {where}", "Put what it means into $defs."
        yield Spot("schema-reference", "tool", name, what, fix, _path(place))
    elif reference in _needed(reference, root):
        what = f"its $ref {brief(reference)} requires itself"
        yield Spot("schema-loop", "tool", name, what, "Make a step of the loop optional, or a list.", _path(place))


def _needed(reference: str, root: Mapping[str, Any]) -> set[str]:
    """Return the references that a value of a reference must or may have at once: not those in optional parts."""
    found: set[str] = set()
    waiting: list[Any] = [points_to(reference, root)]
    while waiting and len(found) < 1_000:
        node = waiting.pop()
        if not isinstance(node, Mapping):
            continue
        further = node.get("$ref")
        if isinstance(further, str) and further not in found:
            found.add(further)
            waiting.append(points_to(further, root))
        properties = mapping(node.get("properties"))
        waiting += [
            properties[key] for key in sequence(node.get("required")) if isinstance(key, str) and key in properties
        ]
        waiting += [part for keyword in ("anyOf", "oneOf", "allOf") for part in sequence(node.get(keyword))]
    return found
