"""The verb that opens the workbench."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from IPython.display import display

from mcp_notebook.client import Era
from mcp_notebook.magics.options import CONNECTED
from mcp_notebook.magics.verb import ERA, verb
from mcp_notebook.server import LiveServer
from mcp_notebook.session.session import Session

if TYPE_CHECKING:
    from mcp_notebook.widgets.workbench import Home

__all__: list[str] = []


@verb("inspect", click.argument("target", type=CONNECTED, required=False), ERA)
def _inspect(session: Session, target: str | None, era: Era | None) -> None:
    """Open the workbench on a server: its definitions and its traffic. Example: %mcp inspect.

    TARGET is a live server of this notebook, or a connection that `%mcp connect` opened. Default: the current server.
    """
    # Lazy, because the widgets are many modules, and most cells need none of them.
    from mcp_notebook.widgets.workbench import Workbench

    target = session.full_name(target)
    session.surfaces.prepare()
    session.on(target, era)  # reports a bad target before anything is closed
    # One for each cell: running the cell again opens a new one and closes the earlier one.
    cell = session.origins.cell or target or ""
    session.views.close_earlier("inspect", cell)
    if target in session.connected:
        workbench = Workbench(lambda: session.on(target, era))
    else:
        live = session.live(target)
        workbench = Workbench(lambda: session.connection(live, era or "modern"), home=_home(session, live))
    session.views.put("inspect", cell, workbench)
    display(workbench)


def _home(session: Session, live: LiveServer) -> Home:
    from mcp_notebook.widgets.workbench import Home

    return Home(
        server=lambda: live.server,
        portal=session.portal,
        keep_frames=session.keep_frames,
        listening=lambda: f"It listens on {live.listener.url}" if live.listener else "It is in this kernel only.",
    )
