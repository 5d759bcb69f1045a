"""The verb for roots: which directories servers are told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mcp_notebook.client.answers import root
from mcp_notebook.errors import UnknownNameError
from mcp_notebook.magics.options import TEXT
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering.listing import listing
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "roots",
    click.argument("directories", nargs=-1, type=TEXT, metavar="[DIR]..."),
    click.option("--none", "give_none", is_flag=True, help="Say that there are none, without asking."),
    click.option("--ask", is_flag=True, help="Ask each time, as in the beginning."),
)
def _roots(session: Session, directories: tuple[str, ...], give_none: bool, ask: bool) -> Any:
    """Show or set what servers are told when they ask for the client's roots. Example: %mcp roots data.

    Roots are directories that a server may work in. Until they are set, each question for them is put to you.
    They are deprecated in 2026-07-28.
    """
    if sum([bool(directories), give_none, ask]) > 1:
        raise UnknownNameError("%mcp roots takes directories, or --none, or --ask.")
    if directories or give_none or ask:
        session.give_roots(None if ask else [root(str(_directory(name))) for name in directories])
    if session.roots is None:
        empty = "not set, so that you are asked. To set them: %mcp roots DIR, or --none."
    else:
        empty = "none, and servers are told so. To be asked: %mcp roots --ask."
    return listing("roots", ("URI",), [(str(given.uri),) for given in session.roots or []], empty=empty)


def _directory(name: str) -> Path:
    directory = Path(name).expanduser().absolute()
    if not directory.is_dir():
        raise UnknownNameError(f"There is no directory {name!r}. The roots are as they were.")
    return directory
