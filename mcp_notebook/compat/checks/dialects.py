"""Find faults in a schema as a whole: the draft that it names, and whether it is valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_notebook.schema import brief, fault_of

__all__ = ["DIALECT", "broken", "fault", "names_older_draft"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def names_older_draft(root: Mapping[str, Any]) -> bool:
    """Return whether a schema names a draft other than 2020-12."""
    named = root.get("$schema")
    return isinstance(named, str) and named.rstrip("#") != DIALECT


def fault(root: Mapping[str, Any]) -> str | None:
    """Return why a schema is invalid in the draft that it names; None if it is valid."""
    if not isinstance(root.get("$schema", ""), str):
        return f"$schema: {brief(root['$schema'])} is not a text"
    return fault_of(root)


def broken(root: Mapping[str, Any]) -> str:
    """Return which part of an invalid schema is broken, as far as hosts tell these apart."""
    if not isinstance(root.get("$schema", ""), str):
        return "$schema"
    if "required" in root and not isinstance(root["required"], list):
        return "required"
    properties = root.get("properties", {})
    if not isinstance(properties, Mapping) or not all(isinstance(part, Mapping | bool) for part in properties.values()):
        return "properties"
    return "a keyword"
