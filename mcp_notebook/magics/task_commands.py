"""The verb for calls in the background."""

from __future__ import annotations

import click
from IPython.display import display

from mcp_notebook.errors import UsageError
from mcp_notebook.magics.verb import verb
from mcp_notebook.rendering.tasks import tasks_table
from mcp_notebook.session.background_calls import numbered, show
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "tasks",
    click.argument("number", type=int, required=False, metavar="[N]"),
    click.option("--cancel", is_flag=True, help="Cancel the call, at the server as well."),
)
def _tasks(session: Session, number: int | None, cancel: bool) -> None:
    """List the calls in the background, or follow one. Example: %mcp tasks 1.

    To start one: %mcp call TOOL --background.
    """
    if number is None:
        if cancel:
            raise UsageError("--cancel needs the number of a call: %mcp tasks N --cancel.")
        display(tasks_table(session.background_calls.items()))
        return
    call = numbered(session, number)
    if cancel:
        call.cancel()
    show(session, call)
