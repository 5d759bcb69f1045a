"""Render one connection as a card, or all as a table, without ports and secrets."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from mcp_types import Implementation

from mcp_notebook.client import Connection
from mcp_notebook.rendering import look
from mcp_notebook.rendering.extensions import extensions_part
from mcp_notebook.rendering.listing import listing

__all__ = ["connection_card", "connection_list"]


def connection_card(connection: Connection) -> look.Rendering:
    """Draw the server of a connection, its protocol and its capabilities."""
    rows = [
        ("server", _server(connection.server_info)),
        ("speaks", _speaks(connection)),
        ("offers", _offers(connection) or "no tools, resources or prompts"),
    ]
    if connection.instructions:
        rows.append(("says", " ".join(connection.instructions.split())))
    if connection.closed:
        rows.append(("state", "closed"))
    extensions, extensions_html = extensions_part(connection)
    lines = [f"connection {connection.name}", *look.columns(rows), *extensions]
    cells = [(look.muted(what), escape(fact)) for what, fact in rows]
    html = look.card(f"connection {look.code(connection.name)}", look.table((), cells), extensions_html)
    return look.Rendering("\n".join(lines), html)


def connection_list(connections: Mapping[str, Connection]) -> look.Rendering:
    """Draw a table of connections."""
    rows = [(name, _server(c.server_info), _speaks(c), _offers(c)) for name, c in connections.items()]
    empty = "none. Open one with %mcp connect TARGET."
    return listing("connections", ("name", "server", "speaks", "offers"), rows, empty=empty)


def _server(info: Implementation | None) -> str:
    return f"{info.title or info.name} {info.version}".strip() if info is not None else "unnamed"


def _speaks(connection: Connection) -> str:
    return f"{connection.protocol_version} ({connection.era}) over {connection.transport}"


def _offers(connection: Connection) -> str:
    has = connection.capabilities
    kinds = {"tools": has.tools, "resources": has.resources, "prompts": has.prompts, "completions": has.completions}
    return ", ".join(kind for kind, offered in kinds.items() if offered is not None)
