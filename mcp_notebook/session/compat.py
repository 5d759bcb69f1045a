"""Check a server of the session, or a saved one, against the facts about hosts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from mcp_notebook.compat import Report, check, of_connection, of_session
from mcp_notebook.compat.conformance import run
from mcp_notebook.errors import RequestError
from mcp_notebook.recording.saved import read
from mcp_notebook.rendering import look
from mcp_notebook.rendering.compat import compat_card
from mcp_notebook.session.session import Session

__all__ = ["compat_of"]


def compat_of(
    session: Session, name: str | None, hosts: Collection[str], *, conformance: bool = False
) -> look.Rendering:
    """Draw what hosts would reject, degrade or ignore of a server.

    Args:
        session: The session.
        name: The connection or live server, or the file of a saved session; None for the current server.
        hosts: The keys of the hosts; all if there are none.
        conformance: Whether to run the official suite, too.

    Raises:
        McpNotebookError: There is nothing of that name, no such host, the server does not answer, or the suite does not
            run.
    """
    path = Path(name) if name is not None else None
    if path is not None and path.is_file():
        if conformance:
            raise RequestError("--conformance needs a server that runs, and this is a file.")
        return compat_card(check(of_session(read(path)), hosts))
    connection = session.on(name)
    defined = session.catalog(name).defined("tool", "resource", "resource template", "prompt")
    functions = {key: definition.function for key, definition in defined.items() if definition.function is not None}
    report: Report = check(of_connection(connection), hosts, functions)

    def cell(key: str) -> str:
        found = defined.get(key)
        return f"cell {found.cell.execution_count}" if found is not None and found.cell else ""

    return compat_card(report, cell, run(connection.target) if conformance else ())
