"""Notes on a host: the features of a server that it ignores, those not known of it, and what it asks about."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_notebook.compat.facts import table
from mcp_notebook.compat.subject import CheckedServer

__all__ = ["features_of", "notes_on"]

EXTENSION = "io.modelcontextprotocol/"


def features_of(subject: CheckedServer) -> Iterator[str]:
    """Yield the features that a server uses besides tools."""
    if subject.lists["prompt"]:
        yield "prompts"
    if subject.lists["resource"] or subject.lists["resourceTemplate"]:
        yield "resources"
    if subject.instructions:
        yield "instructions"
    able = subject.capabilities or {}
    if any((able.get(kind) or {}).get("listChanged") for kind in ("tools", "resources", "prompts")):
        yield "list changes"
    yield from sorted(able.get("extensions") or {})
    if subject.transport == "stdio":
        yield "stdio"


def notes_on(subject: CheckedServer, host: str) -> list[str]:
    """Return what a host does with the features of a server, in words; nothing about features that it has."""
    known = {word: fact for fact in table().about("feature").get(host, []) for word in fact.keywords}
    if not known:
        return []
    used = [*features_of(subject)]
    notes = []
    ignored = [word for word in used if word in known and known[word].effect == "ignores"]
    if plain := [_short(word) for word in ignored if not known[word].happens]:
        notes.append(f"ignores {', '.join(plain)}")
    notes += [known[word].happens for word in ignored if known[word].happens]
    if unknown := [_short(word) for word in used if word not in known]:
        notes.append(f"not known: {', '.join(unknown)}")
    return [*notes, *_asking(subject, host)]


def _asking(subject: CheckedServer, host: str) -> Iterator[str]:
    if host in table().about("approval"):
        writing = [tool for tool in subject.tools if not tool.get("annotations", {}).get("readOnlyHint")]
        if writing:
            count = f"{len(writing)} of {len(subject.tools)} tools"
            yield f"asks before each call of {count}, which are not marked read-only"


def _short(word: str) -> str:
    return word.removeprefix(EXTENSION) if word.startswith(EXTENSION) else word
