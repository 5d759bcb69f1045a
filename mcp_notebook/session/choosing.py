"""Choose the server to serve or to export."""

from __future__ import annotations

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.export.ran import Subject
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.session.history import history_of
from mcp_notebook.session.session import Session

__all__ = ["choose", "subject_of"]


def choose(session: Session, name: str | None = None) -> LiveServer:
    """Return the chosen server, and make it current; adopt it if it is a plain `MCPServer` in a variable.

    Raises:
        UnknownNameError: There is no such server.
        UsageError: It is not clear which server is meant.
    """
    session.sync()
    return session.registry.use(session.registry.find(session.namespace, name), session.namespace)


def subject_of(session: Session, name: str | None = None) -> Subject:
    """Return the input of an export: a server, the cells that ran, and the variables.

    Args:
        session: The session.
        name: The name of the server, as of `Registry.find`.

    Raises:
        UnknownNameError: There is no such server, or it defines nothing.
        UsageError: It is not clear which server is meant.
    """
    session.sync()
    found = session.registry.find(session.namespace, name)
    server = session.registry.known(found, session.namespace)
    assert server is not None
    if name is None and not definitions(server):
        raise UnknownNameError(
            f"The server {found!r} has no definitions to export. Define a tool in a %%mcp_tool cell, or with "
            "@mcp.tool()."
        )
    # If several variables have it, take the first that was bound.
    variables = (n for n, value in list(session.namespace.items()) if value is server and not n.startswith("_"))
    cells = history_of(session.shell).cells()
    return Subject(server, next(variables, None), cells, session.namespace, session.offered.gone)
