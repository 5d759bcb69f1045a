"""Check names and descriptions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from mcp_notebook.compat.checked_server import CheckedServer
from mcp_notebook.compat.observation import Observation
from mcp_notebook.schema import brief

__all__ = ["CHECKS", "observe"]

CHECKS = {
    "tool-name-characters": "a name with characters other than letters, digits, _ and -",
    "tool-name-length": "a long name, with the prefix that the host adds",
    "tool-name-duplicate": "two tools of one name",
    "tool-name-collision": "two names that differ only in characters that hosts replace",
    "server-name": "a name of the server that the host keeps for itself",
    "description-missing": "a tool without a description",
    "description-length": "a long description of a tool",
}


def observe(server: CheckedServer) -> Iterator[Observation]:
    """Yield observations about names and descriptions."""
    yield Observation(
        "server-name",
        "server",
        "",
        f"its name is {brief(server.name)}",
        "Name the server differently in the host's configuration.",
        keywords=frozenset({server.name}),
    )
    yield from _names(Counter(tool["name"] for tool in server.tools))
    for tool in server.tools:
        yield from _description(tool["name"], tool.get("description", "").strip())


def _names(counts: Counter[str]) -> Iterator[Observation]:
    written: dict[str, list[str]] = {}
    for name in counts:
        written.setdefault(_replaced(name), []).append(name)
    for name, count in counts.items():
        if count > 1:
            what, fix = f"{count} tools have this name", "Give each its own name."
            yield Observation("tool-name-duplicate", "tool", name, what, fix)
        first, *others = written[_replaced(name)]
        if others and name == first:
            what = f"its name differs from {', '.join(map(brief, others[:4]))} only in characters that hosts replace"
            fix = "Give each a name of its own in a-z, 0-9, _ and -."
            yield Observation("tool-name-collision", "tool", name, what, fix)
        yield from _characters(name)
        what, fix = f"its name has {len(name)} characters", "Choose a shorter name."
        yield Observation("tool-name-length", "tool", name, what, fix, size=len(name))


def _replaced(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)


def _characters(name: str) -> Iterator[Observation]:
    unusual = sorted(set(re.sub(r"[a-zA-Z0-9_-]", "", name)))
    if unusual:
        what = f"its name has {', '.join(map(repr, unusual[:5]))}"
        fix = "Use only a-z, A-Z, 0-9, _ and -."
        yield Observation("tool-name-characters", "tool", name, what, fix, text=name)


def _description(name: str, description: str) -> Iterator[Observation]:
    if not description:
        yield Observation("description-missing", "tool", name, "it has no description", "Write a docstring.")
    yield Observation(
        "description-length",
        "tool",
        name,
        f"its description has {len(description):,} characters",
        "Put the rest into a resource, and the most important first.",
        size=len(description),
    )
