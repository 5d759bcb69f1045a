"""Choose the server to serve or to export."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import NotebookError, UnknownNameError, UsageError, did_you_mean
from mcp_notebook.export.ran import Subject
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.server.foreign import foreign_server
from mcp_notebook.session.history import history_of
from mcp_notebook.session.session import Session

__all__ = ["choose", "name_of", "subject_of"]


def choose(session: Session, name: str | None = None) -> LiveServer:
    """Return the server that `name_of` chooses, and adopt it if it is a plain `MCPServer` in a variable."""
    return session.registry.use(name_of(session, name), session.namespace)


def name_of(session: Session, name: str | None = None) -> str:
    """Return the notebook's name for the server `name`, or for the only server if None.

    Without a name, servers without definitions do not count if there are others.

    Args:
        session: The session.
        name: The name of a live server or a variable, or an `MCPServer`'s own name.

    Raises:
        UnknownNameError: There is no server of that name.
        NotebookError: No name was given, and there is no server, or more than one.
    """
    session.sync()
    found = session.registry.distinct(session.namespace)
    if not found:
        raise NotebookError(
            "The notebook has no MCP server. Define a tool in a %%mcp_tool cell, or with @server.tool() on a "
            "NotebookServer or MCPServer."
        )
    if name is not None:
        return _known(session, name, found)
    chosen = session.registry.likely(found)
    if len(chosen) != 1:
        raise NotebookError(f"The notebook has several servers ({', '.join(found)}). Choose one with --server NAME.")
    return chosen[0]


def _known(session: Session, name: str, found: dict[str, MCPServer[Any]]) -> str:
    if session.registry.known(name, session.namespace) is not None:
        return name
    named = [known for known, server in found.items() if server.name == name]
    if len(named) != 1:
        raise UnknownNameError(
            f"The notebook has {'several servers' if named else 'no server'} {name!r}.{did_you_mean(name, found)} "
            f"Choose one with {', '.join(f'--server {known}' for known in found)}."
        )
    return named[0]


def subject_of(session: Session, name: str | None = None) -> Subject:
    """Return the input of an export: a server, the cells that ran, and the variables.

    Args:
        session: The session.
        name: The name of a live server, or of a variable with a server; defaults to the only server with definitions.

    Raises:
        UnknownNameError: There is no server of that name.
        UsageError: It is not clear which server is meant.
    """
    session.sync()
    server = _named(session, name) if name is not None else _defining(session)
    # If several variables have it, take the first that was bound.
    variables = (n for n, value in list(session.namespace.items()) if value is server and not n.startswith("_"))
    cells = history_of(session.shell).cells()
    return Subject(server, next(variables, None), cells, session.namespace, session.offered.gone)


def _named(session: Session, name: str) -> MCPServer[Any]:
    server = session.registry.known(name, session.namespace)
    if server is None:
        names = session.registry.names(session.namespace)
        known = ", ".join(names) or "none"
        raise UnknownNameError(f"There is no server {name!r} here.{did_you_mean(name, names)} Servers: {known}.")
    return server


def _defining(session: Session) -> MCPServer[Any]:
    """Return the only server with definitions."""
    found = session.registry.distinct(session.namespace)
    defining = {name: server for name, server in found.items() if definitions(server)}
    if len(defining) > 1:
        names = ", ".join(defining)
        raise UsageError(f"Several servers have definitions here: {names}. Choose one with --server NAME.")
    if not defining:
        if (other := foreign_server(session.namespace)) is not None:
            raise UsageError(f"{other} Then it can be exported.")
        raise UnknownNameError(
            "No server here has a definition. Define a tool in a %%mcp_tool cell, or with @mcp.tool()."
        )
    return next(iter(defining.values()))
