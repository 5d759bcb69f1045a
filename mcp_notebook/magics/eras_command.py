"""The verb that calls a tool once in each era."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from mcp_types import Tool

from mcp_notebook.client import Answers, Connection, Era, Target, Url
from mcp_notebook.errors import McpNotebookError, UnknownNameError
from mcp_notebook.magics.answers import ANSWERS, answers_of
from mcp_notebook.magics.options import ARGUMENTS, TOOL
from mcp_notebook.magics.verb import ON, by_name, known_or_fail, verb
from mcp_notebook.recording.wire import Frame, Wire
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.eras import lens
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.gate import Token
from mcp_notebook.server.hosting import Listener
from mcp_notebook.session.arguments import named_values
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "eras",
    click.argument("tool", type=TOOL),
    click.argument("arguments", nargs=-1, type=ARGUMENTS, metavar="[KEY=VALUE]..."),
    ANSWERS,
    ON,
    click.option("--full", is_flag=True, help="With the messages as JSON; they are others in each run."),
    click.option("--yes", is_flag=True, help="Call it twice, also if it does not say that it may be."),
)
def _eras(
    session: Session,
    tool: str,
    arguments: tuple[str, ...],
    answers: str | None,
    server: str | None,
    full: bool,
    yes: bool,
) -> look.Rendering:
    """Call a tool once in each era, and show the frames side by side. Example: %mcp eras add a=1 b=2.

    The tool is called twice: with --yes only, where it does not say that it only reads, or that calling it again
    adds nothing. A server of this kernel is called over HTTP, on a port of its own for as long as that takes.
    """
    connection = session.on(server)
    found = known_or_fail(tool, by_name(connection.tools()), "tool", connection.name)
    if not yes and not _may_be_called_twice(found):
        raise UnknownNameError(
            f"{tool} would be called twice, once in each era, and does not say that it only reads, or that calling it "
            "again adds nothing (--read-only, --idempotent). Add --yes to call it all the same."
        )
    values = named_values(arguments, found.input_schema, session.variables, tool)
    scripted = answers_of(session, answers)
    notes = ["It was called twice, once in each era."]
    frames: dict[Era, list[Frame]] = {}
    failures: dict[Era, str] = {}
    with _reached(session, connection) as (target, wire):
        for era in ("legacy", "modern"):
            frames[era], failures[era] = _called(session, target, wire, era, tool, values, scripted)
    notes += [f"{era}: {failure}" for era, failure in failures.items() if failure]
    return lens(tool, frames["legacy"], frames["modern"], full=full, notes=notes)


def _may_be_called_twice(tool: Tool) -> bool:
    stated = tool.annotations
    return stated is not None and bool(stated.read_only_hint or stated.idempotent_hint)


@contextmanager
def _reached(session: Session, connection: Connection) -> Iterator[tuple[Target, Wire | None]]:
    """Yield where fresh connections go; for a server of this kernel a port of its own, with what keeps its frames."""
    live = session.registry.servers.get(connection.name)
    if live is None or live.server is not connection.target:
        yield connection.target, None
        return
    wire = Wire()
    wire.on = True
    listener = Listener(session.portal, live.server, name=live.name, endpoint=Endpoint(Token.make()), wire=wire)
    try:
        yield Url(listener.url, token=listener.token), wire
    finally:
        listener.stop()


def _called(
    session: Session,
    target: Target,
    wire: Wire | None,
    era: Era,
    tool: str,
    values: Mapping[str, Any],
    answers: Answers,
) -> tuple[list[Frame], str]:
    """Call the tool on a fresh connection; return what went over the wire, and why it failed where it did."""
    if wire is not None:
        wire.frames.clear()
    failure = ""
    kept = wire
    try:
        with Connection(session.portal, target, era, answerer=session.answerer) as connection:
            kept = wire or connection.wire
            connection.call(tool, values, answers=answers)
    except McpNotebookError as error:
        failure = str(error)
    return ([] if kept is None else list(kept.frames)), failure
