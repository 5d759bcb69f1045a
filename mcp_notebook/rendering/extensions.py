"""Render the extensions of the protocol that a server declares, and the difference that each makes for a client."""

from __future__ import annotations

from html import escape

from mcp_notebook.client import Connection
from mcp_notebook.rendering import look
from mcp_notebook.visible import visible

__all__ = ["extensions_part"]

OFFICIAL = "io.modelcontextprotocol/"

WITHOUT = {
    "tasks": "waits for the result of each call",
    "skills": "sees the files of skills as resources",
    "ui": "gets the text and the data of a result, without the app",
    "events": "gets no events",
}
"""The difference for a client without an official extension, by the last part of its identifier."""

HEADERS = ("extension", "this client", "a client without it")


def extensions_part(connection: Connection) -> tuple[list[str], str]:
    """Return the part of a card about extensions, as lines and as HTML; both are empty if the server declares none."""
    theirs = list(connection.capabilities.extensions or {})
    if not theirs:
        return [], ""
    rows = [(_short(one), _ours(one, connection), WITHOUT.get(_short(one), "")) for one in theirs]
    cells = [(look.code(name), escape(ours), escape(without)) for name, ours, without in rows]
    lines = ["  extensions", *look.columns([HEADERS, *rows], indent="    ")]
    return lines, look.section("extensions", look.table(HEADERS, cells))


def _ours(identifier: str, connection: Connection) -> str:
    if identifier in connection.extensions:
        return "declares it"
    return "need not declare it" if _short(identifier) == "skills" else "does not declare it"


def _short(identifier: str) -> str:
    return visible(identifier.removeprefix(OFFICIAL), one_line=True)
