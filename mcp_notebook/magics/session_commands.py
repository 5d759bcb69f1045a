"""The verbs for sessions that are files: look at one, answer from one, and compare."""

from __future__ import annotations

from pathlib import Path

import click

from mcp_notebook.client import Connection
from mcp_notebook.magics.options import CONNECTED, NAME, TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.differences import differences_table
from mcp_notebook.server.session_differences import session_differences
from mcp_notebook.session.saving import mock_session, open_session, session_named
from mcp_notebook.session.session import Session

__all__: list[str] = []

FILE = click.argument("file", type=TEXT, metavar="FILE")
AS = click.option("--as", "name", type=NAME, metavar="NAME", help="The name. Default: the name of the file.")


@verb("open", FILE, AS)
def _open(session: Session, file: str, name: str | None) -> Connection:
    """Open a session that `%mcp log --save` wrote, without its server. Example: %mcp open shop.jsonl.

    Its calls are in the log (%mcp log --on NAME), and the workbench shows it (%mcp inspect NAME). Requests are answered
    from the file.
    """
    return open_session(session, Path(file), name)


@verb("mock", FILE, AS)
def _mock(session: Session, file: str, name: str | None) -> look.Rendering:
    """Make a server that answers from a session in a file. Example: %mcp mock shop.jsonl.

    It is the current server; %mcp serve serves it. A request that the session does not have is refused.
    """
    live = mock_session(session, Path(file), name)
    words = "answers from the session, current"
    return look.Rendering(
        f"server {live.name}: {words}", look.card(f"server {look.code(live.name)}", f"<p>{words}</p>")
    )


@verb("diff", click.argument("a", type=CONNECTED), click.argument("b", type=CONNECTED, required=False))
def _diff(session: Session, a: str, b: str | None) -> look.Rendering:
    """Compare two servers, or a server and a session. Example: %mcp diff shop.jsonl shop.

    A and B are connections, live servers or files that `%mcp log --save` wrote; without B it is the current server.
    Definitions are compared, and the results of calls that both have with the same arguments.
    """
    found = session_differences(session_named(session, a), session_named(session, b))
    return differences_table(a, b or session.on().name, found)
