"""Check the input schemas of tools as a whole, and their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.checks import input_parts
from mcp_notebook.compat.checks.dialects import DIALECT, broken, fault, names_older_draft, valid_in_draft_7
from mcp_notebook.compat.observation import Observation
from mcp_notebook.compat.walking import nodes, property_place
from mcp_notebook.schema import brief, fault_of, one_look
from mcp_notebook.schema.parameters import mapping

__all__ = ["CHECKS", "observe"]

CHECKS = {
    "schema-not-object": "an input schema whose root is not of type object",
    "schema-root": "an input schema with anyOf, oneOf, allOf, not, enum or if at the root",
    "schema-invalid": "an input schema that is not valid JSON Schema",
    "schema-dialect": "an input schema that is valid in an older draft only",
    **input_parts.CHECKS,
    "schema-boolean": "true or false in place of a parameter's schema",
    "schema-header": "an x-mcp-header that no client may send",
    "parameter-name": "a parameter's name with unusual characters, or a long one",
}

ROOT: Final = ("anyOf", "oneOf", "allOf", "not", "enum", "if")

LONGEST_NAME: Final = 64
"""The most characters of a parameter's name that no host minds."""


def observe(server: CheckedServer) -> Iterator[Observation]:
    """Yield observations about the input schemas."""
    for tool in server.tools:
        with one_look():
            yield from _of_tool(tool["name"], tool["inputSchema"])


def _of_tool(name: str, root: Mapping[str, Any]) -> Iterator[Observation]:
    if root.get("type") != "object":
        what = (
            f"the root of its input schema has type {brief(root['type'])}"
            if "type" in root
            else "its input schema has no type"
        )
        fix = 'Put "type": "object" at its root, and what it takes into properties.'
        yield Observation("schema-not-object", "tool", name, what, fix)
        return
    invalid = [*_validity(name, root)]
    yield from invalid
    if any(observation.check == "schema-invalid" for observation in invalid):
        return  # what else it seems to have may be the same fault
    if found := [keyword for keyword in ROOT if keyword in root]:
        what = f"its input schema has {', '.join(found)} at the root"
        fix = "Move it into a parameter, or check it in the function."
        yield Observation("schema-root", "tool", name, what, fix, keywords=frozenset(found))
    yield from _parameters(name, root)
    yield from _headers(name, root)
    yield from input_parts.observe(name, root)


def _validity(name: str, root: Mapping[str, Any]) -> Iterator[Observation]:
    own = fault(root)
    if own is None and not names_older_draft(root):
        return
    today = fault_of({**_untupled(root), "$schema": DIALECT})
    if own is not None and (today is not None or broken(root) == "$schema"):
        what, fix = f"its input schema is not valid: {own}", "Correct it; pydantic writes valid ones."
        yield Observation("schema-invalid", "tool", name, what, fix, keywords=frozenset({broken(root)}))
    elif today is not None:
        what = f"its input schema is valid only in the older draft that it names: {today}"
        fix = "Write it in JSON Schema 2020-12."
        draft = "valid in draft 7" if valid_in_draft_7(root) else "invalid in draft 7"
        yield Observation("schema-dialect", "tool", name, what, fix, keywords=frozenset({draft}))


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


def _parameters(name: str, root: Mapping[str, Any]) -> Iterator[Observation]:
    for key, schema in mapping(root.get("properties")).items():
        place = property_place("", key, "parameter")
        if isinstance(schema, bool):
            what, fix = f"its schema is {str(schema).lower()}", "Write {} for anything, or say what it takes."
            yield Observation("schema-boolean", "tool", name, what, fix, place)
        if unusual := _unusual(key):
            fix = f"Name it with letters, digits and _, at most {LONGEST_NAME}."
            yield Observation("parameter-name", "tool", name, unusual, fix, place, text=key)


def _unusual(key: str) -> str:
    if not key:
        return "its name is empty"
    characters = sorted(set(re.sub(r"[a-zA-Z0-9_.-]", "", key)))
    if characters:
        return f"its name has {', '.join(map(repr, characters[:5]))}"
    return f"its name has {len(key):,} characters" if len(key) > LONGEST_NAME else ""


def _headers(name: str, root: Mapping[str, Any]) -> Iterator[Observation]:
    seen: set[str] = set()
    for node in nodes(root, "parameter"):
        if not isinstance(node.schema, Mapping) or "x-mcp-header" not in node.schema:
            continue
        header = node.schema["x-mcp-header"]
        wrong = ""
        if not isinstance(header, str) or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", header):
            wrong = f"its x-mcp-header is {brief(header)}, which cannot be the name of a header"
        elif node.schema.get("type") not in ("string", "integer", "boolean"):
            wrong = "it has an x-mcp-header, but is not a text, an integer or a boolean"
        elif header.lower() in seen:
            wrong = f"its x-mcp-header {brief(header)} is that of another parameter"
        else:
            seen.add(header.lower())
        if wrong:
            yield Observation("schema-header", "tool", name, wrong, "Correct it, or leave it out.", node.place)
