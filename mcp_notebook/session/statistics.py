"""Find the recorders whose statistics a notebook shows."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

from mcp_notebook.client import Connection
from mcp_notebook.recording import Recorder
from mcp_notebook.recording.sources import CallSource
from mcp_notebook.session.session import Session

__all__ = ["sources"]


def sources(session: Session, name: str | None = None) -> list[CallSource]:
    """Return the recorder of the connection or live server `name`; without a name, the notebook's and all connections'.

    Raises:
        UnknownNameError: There is nothing of that name.
    """
    own = session.registry.recorder
    if name is None:
        others = (_source(own, name, connection) for name, connection in session.distinct.items())
        return [CallSource(own), *(source for source in others if source.recorder is not own)]
    name = session.full_name(name)
    connection = session.connected.get(name or "")
    return [
        CallSource(own, only=session.named(name).server.name) if connection is None else _source(own, name, connection)
    ]


def _source(own: Recorder, name: str | None, connection: Connection) -> CallSource:
    if connection.recorder is own and isinstance(connection.target, MCPServer):
        return CallSource(own, only=connection.target.name)
    return CallSource(connection.recorder, name)
