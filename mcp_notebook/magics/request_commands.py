"""The verbs that make a request: a client from the prompt."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click
from IPython.display import display
from mcp_types import Tool

from mcp_notebook.client import Era, Outcome
from mcp_notebook.client.arguments import jsonable, named_values
from mcp_notebook.client.looking_up import (
    by_name,
    json_object,
    known_or_fail,
    prompt_arguments,
    prompt_named,
    tool_arguments,
    tool_named,
)
from mcp_notebook.errors import UnknownNameError, UsageError
from mcp_notebook.magics.answers import ANSWERS, answers_of
from mcp_notebook.magics.options import ARGUMENTS, NAME, PROMPT, RESOURCE, TEXT, TOOL
from mcp_notebook.magics.verb import ERA, INTO, ON, TIMEOUT, verb
from mcp_notebook.magics.words import quoted
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.eras import lens
from mcp_notebook.session.apps import app_of, show_app
from mcp_notebook.session.background_calls import start
from mcp_notebook.session.eras import called_in_each
from mcp_notebook.session.forms import form_of
from mcp_notebook.session.progress import interrupted_in_one_line
from mcp_notebook.session.running import shown_while_running
from mcp_notebook.session.saying import say_call
from mcp_notebook.session.session import Session
from mcp_notebook.visible import visible

__all__: list[str] = []

AS_JSON = click.option(
    "--json",
    "as_json",
    type=TEXT,
    metavar="OBJECT",
    help="The arguments as one JSON object, sent unchanged.",
)
FROM_VARIABLE = click.option(
    "--args",
    "variable",
    type=NAME,
    metavar="VAR",
    help="The arguments as a dict in a variable, sent unchanged.",
)


@verb(
    "call",
    click.argument("tool", type=TOOL),
    click.argument("arguments", nargs=-1, type=ARGUMENTS, metavar="[KEY=VALUE]..."),
    AS_JSON,
    FROM_VARIABLE,
    ANSWERS,
    TIMEOUT,
    ERA,
    click.option("--background", is_flag=True, help="Return at once, and let the call go on while other cells run."),
    INTO,
    ON,
    click.option("--app", "as_app", is_flag=True, help="Show the result in the tool's app."),
)
def _call(
    session: Session,
    tool: str,
    arguments: tuple[str, ...],
    as_json: str | None,
    variable: str | None,
    answers: str | None,
    timeout: float | None,
    era: Era | None,
    background: bool,
    output: str | None,
    server: str | None,
    as_app: bool,
) -> Any:
    """Call a tool. Example: %mcp call add a=1 b=2.

    A value is JSON, a Python literal or the name of a variable; for a text parameter, the text itself. The name of a
    parameter with a space or an equals sign needs quotes.
    """
    connection = session.on(server, era)
    listed_tool = tool_named(connection, tool, timeout)
    whole = _whole(session, as_json, variable)
    given = tool_arguments(listed_tool, arguments, whole, session.variables, f"%mcp call {quoted(tool)}")
    uri = app_of(listed_tool) if as_app else None
    scripted = answers_of(session, answers)
    if background:
        begun = start(session, connection, tool, given, answers=scripted, timeout=timeout)
        return _kept(session, begun, output)
    stopped = f"the call of {visible(tool, one_line=True)!r} was interrupted, and cancelled at the server."
    with interrupted_in_one_line(stopped), shown_while_running(session, connection, tool) as on_progress:
        outcome = connection.call(tool, given, answers=scripted, on_progress=on_progress, timeout=timeout)
    if uri is None:
        return _deliver(session, outcome, output)
    if output is not None:
        session.namespace[output] = outcome.result
    say_call(outcome.call)
    display(show_app(session, connection.name, uri, tool, given, outcome.result))
    return None


@verb("read", click.argument("uri", type=RESOURCE), ANSWERS, TIMEOUT, ERA, INTO, ON)
def _read(
    session: Session,
    uri: str,
    answers: str | None,
    timeout: float | None,
    era: Era | None,
    output: str | None,
    server: str | None,
) -> Any:
    """Read a resource. Example: %mcp read notes://today."""
    outcome = session.on(server, era).read(uri, answers=answers_of(session, answers), timeout=timeout)
    return _deliver(session, outcome, output)


