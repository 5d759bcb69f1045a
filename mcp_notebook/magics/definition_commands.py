"""The verbs that change what a server offers, without a cell magic: take one off, show a variable."""

from __future__ import annotations

import re

import click

from mcp_notebook.errors import UnknownNameError, UsageError, did_you_mean
from mcp_notebook.magics.options import DEFINITION, NOTEBOOK_VARIABLE, TEXT
from mcp_notebook.magics.verb import ON_SERVER, verb
from mcp_notebook.rendering import look
from mcp_notebook.server import definitions
from mcp_notebook.server.changes import replace
from mcp_notebook.session.session import Session
from mcp_notebook.session.skills import files_of_skills

__all__: list[str] = []


@verb("remove", click.argument("names", nargs=-1, required=True, type=DEFINITION, metavar="NAME..."), ON_SERVER)
def _remove(session: Session, names: tuple[str, ...], server: str | None) -> look.Rendering:
    """Take tools, resources, prompts or skills off the server; the functions stay. Example: %mcp remove add."""
    live = session.live(server)
    found = {definition.name: (definition.kind, [definition.name]) for definition in definitions(live.server)}
    found = {name: ("resource", uris) for name, uris in files_of_skills(live.server).items()} | found
    for name in names:
        if name not in found:
            raise UnknownNameError(
                f"{live.name!r} has no tool, resource, prompt or skill {name!r}.{did_you_mean(name, found)} "
                f"It has: {', '.join(found) or 'none yet'}."
            )
    for name in names:
        kind, gone = found[name]
        replace(live.server, kind, {}, gone)
    words = f"removed: {', '.join(names)}. To bring one back, run its cell again."
    return look.Rendering(
        f"server {live.name}: {words}", look.card(f"server {look.code(live.name)}", f"<p>{words}</p>")
    )


@verb(
    "expose",
    click.argument("variable", type=NOTEBOOK_VARIABLE),
    click.option("--uri", type=TEXT, help="The URI of the resource. Default: notebook://VARIABLE."),
    click.option("--mime", type=TEXT, help="The form of the value to serve, such as text/html."),
    click.option("--description", type=TEXT, help="The description that clients see."),
    ON_SERVER,
)
def _expose(
    session: Session, variable: str, uri: str | None, mime: str | None, description: str | None, server: str | None
) -> look.Rendering:
    """Make a variable a live resource. Example: %mcp expose df.

    Subscribed clients are notified when a cell binds the variable to a new value.
    """
    live = session.live(server)
    if variable not in session.namespace:
        public = [name for name in session.namespace if not name.startswith("_")]
        raise UnknownNameError(f"There is no variable {variable!r}.{did_you_mean(variable, public)}")
    uri = uri or f"notebook://{variable}"
    if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", uri):
        raise UsageError(f"{uri!r} is not a URI: a URI starts with a scheme, such as notebook://{variable}.")
    kind = session.exposures.add(live, variable, uri=uri, mime_type=mime, description=description)
    words = f"{uri} is the variable {variable}, as {kind}. Next: %mcp read {uri}"
    return look.Rendering(words, look.card(f"resource {look.code(uri)}", f"<p>{words}</p>"))
