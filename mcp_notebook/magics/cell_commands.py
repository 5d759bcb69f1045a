"""The cell magics that define: run the cell, build, then register."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click
from IPython.display import display
from mcp_types import ToolAnnotations

from mcp_notebook.magics.options import NAME, SERVER, TEXT
from mcp_notebook.magics.skill_commands import PREFIX
from mcp_notebook.magics.skill_commands import card as skill_card
from mcp_notebook.magics.words import quoted
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.rendering.look import Rendering
from mcp_notebook.server import LiveServer
from mcp_notebook.server.execution import RunOn
from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.tasks import TTL, Tasks
from mcp_notebook.server.sign_in import SCOPES
from mcp_notebook.server.views import VIEWS, View
from mcp_notebook.session.app_pages import app_of_tool
from mcp_notebook.session.apps import app_at_once
from mcp_notebook.session.defining import Defined, define_prompts, define_resource_of, define_tools
from mcp_notebook.session.forms import form_of
from mcp_notebook.session.session import Session
from mcp_notebook.session.skills import define_skill

__all__ = ["prompt", "resource", "skill", "tool"]


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--server", type=SERVER, help="The live server to define on. Default: the current one."),
        click.option("--description", type=TEXT, help="The description that clients see. Default: the docstring."),
        click.option("--title", type=TEXT, help="A title for people."),
        click.option("--name", type=NAME, help="The name that clients use. Default: the function's name."),
    ):
        command = option(command)
    return command


@click.command("%%mcp_tool")
@click.argument("functions", nargs=-1, type=NAME, metavar="[FUNCTION]...")
@_common
@click.option("--read-only/--no-read-only", default=None, help="The tool changes nothing.")
@click.option(
    "--destructive/--no-destructive", default=None, help="The tool may destroy or overwrite something, or it only adds."
)
@click.option("--idempotent/--no-idempotent", default=None, help="Repeating a call has no further effect.")
@click.option(
    "--closed-world/--open-world", default=None, help="The tool stays within this server, or it reaches beyond."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=NAME,
    metavar="SCOPE",
    help="A scope that the token of a caller needs, such as notes:write; may be given again.",
)
@click.option("--no-structured", is_flag=True, help="Send no structured content, only text.")
@click.option(
    "--run-on",
    type=click.Choice(["worker", "loop", "main", "dask"]),
    help="Where calls run: on a worker thread (the default for def), on the server's event loop (for async def), on "
    "the kernel's main thread, between cells and while a cell waits, or on a Dask cluster.",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Cancel calls that take longer."
)
@click.option(
    "--task",
    is_flag=True,
    help="Run calls as tasks: clients that can follow a task get a handle at once, not a result.",
)
@click.option(
    "--task-only",
    is_flag=True,
    help="Run calls as tasks, and refuse clients that cannot follow one.",
)
@click.option(
    "--task-ttl",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Run calls as tasks, and keep each for this long after its end. Default: 3600.",
)
@click.option(
    "--app",
    type=NAME,
    metavar="FUNCTION",
    help="A function that returns the HTML of an app, which hosts show with the results.",
)
@click.option(
    "--view", type=click.Choice(VIEWS), help="An app that shows the rows of the results as a table or as a chart."
)
@click.option("--form", is_flag=True, help="Also show a form that calls the tool.")
@click.pass_obj
def tool(
    session: Session,
    /,
    functions: tuple[str, ...],
    server: str | None,
    read_only: bool | None,
    destructive: bool | None,
    idempotent: bool | None,
    closed_world: bool | None,
    scopes: tuple[str, ...],
    no_structured: bool,
    run_on: RunOn | None,
    timeout: float | None,
    app: str | None,
    view: View | None,
    task: bool,
    task_only: bool,
    task_ttl: float | None,
    form: bool,
    **texts: str | None,
) -> None:
    """Run the cell, and make its public functions tools."""
    live = session.defining(server)
    hints = ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=None if closed_world is None else not closed_world,
    )
    defined = define_tools(
        session,
        live,
        functions,
        texts,
        annotations=hints if hints.model_dump(exclude_none=True) else None,
        meta={SCOPES: list(scopes)} if scopes else None,
        structured_output=False if no_structured else None,
        run_on=run_on,
        timeout=timeout,
        app=app_of_tool(session.namespace, app, view),
        task_ttl=task_ttl or (TTL if task or task_only else None),
        task_only=task_only,
    )
    for one in defined:
        as_app = " --app" if app or view else ""
        card = _card(live, one, f"%mcp call {quoted(one.name)}{_values(one)}{as_app}")
        display(form_of(session, live.name, one.name, card, one.before) if form else card)
        if as_app and (shown := app_at_once(session, live.name, one.name)) is not None:
            display(shown)


@click.command("%%mcp_resource")
@click.argument("uri", type=TEXT)
@click.argument("functions", nargs=-1, type=NAME, metavar="[FUNCTION]")
@_common
@click.option("--mime-type", type=TEXT, help="The content's type. Default: text/plain.")
@click.pass_obj
def resource(
    session: Session,
    /,
    uri: str,
    functions: tuple[str, ...],
    server: str | None,
    mime_type: str | None,
    **texts: str | None,
) -> None:
    """Run the cell, and make its public function a resource."""
    live = session.defining(server)
    one = define_resource_of(session, live, uri, functions, texts, mime_type=mime_type)
    display(_card(live, one, f"%mcp read {quoted(_VARIABLES.sub('...', uri))}"))


@click.command("%%mcp_prompt")
@click.argument("functions", nargs=-1, type=NAME, metavar="[FUNCTION]...")
@_common
@click.pass_obj
def prompt(session: Session, /, functions: tuple[str, ...], server: str | None, **texts: str | None) -> None:
    """Run the cell, and make its public functions prompts."""
    live = session.defining(server)
    for one in define_prompts(session, live, functions, texts):
        display(_card(live, one, f"%mcp prompt {quoted(one.name)}{_values(one)}"))


@click.command("%%mcp_skill")
@click.argument("name", type=NAME)
@click.option("--description", type=TEXT, help="The purpose of the skill, and when to use it.")
@PREFIX
@click.option("--server", type=SERVER, help="The live server to define on. Default: the current one.")
@click.pass_obj
def skill(session: Session, /, name: str, description: str | None, prefix: str | None, server: str | None) -> None:
    """Make the text of the cell a skill."""
    live = session.defining(server)
    display(skill_card(live.name, define_skill(session, live, name, description, prefix or "")))


_VARIABLES = re.compile(r"\{[^}]*\}")
"""The variables of a URI template."""


def _values(one: Defined) -> str:
    return "".join(f" {name}=..." for name in one.values)


def _card(live: LiveServer, one: Defined, try_it: str) -> Rendering:
    tasks = extension_of(live.server, Tasks) if one.kind == "tool" else None
    return definition_card(
        one.kind,
        one.entry,
        server=live.name,
        function=one.function,
        before=one.before,
        try_it=try_it,
        task_ttl=tasks.names.get(one.name) if tasks is not None else None,
    )
