"""Describe definitions as clients see them: their entries in lists, the size of these, and what changed in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from mcp_notebook.schema import UNSET, Parameter, Schema, one_look, parameters, resolve, type_in_words

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "argument_in_words",
    "behavior",
    "changes",
    "diff",
    "field_in_words",
    "listed",
    "tokens",
]

CHARACTERS_PER_TOKEN = 4
"""The basis of every size in tokens: a rule of thumb for English, from OpenAI's help pages. JSON is a little denser
and each model counts differently, so the figure serves to compare tools, not to calculate costs."""

Entry = Mapping[str, Any]


def listed(item: BaseModel) -> dict[str, Any]:
    """Return an item of a list (`Tool`, `Resource`, `Prompt`, ...) as the JSON that goes over the wire."""
    return item.model_dump(by_alias=True, mode="json", exclude_none=True)


def tokens(entry: Entry) -> int:
    """Return the estimated size of an entry in tokens, see `CHARACTERS_PER_TOKEN`."""
    return round(len(json.dumps(entry, ensure_ascii=False, separators=(",", ":"))) / CHARACTERS_PER_TOKEN)


def argument_in_words(parameter: Parameter, root: Schema) -> str:
    """Describe what a parameter takes: ``"integer, 1 to 10, required"``."""
    accepts = type_in_words(parameter.schema, root)
    if parameter.required:
        return f"{accepts}, required"
    if parameter.default is UNSET:
        return f"{accepts}, optional"
    return f"{accepts}, default {json.dumps(parameter.default, ensure_ascii=False)}"


def field_in_words(parameter: Parameter, root: Schema) -> str:
    """Describe what a field of a result contains: ``"array of string"``."""
    return type_in_words(parameter.schema, root)


# The specification's defaults for hints that a tool does not state.
_HINTS = {
    "readOnlyHint": ("only reads", "may change things", False),
    "destructiveHint": ("may destroy or overwrite", "only adds", True),
    "idempotentHint": ("calling twice is as calling once", "calling twice acts twice", False),
    "openWorldHint": ("reaches beyond this server", "stays within this server", True),
}


def behavior(entry: Entry) -> str:
    """Describe how a client takes a tool to behave, from its annotations; assumed behavior is marked as such."""
    stated = {hint: value for hint, value in entry.get("annotations", {}).items() if hint in _HINTS}
    if not stated:
        return "not stated, so a client assumes that it may change and destroy things, and reaches beyond this server"
    # The specification gives these two no meaning for a tool that only reads.
    meaningless = {"destructiveHint", "idempotentHint"} if stated.get("readOnlyHint") else set()
    words = []
    for hint, (yes, no, assumed) in _HINTS.items():
        if hint not in meaningless:
            words.append((yes if stated.get(hint, assumed) else no) + ("" if hint in stated else " (assumed)"))
    return "; ".join(words)


def changes(before: Entry, after: Entry) -> list[str]:
    """Describe what changed for clients, see `diff`; if nothing did, say so."""
    return diff(before, after) or ["nothing: clients see the same as before"]


@one_look()
def diff(before: Entry, after: Entry) -> list[str]:
    """Describe what changed for clients between two listings of one name; empty if they see no change."""
    found = []
    for key in ("title", "description", "mimeType"):
        if before.get(key) != after.get(key):
            found.append(f"{key}: {_short(before.get(key))} → {_short(after.get(key))}")
    found += _schema_changes(
        before.get("inputSchema", {}), after.get("inputSchema", {}), "parameter", argument_in_words
    )
    found += _schema_changes(
        before.get("outputSchema", {}), after.get("outputSchema", {}), "result field", field_in_words
    )
    found += _schema_changes(
        before.get("payloadSchema", {}), after.get("payloadSchema", {}), "data field", field_in_words
    )
    found += _argument_changes(before.get("arguments", []), after.get("arguments", []))
    now = behavior(after)
    if now != behavior(before):
        found.append(f"behavior: {now}")
    if not found and before != after:
        found.append("details of its entry (see the JSON)")
    return found


def _schema_changes(
    before: Schema, after: Schema, what: str, in_words: Callable[[Parameter, Schema], str]
) -> list[str]:
    old = {p.name: p for p in parameters(before)}
    new = {p.name: p for p in parameters(after)}
    found = [f"{what} {name!r} removed" for name in old if name not in new]
    for name, parameter in new.items():
        now = in_words(parameter, after)
        if name not in old:
            found.append(f"{what} {name!r} added: {now}")
            continue
        was = in_words(old[name], before)
        if was != now:
            found.append(f"{what} {name!r}: {was} → {now}")
        elif old[name].description != parameter.description:
            found.append(f"{what} {name!r}: description changed")
        elif _expanded(old[name].schema, before) != _expanded(parameter.schema, after):
            found.append(f"{what} {name!r}: details of its schema changed")
    return found


def _expanded(schema: Schema, root: Schema) -> Any:
    return {"schema": resolve(schema, root), "definitions": root.get("$defs")}


def _argument_changes(before: list[Any], after: list[Any]) -> list[str]:
    old, new = ({a["name"]: a for a in arguments} for arguments in (before, after))
    found = [f"argument {name!r} removed" for name in old if name not in new]
    found += [f"argument {name!r} added" for name in new if name not in old]
    return found + [f"argument {name!r} changed" for name in new if name in old and old[name] != new[name]]


def _short(text: Any) -> str:
    words = "none" if text is None else json.dumps(" ".join(str(text).split()), ensure_ascii=False)
    return words if len(words) <= 60 else words[:57] + '..."'
