"""The verb that writes the functions of a server as a module."""

from __future__ import annotations

from pathlib import Path

import click

from mcp_notebook.magics.options import CONNECTED, TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering import look
from mcp_notebook.session.functions import write_stub
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb("stub", click.argument("name", type=CONNECTED), click.argument("file", type=TEXT, metavar="FILE"))
def _stub(session: Session, name: str, file: str) -> look.Rendering:
    """Write the tools of a server as typed async functions. Example: %mcp stub github github.py.

    The module needs only the SDK. Write it again to follow the server.
    """
    path = Path(file).expanduser()
    count = write_stub(session, name, path)
    words = f"{count} function{'s' if count != 1 else ''} of {name}"
    return look.Rendering(f"{path.name}: {words}", look.card(look.code(path.name), f"<p>{look.muted(words)}</p>"))
