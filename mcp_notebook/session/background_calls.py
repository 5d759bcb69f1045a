"""Start calls in the background, keep them by number, and show them live."""

from __future__ import annotations

from contextvars import copy_context
from functools import partial
from typing import Any

from IPython.display import display

from mcp_notebook.background import Background, Rests
from mcp_notebook.client import Connection
from mcp_notebook.client.background_call import BackgroundCall
from mcp_notebook.errors import UnknownNameError
from mcp_notebook.rendering.tasks import task_card
from mcp_notebook.session.person import has_viewer
from mcp_notebook.session.session import Session

__all__ = ["numbered", "show", "start"]

MOST = 1_000
"""The calls that are kept; the oldest that have ended are dropped first."""

EVERY = 0.25
"""Seconds between two looks at a call that is shown."""


def start(
    session: Session, connection: Connection, tool: str, arguments: dict[str, Any], **options: Any
) -> BackgroundCall:
    """Start a call, with options of `Connection.start_call`, and keep it."""
    call = BackgroundCall(connection.name, tool, partial(connection.start_call, tool, arguments, **options))
    kept = session.background_calls
    kept[max(kept, default=0) + 1] = call
    for number in [number for number, one in kept.items() if one.status not in ("working", "input_required")]:
        if len(kept) <= MOST:
            break
        del kept[number]
    return call


def numbered(session: Session, number: int) -> BackgroundCall:
    """Return the call with this number.

    Raises:
        UnknownNameError: There is none, or it is no longer kept.
    """
    found = session.background_calls.get(number)
    if found is None:
        raise UnknownNameError(f"There is no call {number} in the background. To list them: %mcp tasks.")
    return found


def show(session: Session, call: BackgroundCall) -> None:
    """Show a call below the cell; where a person sees it, it is live, and has a button that cancels it."""
    if not has_viewer(session.shell) or call.status not in ("working", "input_required"):
        display(task_card(call))
        return
    from mcp_notebook.widgets.task_card import TaskCard  # ipywidgets takes 0.2 s to import

    session.surfaces.prepare()
    card = TaskCard(call)
    handle: Any = display(card, display_id=True)
    context = copy_context()  # which tells the front end the cell that an output belongs to

    def follow() -> Rests:
        while call.status in ("working", "input_required"):
            yield EVERY
            card.draw()
        # In its place, the end of it, which a saved notebook can show.
        context.run(handle.update, task_card(call))
        card.close()

    Background(follow(), "mcp-notebook-task")
