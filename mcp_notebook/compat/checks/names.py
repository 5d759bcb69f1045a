"""Check names and descriptions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from mcp_notebook.compat.spots import Spot
from mcp_notebook.compat.subject import CheckedServer
from mcp_notebook.schema import brief

__all__ = ["CHECKS", "spots"]

CHECKS = {
    "tool-name-characters": "a name with characters other than letters, digits, _ and -",
    "tool-name-length": "a long name, with the prefix that the host adds",
    "tool-name-duplicate": "two tools of one name",
    "tool-name-collision": "two names that differ only in characters that hosts replace",
    "server-name": "a name of the server that the host keeps for itself",
    "description-missing": "a tool without a description",
    "description-length": "a long description of a tool",
}


def spots(subject: CheckedServer) -> Iterator[Spot]:
    """Yield spots about names and descriptions."""
    yield Spot(
        "server-name",
        "server",
        "",
        f"its name is {brief(subject.name)}",
        "Name the server differently in the host's configuration.",
        keywords=frozenset({subject.name}),
    )
    counts = Counter(tool["name"] for tool in subject.tools)
    written: dict[str, list[str]] = {}
    for name in counts:
        written.setdefault(re.sub(r"[^a-zA-Z0-9_-]", "_", name), []).append(name)
    for name, count in counts.items():
        if count > 1:
            yield Spot("tool-name-duplicate", "tool", name, f"{count} tools have this name", "Give each its own name.")
        same = written[re.sub(r"[^a-zA-Z0-9_-]", "_", name)]
        if len(same) > 1:
            if name == same[0]:
                others = ", ".join(brief(other) for other in same[1:5])
                what = f"its name differs from {others} only in characters that hosts replace by _"
                yield Spot(
                    "tool-name-collision", "tool", name, what, "Give each a name of its own in a-z, 0-9, _ and -."
                )
        else:
            yield from _characters(name)
        fix = "Choose a shorter name."
        yield Spot("tool-name-length", "tool", name, f"its name has {len(name)} characters", fix, size=len(name))
    for tool in subject.tools:
        yield from _description(tool["name"], tool.get("description", "").strip())


def _characters(name: str) -> Iterator[Spot]:
    strange = sorted(set(re.sub(r"[a-zA-Z0-9_-]", "", name)))
    if strange:
        yield Spot(
            "tool-name-characters",
            "tool",
            name,
            f"its name has {', '.join(map(repr, strange[:5]))}",
            "Use only a-z, A-Z, 0-9, _ and -.",
            text=name,
        )


def _description(name: str, description: str) -> Iterator[Spot]:
    if not description:
        yield Spot("description-missing", "tool", name, "it has no description", "Write a docstring.")
    yield Spot(
        "description-length",
        "tool",
        name,
        f"its description has {len(description):,} characters",
        "Put the rest into a resource, and the most important first.",
        size=len(description),
    )
