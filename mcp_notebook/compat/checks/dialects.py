"""Find faults in a schema as a whole: the draft that it names, and whether it is valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_notebook.schema import brief, fault_of

__all__ = ["DIALECT", "broken", "fault", "names_older_draft", "valid_in_draft_7"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"
"""The draft in which some hosts read every schema."""


def names_older_draft(root: Mapping[str, Any]) -> bool:
    """Return whether a schema names a draft other than 2020-12."""
    named = root.get("$schema")
    return isinstance(named, str) and named.rstrip("#") != DIALECT


def fault(root: Mapping[str, Any]) -> str | None:
    """Return why a schema is invalid in the draft that it names; None if it is valid."""
    if not isinstance(root.get("$schema", ""), str):
        return f"$schema: {brief(root['$schema'])} is not a text"
    return fault_of(root)


def valid_in_draft_7(root: Mapping[str, Any]) -> bool:
    """Return whether a schema is valid in draft 7, whatever draft it names."""
    return fault_of({**root, "$schema": DRAFT_7}) is None


def broken(root: Mapping[str, Any]) -> str:
    """Return which part of an invalid schema is broken, as far as hosts tell these apart."""
    if not isinstance(root.get("$schema", ""), str):
        return "$schema"
    if "required" in root and not isinstance(root["required"], list):
        return "required"
    properties = root.get("properties", {})
    if not isinstance(properties, Mapping) or not all(isinstance(part, Mapping | bool) for part in properties.values()):
        return "properties"
    return "a newer keyword" if valid_in_draft_7(root) else "a keyword"
