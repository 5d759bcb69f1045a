"""The verbs that change what a server offers, without a cell magic: take one off, show a variable."""

from __future__ import annotations

import re
from html import escape

import click

from mcp_notebook.errors import UnknownNameError, UsageError, did_you_mean
from mcp_notebook.magics.options import DEFINITION, NOTEBOOK_VARIABLE, TEXT
from mcp_notebook.magics.verb import ON_SERVER, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.variables import variables_table
from mcp_notebook.server import definitions
from mcp_notebook.server.changes import replace
from mcp_notebook.server.event_types import event_types, replace_event_types
from mcp_notebook.session.session import Session
from mcp_notebook.session.skills import files_of_skills

__all__: list[str] = []


@verb("remove", click.argument("names", nargs=-1, required=True, type=DEFINITION, metavar="NAME..."), ON_SERVER)
def _remove(session: Session, names: tuple[str, ...], server: str | None) -> look.Rendering:
    """Take tools, resources, prompts, skills or event types off the server. Example: %mcp remove add."""
    live = session.live(server)
    found = {definition.name: (definition.kind, [definition.name]) for definition in definitions(live.server)}
    found = {name: ("resource", uris) for name, uris in files_of_skills(live.server).items()} | found
    types = event_types(live.server)
    known = [*found, *types]
    for name in names:
        if name not in known:
            raise UnknownNameError(
                f"{live.name!r} has no tool, resource, prompt, skill or event {name!r}.{did_you_mean(name, known)} "
                f"It has: {', '.join(known) or 'none yet'}."
            )
    for name in names:
        if name in found:
            kind, gone = found[name]
            replace(live.server, kind, {}, gone)
            session.exposures.withdraw(live, name)
    replace_event_types(live.server, {name: kept for name, kept in types.items() if name in found or name not in names})
    words = f"removed: {', '.join(names)}. To bring one back, run its cell again."
    return look.Rendering(
        f"server {live.name}: {words}", look.card(f"server {look.code(live.name)}", f"<p>{escape(words)}</p>")
    )


@verb(
    "expose",
    click.argument("variable", type=NOTEBOOK_VARIABLE),
    click.option("--uri", type=TEXT, help="The URI of the resource. Default: notebook://VARIABLE."),
    click.option("--mime", type=TEXT, help="The form of the value to serve, such as text/html."),
    click.option("--description", type=TEXT, help="The description that clients see."),
    click.option("--query", is_flag=True, help="Also add a tool that filters, sorts and cuts the table."),
    ON_SERVER,
)
def _expose(
    session: Session,
    variable: str,
    uri: str | None,
    mime: str | None,
    description: str | None,
    query: bool,
    server: str | None,
) -> look.Rendering:
    """Make a variable a live resource. Example: %mcp expose df --query.

    A table is served by its first rows, and as files. Subscribed clients are notified when a cell binds the variable to
    a new value.
    """
    live = session.live(server)
    _require(session, variable)
    uri = uri or f"notebook://{variable}"
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", uri):
        raise UsageError(f"{uri!r} is not a URI: a URI starts with a scheme, such as notebook://{variable}.")
    kind = session.exposures.add(live, variable, uri=uri, mime_type=mime, description=description, query=query)
    files = session.exposures.files_of(live, uri)
    whole = f", all of it: {', '.join(files)}" if files else ""
    tool = f" The tool query_{variable} queries it." if query else ""
    words = f"{uri} is the variable {variable}, as {kind}{whole}.{tool} Next: %mcp read {uri}"
    return look.Rendering(words, look.card(f"resource {look.code(uri)}", f"<p>{escape(words)}</p>"))


def _require(session: Session, variable: str) -> None:
    if variable not in session.namespace:
        public = [name for name in session.namespace if not name.startswith("_")]
        raise UnknownNameError(f"There is no variable {variable!r}.{did_you_mean(variable, public)}")


@verb(
    "variables",
    click.argument("names", nargs=-1, type=NOTEBOOK_VARIABLE, metavar="[VARIABLE]..."),
    click.option("--stop", is_flag=True, help="Stop offering these variables, or all without a name."),
    ON_SERVER,
)
def _variables(session: Session, names: tuple[str, ...], stop: bool, server: str | None) -> look.Rendering:
    """Let agents see the types and shapes of variables, not their values. Example: %mcp variables df model.

    Without a name, it shows which are offered.
    """
    live = session.live(server)
    if stop:
        session.exposures.described.withdraw(live, names)
    elif names:
        for name in names:
            _require(session, name)
        session.exposures.described.offer(live, names)
    return variables_table(session.exposures.described.described(live))
