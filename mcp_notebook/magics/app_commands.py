"""``%%mcp_app`` makes the HTML of a cell an app, and shows it; ``%mcp apps`` lists the apps of any server."""

from __future__ import annotations

import click
from IPython.display import display

from mcp_notebook.client.arguments import named_values
from mcp_notebook.client.extensions.apps import listed_apps
from mcp_notebook.client.looking_up import by_name, known_or_fail
from mcp_notebook.magics.options import ARGUMENTS, NAME, SERVER, TEXT, TOOL
from mcp_notebook.magics.verb import ON, verb
from mcp_notebook.rendering import look
from mcp_notebook.rendering.apps import apps_table
from mcp_notebook.server.apps import app_entry, put_app
from mcp_notebook.server.views import with_app_class
from mcp_notebook.session.apps import show_app
from mcp_notebook.session.session import Session

__all__ = ["app"]


@click.command("%%mcp_app")
@click.argument("uri", type=TEXT)
@click.argument("arguments", nargs=-1, type=ARGUMENTS, metavar="[KEY=VALUE]...")
@click.option("--tool", type=TOOL, help="The tool whose results the app shows.")
@click.option("--sdk", is_flag=True, help="Put the official class App into the page, to speak with the host.")
@click.option("--name", type=NAME, help="The name that clients see. Default: the URI.")
@click.option("--title", type=TEXT, help="A title for people.")
@click.option("--description", type=TEXT, help="The description that clients see.")
@click.option(
    "--connect-domain",
    "connect_domains",
    type=TEXT,
    multiple=True,
    metavar="ORIGIN",
    help="A server that the page may connect to. Can be repeated. Default: none.",
)
@click.option(
    "--resource-domain",
    "resource_domains",
    type=TEXT,
    multiple=True,
    metavar="ORIGIN",
    help="A server that the page may load scripts, styles, images and fonts from. Can be repeated. Default: none.",
)
@click.option("--server", type=SERVER, help="The live server to define on. Default: the current one.")
@click.pass_obj
def app(
    session: Session,
    /,
    uri: str,
    arguments: tuple[str, ...],
    tool: str | None,
    server: str | None,
    sdk: bool,
    name: str | None,
    title: str | None,
    description: str | None,
    connect_domains: tuple[str, ...],
    resource_domains: tuple[str, ...],
) -> None:
    """Make the HTML of the cell an app. The arguments are those of the first call of the tool."""
    live = session.defining(server)
    values = {}
    if tool is not None:
        found = known_or_fail(tool, by_name(session.portal.run(live.server.list_tools)), "tool", live.name)
        values = named_values(arguments, found.input_schema, session.variables, tool)
    elif arguments:
        raise click.UsageError(f"{arguments[0]!r} is an argument of a tool. Name the tool: --tool NAME.")
    _, html = session.cell
    entry = app_entry(
        uri,
        with_app_class(html) if sdk else html,
        tool=tool,
        name=name,
        title=title,
        description=description,
        connect_domains=connect_domains,
        resource_domains=resource_domains,
    )
    put_app(live.server, entry)
    display(show_app(session, live.name, uri, tool, values))


@verb("apps", ON)
def _apps(session: Session, server: str | None) -> look.Rendering:
    """List the apps of a server: their tools, and what their pages may reach. Example: %mcp apps."""
    catalog = session.catalog(server)
    apps = listed_apps(catalog.resources(), catalog.tools())
    return apps_table(catalog.name, apps, empty=catalog.none("%%mcp_app URI"))
