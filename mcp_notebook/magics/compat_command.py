"""The verb that says what hosts make of a server."""

from __future__ import annotations

import click

from mcp_notebook.magics.options import CONNECTED, HOST
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.compat import compat_of
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "compat",
    click.argument("target", type=CONNECTED, required=False),
    click.option(
        "--host", "hosts", type=HOST, multiple=True, metavar="NAME", help="Only this host; may be given again."
    ),
    click.option(
        "--conformance",
        is_flag=True,
        help="Run the protocol's official suite, too: for a connection to a URL, with Node.",
    ),
)
def _compat(session: Session, target: str | None, hosts: tuple[str, ...], conformance: bool) -> look.Rendering:
    """Say what each host rejects, degrades or ignores. Example: %mcp compat --host vscode.

    TARGET is a connection, a live server or a file that `%mcp log --save` wrote; without it, the current server. Calls
    that were recorded are looked at, too.
    """
    return compat_of(session, target, hosts, conformance=conformance)
