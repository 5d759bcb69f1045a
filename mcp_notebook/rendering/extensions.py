"""Name the extensions of the protocol that a server and its client declare, and what a client without them gets."""

from __future__ import annotations

from mcp_notebook.client import Connection
from mcp_notebook.visible import visible

__all__ = ["extension_rows"]

OFFICIAL = "io.modelcontextprotocol/"

WITHOUT = {
    "tasks": "its calls wait for their results",
    "skills": "it sees the files of skills as resources",
    "ui": "it gets the text and the data of a result, without the app",
    "events": "it gets none",
}
"""The difference for a client without an official extension, by the last part of its identifier."""


def extension_rows(connection: Connection) -> list[tuple[str, str]]:
    """Return the rows of a table about the extensions of both sides; none if the server declares none."""
    theirs = list(connection.capabilities.extensions or {})
    if not theirs:
        return []
    ours = set(connection.extensions)
    rows = [("extensions", ", ".join(_short(one) for one in theirs))]
    both = [_short(one) for one in theirs if one in ours]
    rows += [("", f"this client declares {', '.join(both)} too")] if both else []
    rows += [
        ("", f"a client without {_short(one)}: {WITHOUT[_short(one)]}") for one in theirs if _short(one) in WITHOUT
    ]
    return rows


def _short(identifier: str) -> str:
    return visible(identifier.removeprefix(OFFICIAL), one_line=True)
