"""The verb that calls a tool once in each era."""

from __future__ import annotations

import click
from mcp_types import Tool

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.magics.answers import ANSWERS, answers_of
from mcp_notebook.magics.options import ARGUMENTS, TOOL
from mcp_notebook.magics.verb import ON, by_name, known_or_fail, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.eras import lens
from mcp_notebook.session.arguments import named_values
from mcp_notebook.session.eras import called_in_each
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
    legacy, modern = called_in_each(session, connection, tool, values, scripted)
    notes = ["It was called twice, once in each era."]
    notes += [f"{era}: {ended.failure}" for era, ended in (("legacy", legacy), ("modern", modern)) if ended.failure]
    return lens(tool, legacy.frames, modern.frames, full=full, notes=notes)


def _may_be_called_twice(tool: Tool) -> bool:
    stated = tool.annotations
    return stated is not None and bool(stated.read_only_hint or stated.idempotent_hint)
