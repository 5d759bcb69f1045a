"""Find the parts of an object or array that a schema evaluates, and that ``unevaluated...`` therefore ignores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from referencing.jsonschema import lookup_recursive_ref

from mcp_notebook.schema.budget import current
from mcp_notebook.schema.patterns import matches

__all__ = ["names_and_places"]


def names_and_places(validator: Any, instance: Any, schema: Any, *, leave_out: str = "") -> set[Any]:
    """Return the names of properties, or the places of items, that a schema evaluates.

    Args:
        validator: The library's validator, which knows the place of the schema.
        instance: The object or array.
        schema: The schema; if it is a part of another, the instance must fit it.
        leave_out: The keyword that asks.
    """
    current().spend()
    if not isinstance(schema, dict):
        return set()
    of_its_own = _places if isinstance(instance, list) else _names
    found = set(of_its_own(validator, instance, {key: value for key, value in schema.items() if key != leave_out}))
    for inside, part in _applied(validator, instance, schema):
        found |= names_and_places(inside, instance, part)
    return found


def _names(validator: Any, instance: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    if "additionalProperties" in schema or "unevaluatedProperties" in schema:
        yield from instance
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name in instance:
        if name in known or any(matches(pattern, name, current()) for pattern in patterns):
            yield name


def _places(validator: Any, instance: list[Any], schema: dict[str, Any]) -> Iterator[int]:
    items = schema.get("items")
    if isinstance(items, list):  # before 2020-12
        yield from range(len(instance) if "additionalItems" in schema else len(items))
    elif "items" in schema or "unevaluatedItems" in schema:
        yield from range(len(instance))
        return
    yield from range(len(schema.get("prefixItems", ())))
    if "contains" in schema and "$recursiveRef" not in validator.VALIDATORS:  # in 2019-09 it does not count
        for place, item in enumerate(instance):
            if validator.evolve(schema=schema["contains"]).is_valid(item):
                yield place


def _applied(validator: Any, instance: Any, schema: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the parts of a schema that apply to the whole instance and that it fits."""
    for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
        if keyword in schema:
            resolver = validator._resolver
            found = lookup_recursive_ref(resolver) if keyword == "$recursiveRef" else resolver.lookup(schema[keyword])
            yield validator.evolve(schema=found.contents, _resolver=found.resolver), found.contents
    parts = [part for keyword in ("allOf", "anyOf", "oneOf") for part in schema.get(keyword, ())]
    parts += [part for name, part in schema.get("dependentSchemas", {}).items() if name in instance]
    if "if" in schema:
        fits = validator.evolve(schema=schema["if"]).is_valid(instance)
        parts += [schema["if"]] if fits else []
        branch = "then" if fits else "else"
        parts += [schema[branch]] if branch in schema else []
    for part in parts:
        if validator.evolve(schema=part).is_valid(instance):
            yield validator, part
