"""Notes on a host: the features of a server that it ignores, those not known of it, and what it asks about."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.facts import table
from mcp_notebook.schema.problem import shortened

__all__ = ["features_of", "notes_on"]

EXTENSION = "io.modelcontextprotocol/"

MOST_NAMED = 20
"""The features that a note names; a foreign server may state any number of extensions."""


def features_of(server: CheckedServer) -> Iterator[str]:
    """Yield the features that a server uses besides tools."""
    if server.lists["prompt"]:
        yield "prompts"
    if server.lists["resource"] or server.lists["resourceTemplate"]:
        yield "resources"
    if server.instructions:
        yield "instructions"
    able = server.capabilities or {}
    if any((able.get(kind) or {}).get("listChanged") for kind in ("tools", "resources", "prompts")):
        yield "list changes"
    yield from sorted(able.get("extensions") or {})


def notes_on(server: CheckedServer, host: str) -> list[str]:
    """Return what a host does with the features of a server, in words; nothing about features that it has."""
    known = {word: fact for fact in table().about("feature").get(host, []) for word in fact.keywords}
    used = [*features_of(server)] if known else []
    notes = []
    if ignored := [word for word in used if word in known and known[word].effect == "ignores"]:
        notes.append(f"ignores {_named(ignored)}")
    if unknown := [word for word in used if word not in known]:
        notes.append(f"not known: {_named(unknown)}")
    return [*notes, *_asking(server, host)]


def _asking(server: CheckedServer, host: str) -> Iterator[str]:
    writing = [tool for tool in server.tools if not tool.get("annotations", {}).get("readOnlyHint")]
    for fact in table().about("approval").get(host, []) if writing else []:
        yield f"{fact.effect} {fact.happens}: {len(writing):,} of {len(server.tools):,}"


def _named(words: list[str]) -> str:
    left = len(words) - MOST_NAMED
    named = ", ".join(shortened(word.removeprefix(EXTENSION)) for word in words[:MOST_NAMED])
    return f"{named} and {left:,} more" if left > 0 else named