@verb(
    "prompt",
    click.argument("prompt", type=PROMPT),
    click.argument("arguments", nargs=-1, type=ARGUMENTS, metavar="[KEY=VALUE]..."),
    AS_JSON,
    FROM_VARIABLE,
    ANSWERS,
    TIMEOUT,
    INTO,
    ON,
)
def _prompt(
    session: Session,
    prompt: str,
    arguments: tuple[str, ...],
    as_json: str | None,
    variable: str | None,
    answers: str | None,
    timeout: float | None,
    output: str | None,
    server: str | None,
) -> Any:
    """Get a prompt with its arguments filled in. Example: %mcp prompt review text="my text".

    The name of an argument with a space or an equals sign needs quotes.
    """
    connection = session.on(server)
    found = prompt_named(connection, prompt, timeout)
    whole = _whole(session, as_json, variable)
    values = prompt_arguments(found, arguments, whole, session.variables, f"%mcp prompt {quoted(prompt)}")
    outcome = connection.prompt(prompt, values, answers=answers_of(session, answers), timeout=timeout)
    return _deliver(session, outcome, output)


@verb("form", click.argument("tool", type=TOOL), ON)
def _form(session: Session, tool: str, server: str | None) -> Any:
    """Show a form that calls a tool. Example: %mcp form add."""
    catalog = session.catalog(server)
    known_or_fail(tool, by_name(catalog.tools()), "tool", catalog.name)
    display(form_of(session, catalog.name, tool))


def _whole(session: Session, as_json: str | None, variable: str | None) -> dict[str, Any] | None:
    """Return the arguments that are given as one object; None if none are."""
    if as_json is None and variable is None:
        return None
    return {**({} if as_json is None else json_object(as_json, "--json")), **_variable(session, variable)}


def _variable(session: Session, name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    if name not in session.variables:
        raise UnknownNameError(f"--args: there is no variable {name!r}.")
    value = session.variables[name]
    if not isinstance(value, Mapping):
        value = jsonable(value, name)
    if not isinstance(value, Mapping):
        raise UsageError(f"--args takes a dict of arguments, but {name} is a {type(value).__name__}.")
    return dict(value)


def _kept(session: Session, value: Any, output: str | None) -> Any:
    """Keep a value in a variable and return None; without a variable, return the value."""
    if output is None:
        return value
    session.namespace[output] = value
    return None


def _deliver(session: Session, outcome: Outcome[Any], output: str | None) -> Any:
    say_call(outcome.call)
    if output is None:
        return outcome.result
    session.namespace[output] = outcome.result
    for line in outcome.in_words:  # the result is not shown, and that says it
        print(f"mcp: {line}", file=sys.stderr)
    return None


@verb(
    "eras",
    click.argument("tool", type=TOOL),
    click.argument("arguments", nargs=-1, type=ARGUMENTS, metavar="[KEY=VALUE]..."),
    ANSWERS,
    ON,
    click.option("--full", is_flag=True, help="Add the messages as JSON, which differ on each run."),
    click.option("--extensions", is_flag=True, help="Call once more, with all extensions of the protocol declared."),
    click.option("--yes", is_flag=True, help="Call the tool again even if it is not marked as safe to repeat."),
)
def _eras(
    session: Session,
    tool: str,
    arguments: tuple[str, ...],
    answers: str | None,
    server: str | None,
    full: bool,
    extensions: bool,
    yes: bool,
) -> look.Rendering:
    """Call a tool once in each era, and show the frames side by side. Example: %mcp eras add a=1 b=2.

    The tool is called for each column, so --yes is required unless it is marked as read-only or idempotent. A server
    of this kernel is called over HTTP, on a temporary port.
    """
    connection = session.on(server)
    found = known_or_fail(tool, by_name(connection.tools()), "tool", connection.name)
    if not yes and not _may_be_called_twice(found):
        often = "three times" if extensions else "twice, once in each era"
        raise UsageError(
            f"{tool} would be called {often}, but it is not marked as safe to repeat (--read-only or --idempotent). "
            "Add --yes to call it anyway."
        )
    values = named_values(arguments, found.input_schema, session.variables, tool)
    scripted = answers_of(session, answers)
    sides = called_in_each(session, connection, tool, values, scripted, extensions=extensions)
    notes = [
        "The tool was called once for each column." if extensions else "The tool was called twice, once in each era."
    ]
    notes += [f"{era}: {ended.failure}" for era, ended in sides.items() if ended.failure]
    return lens(tool, {era: side.frames for era, side in sides.items()}, full=full, notes=notes)


def _may_be_called_twice(tool: Tool) -> bool:
    stated = tool.annotations
    return stated is not None and bool(stated.read_only_hint or stated.idempotent_hint)
