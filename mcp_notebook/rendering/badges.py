"""Badges for the traits of a tool, and chips for the states of a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mcp_notebook.recording.call import State
from mcp_notebook.rendering import look

__all__ = ["state_chip", "state_kind", "stated_traits", "traits"]

_KINDS: dict[State, look.Kind] = {
    "running": "info",
    "waiting for approval": "warn",
    "waiting for the main thread": "info",
    "done": "good",
    "error": "bad",
    "refused": "bad",
    "cancelled": "",
}


def state_chip(state: State, words: str = "") -> str:
    """Draw (HTML) the state of a call, with `words` in its place if given."""
    return look.chip(words or state, _KINDS[state])


def state_kind(state: State) -> look.Kind:
    """Return the meaning of a state, which has a color."""
    return _KINDS[state]


def traits(entry: Mapping[str, Any]) -> str:
    """Draw (HTML) a badge for each trait that the annotations of a tool's entry state."""
    return "".join(look.badge(words, kind) for words, kind in stated_traits(entry))


def stated_traits(entry: Mapping[str, Any]) -> Iterator[tuple[str, look.Kind]]:
    """Return the words and the meaning of each trait that the annotations of a tool's entry state."""
    stated = entry.get("annotations") or {}
    reads = stated.get("readOnlyHint")
    if reads:
        yield "read-only", "good"
    elif stated.get("destructiveHint"):
        yield "destructive", "bad"
    elif reads is False or stated.get("destructiveHint") is False:
        yield "writes", "warn"
    if stated.get("idempotentHint") and not reads:
        yield "idempotent", ""
    if stated.get("openWorldHint"):
        yield "open world", "info"
