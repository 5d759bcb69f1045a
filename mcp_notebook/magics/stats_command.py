"""The verb that shows how often tools are called, how long they take and how often they fail."""

from __future__ import annotations

import click
from IPython.display import display

from mcp_notebook.magics.options import CONNECTED
from mcp_notebook.magics.verb import verb
from mcp_notebook.session.session import Session
from mcp_notebook.session.statistics import sources

__all__: list[str] = []


@verb(
    "stats",
    click.option(
        "--on",
        "--server",
        "server",
        type=CONNECTED,
        help="Only this connection or live server. Default: all servers of the notebook, and all connections.",
    ),
)
def _stats(session: Session, server: str | None) -> None:
    """Show the rate, latency and errors of each tool, live while the output is in sight. Example: %mcp stats.

    To see the statistics of one connection: %mcp stats --on NAME.
    """
    from mcp_notebook.widgets.statistics import StatisticsPanel  # ipywidgets takes 0.2 s to import

    sources(session, server)  # reports a bad name before anything is closed
    session.surfaces.prepare()
    cell = session.origins.cell or server or ""
    session.views.close_earlier("stats", cell)
    panel = StatisticsPanel(lambda: sources(session, server))
    session.views.put("stats", cell, panel)
    display(panel)
