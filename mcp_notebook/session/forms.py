"""Make a form for a tool of a connection or live server."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from mcp_types import CallToolResult

from mcp_notebook import cells
from mcp_notebook.client import OnProgress, Outcome
from mcp_notebook.rendering.look import Rendering
from mcp_notebook.server.listing import Entry
from mcp_notebook.session.apps import in_app_of
from mcp_notebook.session.session import Session

if TYPE_CHECKING:
    from mcp_notebook.widgets.tool_form import ToolForm

__all__ = ["call_line", "form_of"]


def call_line(session: Session, on: str, tool: str) -> str:
    """Return the beginning of a line that calls a tool, with the server's name unless it is the current one."""
    current = on not in session.connected and session.registry.current.name == on
    return f"%mcp call {tool}" if current else f"%mcp call {tool} --on {on}"


def form_of(
    session: Session, on: str, tool: str, card: Rendering | None = None, before: Entry | None = None
) -> ToolForm:
    """Return a form for a tool; it calls the connection or live server that has the name `on` at that time.

    Args:
        session: The session.
        on: The name of the connection or live server.
        tool: The name of the tool.
        card: The form in a saved notebook; defaults to the arguments of the tool.
        before: The entry that the tool's replaces, to show what changed; None to show nothing.
    """
    from mcp_notebook.widgets.question_card import ask_with  # ipywidgets takes 0.2 s to import
    from mcp_notebook.widgets.tool_form import ToolForm

    session.surfaces.prepare()
    catalog = session.catalog(on)
    found = next(t for t in catalog.tools() if t.name == tool)
    definition = catalog.defined("tool").get(tool)

    def start_call(arguments: dict[str, Any], on_progress: OnProgress) -> Future[Outcome[CallToolResult]]:
        return session.on(on).start_call(tool, arguments, answerer=ask_with(form.ask), on_progress=on_progress)

    form = ToolForm(
        found,
        start_call,
        explain=cells.explain,
        line=call_line(session, on, tool),
        recorder=session.on(on).recorder,
        function=None if definition is None else definition.function,
        place=f"on {on}",
        rendering=card,
        before=before,
        in_app=in_app_of(session, on, found),
    )
    return form
