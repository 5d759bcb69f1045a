"""The verbs that make a request: a client from the prompt."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import click
from IPython.display import display
from mcp_types import Prompt, Tool

from mcp_notebook.client import Connection, Era, Outcome
from mcp_notebook.client.reading import ItemList
from mcp_notebook.errors import RequestError, UnknownNameError, UsageError
from mcp_notebook.magics.answers import ANSWERS, answers_of
from mcp_notebook.magics.options import ARGUMENTS, NAME, PROMPT, RESOURCE, TEXT, TOOL
from mcp_notebook.magics.verb import ERA, INTO, ON, TIMEOUT, by_name, known_or_fail, verb
from mcp_notebook.magics.words import quoted
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.eras import lens
from mcp_notebook.schema import brief
from mcp_notebook.schema.parameters import sequence
from mcp_notebook.session.apps import app_of, show_app
from mcp_notebook.session.arguments import jsonable, named_values, quoted_key
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
    tools = partial(connection.tools, timeout=timeout)
    listed_tool = _listed(connection, "tool", tool, tools) or Tool(name=tool, input_schema={})
    whole = {**_json_object(as_json), **_variable(session, variable)}
    named = named_values(arguments, listed_tool.input_schema, session.variables, tool)
    if as_json is None and variable is None:
        _nothing_missing(listed_tool, named)
    uri = app_of(listed_tool) if as_app else None
    scripted = answers_of(session, answers)
    if background:
        begun = start(session, connection, tool, {**whole, **named}, answers=scripted, timeout=timeout)
        return _kept(session, begun, output)
    stopped = f"the call of {visible(tool, one_line=True)!r} was interrupted, and cancelled at the server."
    with interrupted_in_one_line(stopped), shown_while_running(session, connection, tool) as on_progress:
        outcome = connection.call(tool, {**whole, **named}, answers=scripted, on_progress=on_progress, timeout=timeout)
    if uri is None:
        return _deliver(session, outcome, output)
    if output is not None:
        session.namespace[output] = outcome.result
    say_call(outcome.call)
    display(show_app(session, connection.name, uri, tool, {**whole, **named}, outcome.result))
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
    found = _listed(connection, "prompt", prompt, partial(connection.prompts, timeout=timeout)) or Prompt(name=prompt)
    # A prompt's arguments are texts; the protocol gives them no schema.
    schema = {"properties": {a.name: {"type": "string"} for a in found.arguments or []}}
    named = named_values(arguments, schema, session.variables, prompt)
    values = {**_json_object(as_json), **_variable(session, variable), **named}
    missing = [a.name for a in found.arguments or [] if a.required and a.name not in values]
    if missing:
        keys = [quoted_key(name) for name in missing]
        raise UsageError(f"{prompt} requires {', '.join(keys)}: %mcp prompt {quoted(prompt)} {keys[0]}=...")
    outcome = connection.prompt(prompt, values, answers=answers_of(session, answers), timeout=timeout)
    return _deliver(session, outcome, output)


@verb("form", click.argument("tool", type=TOOL), ON)
def _form(session: Session, tool: str, server: str | None) -> Any:
    """Show a form that calls a tool. Example: %mcp form add."""
    catalog = session.catalog(server)
    known_or_fail(tool, by_name(catalog.tools()), "tool", catalog.name)
    display(form_of(session, catalog.name, tool))


def _listed(connection: Connection, kind: str, name: str, ask: Callable[[], ItemList[Any]]) -> Any:
    """Return a tool or prompt as it is listed; None where the list cannot be read, and the server may know the name.

    Raises:
        UnknownNameError: It is not listed.
    """
    try:
        found = ask()
    except RequestError as error:
        if error.code is None:  # not the list is the reason, but the connection
            raise
        print(f"mcp: {connection.name} does not list its {kind}s. {error}", file=sys.stderr)
        return None
    known = by_name(found)
    for problem in found.problems:
        if name not in known or problem.reason.endswith(f"({brief(name)})"):
            print(f"mcp: {problem}", file=sys.stderr)
    if found.problems and name not in known:
        return None
    return known_or_fail(name, known, kind, connection.name)


def _json_object(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--json: not JSON ({error}). Write it in single quotes: --json '{{\"a\": 1}}'.") from None
    if not isinstance(value, dict):
        raise UsageError(f'--json takes an object, such as {{"a": 1}}, but this is {text}.')
    return value


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


def _nothing_missing(tool: Tool, given: Mapping[str, Any]) -> None:
    missing = [str(name) for name in sequence(tool.input_schema.get("required")) if name not in given]
    if missing:
        keys = [quoted_key(str(name)) for name in missing]
        words = " ".join(f"{key}=..." for key in keys)
        raise UsageError(f"{tool.name} requires {', '.join(keys)}: %mcp call {quoted(tool.name)} {words}")


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
