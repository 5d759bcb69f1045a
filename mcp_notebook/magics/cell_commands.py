"""``%%mcp_tool``, ``%%mcp_resource``, ``%%mcp_prompt``: run the cell, build, then register."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from IPython.core.error import UsageError
from IPython.display import display
from mcp_types import ToolAnnotations
from pydantic import BaseModel

from mcp_notebook import cells
from mcp_notebook.errors import DefinitionError, did_you_mean
from mcp_notebook.magics.options import NAME, SERVER, TEXT
from mcp_notebook.magics.words import quoted
from mcp_notebook.rendering.definition import definition_card
from mcp_notebook.server import LiveServer
from mcp_notebook.server.definitions import build_prompt, build_tool, define_resource, register
from mcp_notebook.server.interface import Entry, listed
from mcp_notebook.server.placement import RunOn
from mcp_notebook.session.session import Session

__all__ = ["prompt", "resource", "tool"]

Functions = dict[str, Callable[..., Any]]


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--server", type=SERVER, help="The live server to define it on; the current one if not given."),
        click.option("--description", type=TEXT, help="What clients are told; the docstring if not given."),
        click.option("--title", type=TEXT, help="A title for people."),
        click.option("--name", type=NAME, help="What clients call it; the function's name if not given."),
    ):
        command = option(command)
    return command


@click.command("%%mcp_tool")
@click.argument("functions", nargs=-1, type=NAME, metavar="[FUNCTION]...")
@_common
@click.option("--read-only/--no-read-only", default=None, help="It changes nothing.")
@click.option("--destructive/--no-destructive", default=None, help="It may destroy or overwrite; or it only adds.")
@click.option("--idempotent/--no-idempotent", default=None, help="Calling it again with the same values adds nothing.")
@click.option("--closed-world/--open-world", default=None, help="It stays within this server; or it reaches beyond.")
@click.option("--no-structured", is_flag=True, help="Send no structured content, only text.")
@click.option(
    "--run-on",
    type=click.Choice(["worker", "loop", "main"]),
    help="Where calls run: a worker thread (the default of a def), the server's event loop (of an async def), or the "
    "kernel's main thread, between cells and while a cell waits.",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="Cancel calls that take longer."
)
@click.option("--form", is_flag=True, help="Show a form under the card that calls the tool.")
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
    no_structured: bool,
    run_on: RunOn | None,
    timeout: float | None,
    form: bool,
    **single: Any,
) -> None:
    """Run the cell, and make its public functions tools."""
    live = session.defining(server)
    hints = ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=None if closed_world is None else not closed_world,
    )
    options: dict[str, Any] = {
        "annotations": hints if hints.model_dump(exclude_none=True) else None,
        "structured_output": False if no_structured else None,
    }
    defined = _run(session, functions, single)
    with _naming_the_way_out(defined, functions):
        built = [
            build_tool(function, run_on=run_on, timeout=timeout, **options, **single) for function in defined.values()
        ]
    before = _listed(session, live.server.list_tools)
    register(live.server, *built, withdrawn=session.origins.withdrawn(live.server, "tool", (b.name for b in built)))
    after = _listed(session, live.server.list_tools)
    for one, function in zip(built, defined.values(), strict=True):
        _show(
            "tool",
            after[one.name],
            live,
            function,
            before.get(one.name),
            f"%mcp call {quoted(one.name)}{_first_words(one)}",
        )
        if form:
            display(session.form(live.name, one.name))


@click.command("%%mcp_resource")
@click.argument("uri", type=TEXT)
@click.argument("functions", nargs=-1, type=NAME, metavar="[FUNCTION]")
@_common
@click.option("--mime-type", type=TEXT, help="What the content is; text/plain if not given.")
@click.pass_obj
def resource(
    session: Session,
    /,
    uri: str,
    functions: tuple[str, ...],
    server: str | None,
    mime_type: str | None,
    **single: str | None,
) -> None:
    """Run the cell, and make its public function a resource."""
    live = session.defining(server)
    defined = _run(session, functions, single)
    if len(defined) > 1:
        raise DefinitionError(
            f"One URI has one function, and this cell defines {', '.join(defined)}. Name the one that is meant: "
            f"%%mcp_resource {uri} {next(iter(defined))}; or start the names of the others with an underscore."
        )
    (function,) = defined.values()
    before = _listed(session, live.server.list_resources) | _listed(session, live.server.list_resource_templates)
    define_resource(live.server, uri, function, mime_type=mime_type, **single)
    static, templates = (_listed(session, f) for f in (live.server.list_resources, live.server.list_resource_templates))
    kind = "resource" if uri in static else "resource template"
    _show(
        kind,
        (static | templates)[uri],
        live,
        function,
        before.get(uri),
        f"%mcp read {quoted(_VARIABLES.sub('...', uri))}",
    )


@click.command("%%mcp_prompt")
@click.argument("functions", nargs=-1, type=NAME, metavar="[FUNCTION]...")
@_common
@click.pass_obj
def prompt(session: Session, /, functions: tuple[str, ...], server: str | None, **single: str | None) -> None:
    """Run the cell, and make its public functions prompts."""
    live = session.defining(server)
    defined = _run(session, functions, single)
    with _naming_the_way_out(defined, functions):
        built = [build_prompt(function, **single) for function in defined.values()]
    before = _listed(session, live.server.list_prompts)
    register(live.server, *built, withdrawn=session.origins.withdrawn(live.server, "prompt", (b.name for b in built)))
    after = _listed(session, live.server.list_prompts)
    for one in built:
        words = "".join(f" {argument.name}=..." for argument in one.arguments or [] if argument.required)
        _show("prompt", after[one.name], live, None, before.get(one.name), f"%mcp prompt {quoted(one.name)}{words}")


def _run(session: Session, names: tuple[str, ...], single: dict[str, str | None]) -> Functions:
    """Run the cell and return the functions to register: those named, or every public one."""
    magic, body = session.cell
    if cells.awaits(session.shell, body):
        raise DefinitionError(
            "This cell awaits at its top level, which a cell with a magic cannot. Await in a cell of its own, keep the "
            "result in a variable, and define the function here."
        )
    defined, error = cells.run_cell(session.shell, magic, body)
    if error is not None:
        raise UsageError(
            f"This cell raised {type(error).__name__} (above), so nothing changed on the server. "
            "Mend it and run the cell again."
        )
    for name in names:
        found = defined.get(name, session.namespace.get(name))
        if not callable(found):
            raise DefinitionError(
                f"This cell defines no function {name!r}.{did_you_mean(name, defined)} It defines: "
                f"{', '.join(defined) or 'none'}."
            )
        defined[name] = found
    chosen = {name: defined[name] for name in names or defined}
    if not chosen:
        raise DefinitionError(
            "This cell defines no public function. Write one at its top level: def NAME(...), its name without a "
            "leading underscore."
        )
    given = [f"--{option}" for option, value in single.items() if value is not None]
    if len(chosen) > 1 and given:
        raise DefinitionError(
            f"{given[0]} is for one function, and this cell has {', '.join(chosen)}. Name the one that is meant, or "
            f"put each into a cell of its own."
        )
    return chosen


@contextmanager
def _naming_the_way_out(defined: Functions, named: tuple[str, ...]) -> Iterator[None]:
    """Where a helper stands beside the function that is meant, say how to tell them apart."""
    try:
        yield
    except DefinitionError as error:
        if len(defined) == 1 or named:
            raise
        raise DefinitionError(
            f"{error} If that is a helper, name the functions that are meant after the magic, or start the name of "
            "the helper with an underscore."
        ) from error


_VARIABLES = re.compile(r"\{[^}]*\}")
"""The variables of a URI template."""


def _listed(session: Session, list_all: Callable[..., Any]) -> dict[str, Entry]:
    items: Iterable[BaseModel] = session.portal.run(list_all)
    entries = [listed(item) for item in items]
    return {entry.get("uri") or entry.get("uriTemplate") or entry["name"]: entry for entry in entries}


def _first_words(built: Any) -> str:
    required = built.parameters.get("required", [])
    return "".join(f" {name}=..." for name in required)


def _show(
    kind: str,
    entry: Entry,
    live: LiveServer,
    function: Callable[..., Any] | None,
    before: Entry | None,
    try_it: str,
) -> None:
    display(definition_card(kind, entry, server=live.name, function=function, before=before, try_it=try_it))
