"""The verbs that connect to servers elsewhere."""

from __future__ import annotations

from typing import Any

import click

from mcp_notebook.client import Connection, EraChoice
from mcp_notebook.client.access import ACCESS, Access
from mcp_notebook.client.variables import Variables
from mcp_notebook.magics.options import NAME, OPENED, TARGET, TEXT, typed
from mcp_notebook.magics.verb import TIMEOUT, verb
from mcp_notebook.rendering import look
from mcp_notebook.session.session import Session
from mcp_notebook.session.targets import target_named

__all__: list[str] = []


@verb(
    "connect",
    click.argument("words", nargs=-1, required=True, type=TARGET, metavar="TARGET"),
    click.option(
        "--as", "name", type=NAME, metavar="NAME", help="The name of the connection. Default: the server's own name."
    ),
    click.option(
        "--era",
        type=click.Choice(["auto", "modern", "legacy"]),
        default="auto",
        show_default=True,
        help="The protocol; auto uses the server's newest.",
    ),
    *(click.option(*names, **typed(option)) for names, option in ACCESS.items()),
    click.option(
        "--transport",
        type=click.Choice(["http", "sse"]),
        default="http",
        show_default=True,
        help="For a URL: streamable HTTP, or SSE for old servers.",
    ),
    click.option(
        "--extensions",
        type=TEXT,
        default="all",
        show_default=True,
        metavar="all|none|NAME,...",
        help="The extensions of the protocol that the client declares.",
    ),
    TIMEOUT,
    passes_options=True,
)
def _connect(
    session: Session,
    words: tuple[str, ...],
    name: str | None,
    era: EraChoice,
    extensions: str,
    timeout: float | None,
    **access: Any,
) -> Connection:
    """Connect to any server: a URL, a command, a live notebook. Example: %mcp connect uvx mcp-server-time.

    Write -- before a command that has options of the same names as these. Requests go there with --on NAME, or with a
    part of NAME that no other connection has: %mcp tools --on NAME.
    """
    target = Access(**access).to(target_named(session, words), Variables(session.variables))
    declared = [extension.strip() for extension in extensions.split(",")]
    return session.connect(target, name, era, timeout=timeout, extensions=declared)


@verb("disconnect", click.argument("name", type=OPENED))
def _disconnect(session: Session, name: str) -> look.Rendering:
    """Close a connection. Example: %mcp disconnect time."""
    session.disconnect(name)
    title = f"connection {look.code(name)}"
    return look.Rendering(f"connection {name}: closed", look.card(title, "<p>closed</p>"))
