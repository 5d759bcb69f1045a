"""Call a tool once in each era, each time on a new connection, and once more with the protocol's extensions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from mcp_notebook.client import Answers, Connection, Era, Target, Url
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.recording.wire import Frame, Wire
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.in_process import answering
from mcp_notebook.session.session import Session

__all__ = ["WITH_EXTENSIONS", "InOneEra", "called_in_each"]

WITH_EXTENSIONS = "modern with extensions"


class InOneEra(NamedTuple):
    """The frames of a call in one era, and why it failed; "" if it did not."""

    frames: list[Frame]
    failure: str


def called_in_each(
    session: Session,
    connection: Connection,
    tool: str,
    values: Mapping[str, Any],
    answers: Answers,
    *,
    extensions: bool = False,
) -> dict[str, InOneEra]:
    """Call a tool in the legacy era, then in the modern one, by a client that declares no extension.

    Args:
        session: The session.
        connection: A connection to the server; a server of this kernel is called over HTTP, inside this process.
        tool: The tool's name.
        values: The arguments.
        answers: The answers to questions of the server, for each call.
        extensions: Whether to call once more in the modern era, with all extensions declared.
    """
    ways: dict[str, tuple[Era, str]] = {"legacy": ("legacy", "none"), "modern": ("modern", "none")}
    if extensions:
        ways[WITH_EXTENSIONS] = ("modern", "all")
    with _reached(session, connection) as (target, wire):
        return {name: _called(session, target, wire, way, tool, values, answers) for name, way in ways.items()}


@contextmanager
def _reached(session: Session, connection: Connection) -> Iterator[tuple[Target, Wire | None]]:
    """Yield the target of new connections; for a server of this kernel, its HTTP app, and the wire log of it."""
    live = session.registry.servers.get(connection.name)
    if live is None or live.server is not connection.target:
        yield connection.target, None
        return
    wire = Wire()
    wire.on = True
    with answering(session.portal, live.server, wire) as app:
        yield Url(Endpoint(token=None).url, app=app), wire


def _called(
    session: Session,
    target: Target,
    wire: Wire | None,
    way: tuple[Era, str],
    tool: str,
    values: Mapping[str, Any],
    answers: Answers,
) -> InOneEra:
    """Call the tool on a new connection; return the frames, and the reason if it failed."""
    if wire is not None:
        wire.clear()
    failure = ""
    kept = wire
    era, extensions = way
    try:
        with Connection(session.portal, target, era, answerer=session.answerer, extensions=extensions) as connection:
            kept = wire or connection.wire
            connection.call(tool, values, answers=answers)
    except McpNotebookError as error:
        failure = str(error)
    return InOneEra([] if kept is None else kept.frames, failure)
