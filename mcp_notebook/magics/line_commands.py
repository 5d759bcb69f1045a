"""The verbs of ``%mcp``: each parses, and makes one call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import click
from IPython.display import display
from mcp_types import Tool

from mcp_notebook.errors import HostingError, UnknownNameError, did_you_mean
from mcp_notebook.magics.options import ARGUMENTS, NAME, PROMPT, RESOURCE, SERVER, TEXT, TOOL, VARIABLE
from mcp_notebook.magics.state import State, say_raised
from mcp_notebook.magics.words import jsonable, named_values
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.server.gate import Token
from mcp_notebook.server.hosting import Listener
from mcp_notebook.server.interface import lint, listed, tokens
from mcp_notebook.widgets import look
from mcp_notebook.widgets.card import definition_card
from mcp_notebook.widgets.listing import listing

__all__ = ["VERBS", "status"]

VERBS: dict[str, click.Command] = {}

_into = click.option(
    "-o", "--output", type=VARIABLE, metavar="VAR", help="Keep the result in this variable instead of showing it."
)
_server = click.option("--server", type=SERVER, help="The live server that is meant; the current one if not given.")


def _verb(name: str, *parameters: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        command: Any = click.pass_obj(function)
        for parameter in reversed(parameters):
            command = parameter(command)
        # \b keeps click from breaking the example in two.
        VERBS[name] = click.command(name, help=(function.__doc__ or "").replace(" Example: ", "\n\n\b\nExample: "))(
            command
        )
        return function

    return register


@click.pass_context
def status(ctx: click.Context) -> look.Rendering | None:
    """Show every live server; the callback of ``%mcp`` itself."""
    if ctx.invoked_subcommand is not None:
        return None
    state: State = ctx.obj
    state.sync()
    rows = []
    for live in state.registry.servers.values():
        counts = _counts(live)
        where = live.listener.url if live.listener else "in this kernel only"
        current = "current" if live is state.registry.current else ""
        rows.append((live.name, current, counts, where))
    return listing(
        "servers",
        ("name", "", "defines", "listens"),
        rows,
        empty="none yet. A %%mcp_tool cell makes one, and so does %mcp new NAME.",
    )


def _counts(live: LiveServer) -> str:
    kinds = [definition.kind for definition in definitions(live.server)]
    counted = [(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)]
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counted) or "nothing yet"


@_verb("new", click.argument("name", type=NAME))
def _new(state: State, name: str) -> look.Rendering:
    """Make an empty server and make it the current one. Example: %mcp new library."""
    state.registry.new(name)
    return look.Rendering(
        f"server {name}: new, empty, current", look.card(f"server {look.code(name)}", "new, empty, current")
    )


@_verb("use", click.argument("name", type=SERVER))
def _use(state: State, name: str) -> look.Rendering:
    """Switch to a live server, or adopt the MCPServer in a variable. Example: %mcp use mcp."""
    live = state.registry.use(name, state.namespace)
    words = f"current, defines {_counts(live)}"
    return look.Rendering(f"server {live.name}: {words}", look.card(f"server {look.code(live.name)}", words))


@_verb(
    "serve",
    click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=0,
        help="Listen on this port; on a free one if not given.",
    ),
    click.option("--no-token", is_flag=True, help="Let every program of this machine call, without a token."),
    _server,
)
def _serve(state: State, port: int, no_token: bool, server: str | None) -> Listener:
    """Listen for clients outside the kernel. Example: %mcp serve."""
    live = state.live(server)
    listener = state.serve(live, port=port, with_token=not no_token)
    wanted = f":{port}/" if port else ""
    if wanted not in listener.url or (no_token and listener.token is not None):
        raise HostingError(f"{live.name!r} listens already, at {listener.url}. To change how, first: %mcp stop.")
    return listener


@_verb("stop", _server)
def _stop(state: State, server: str | None) -> look.Rendering:
    """Stop listening; the server stays in the kernel. Example: %mcp stop."""
    live = state.live(server)
    if live.listener is None:
        words = "it was not listening"
    else:
        listener, live.listener = live.listener, None
        listener.stop()
        words = "it listens no longer; its definitions are as they were"
    return look.Rendering(f"server {live.name}: {words}", look.card(f"server {look.code(live.name)}", words))


@_verb(
    "token",
    click.option("--show", is_flag=True, help="Print it. Clear this output before you save or share the notebook."),
    _server,
)
def _token(state: State, show: bool, server: str | None) -> Token | None:
    """Return the token that clients send; it prints only with --show. Example: token = %mcp token."""
    live = state.live(server)
    if live.listener is None:
        raise HostingError(f"{live.name!r} does not listen, so it has no token. First: %mcp serve.")
    if live.listener.token is None:
        raise HostingError(f"{live.name!r} listens without a token of ours. For one: %mcp stop, then %mcp serve.")
    if show:
        print(str(live.listener.token))
        return None
    return live.listener.token


@_verb("tools", click.argument("name", type=TOOL, required=False), _server)
def _tools(state: State, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the tools, or of one. Example: %mcp tools add."""
    live = state.live(server)
    functions = {d.name: d for d in definitions(live.server) if d.kind == "tool"}
    entries = {tool.name: listed(tool) for tool in state.portal.run(live.server.list_tools)}
    if name is not None:
        _known(name, entries, "tool", live)
        return definition_card("tool", entries[name], server=live.name, function=functions[name].function)
    rows = [
        (
            tool,
            _first_line(entry),
            f"{tokens(entry)}",
            f"{len(lint(entry, functions[tool].function)) or 'none'}",
            _cell(functions[tool]),
        )
        for tool, entry in entries.items()
    ]
    return listing(
        f"tools of {live.name}",
        ("name", "description", "tokens", "lint", "defined in"),
        rows,
        empty="none yet. Start a cell with %%mcp_tool.",
        numbers=(2, 3),
    )


@_verb("resources", click.argument("name", type=RESOURCE, required=False), _server)
def _resources(state: State, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the resources and templates, or of one. Example: %mcp resources."""
    live = state.live(server)
    found = {d.name: d for d in definitions(live.server) if d.kind in ("resource", "resource template")}
    entries = {r.uri: listed(r) for r in state.portal.run(live.server.list_resources)}
    entries |= {t.uri_template: listed(t) for t in state.portal.run(live.server.list_resource_templates)}
    if name is not None:
        _known(name, entries, "resource", live)
        return definition_card(found[name].kind, entries[name], server=live.name)
    rows = [
        (uri, found[uri].kind, entry.get("mimeType", ""), _first_line(entry), _cell(found[uri]))
        for uri, entry in entries.items()
    ]
    return listing(
        f"resources of {live.name}",
        ("uri", "kind", "MIME type", "description", "defined in"),
        rows,
        empty="none yet. Start a cell with %%mcp_resource URI.",
    )


@_verb("prompts", click.argument("name", type=PROMPT, required=False), _server)
def _prompts(state: State, name: str | None, server: str | None) -> look.Rendering:
    """Show what an agent sees of the prompts, or of one. Example: %mcp prompts."""
    live = state.live(server)
    found = {d.name: d for d in definitions(live.server) if d.kind == "prompt"}
    entries = {prompt.name: listed(prompt) for prompt in state.portal.run(live.server.list_prompts)}
    if name is not None:
        _known(name, entries, "prompt", live)
        return definition_card("prompt", entries[name], server=live.name)
    rows = [
        (
            prompt,
            _first_line(entry),
            ", ".join(a["name"] for a in entry.get("arguments", [])),
            _cell(found[prompt]),
        )
        for prompt, entry in entries.items()
    ]
    return listing(
        f"prompts of {live.name}",
        ("name", "description", "arguments", "defined in"),
        rows,
        empty="none yet. Start a cell with %%mcp_prompt.",
    )


@_verb(
    "call",
    click.argument("tool", type=TOOL),
    click.argument("arguments", nargs=-1, type=ARGUMENTS, metavar="[KEY=VALUE]..."),
    click.option(
        "--json",
        "as_json",
        type=TEXT,
        metavar="OBJECT",
        help="The arguments as one JSON object, sent as it is.",
    ),
    click.option(
        "--args",
        "variable",
        type=NAME,
        metavar="VAR",
        help="The arguments as a dict in a variable, sent as it is.",
    ),
    _into,
    _server,
)
def _call(
    state: State,
    tool: str,
    arguments: tuple[str, ...],
    as_json: str | None,
    variable: str | None,
    output: str | None,
    server: str | None,
) -> Any:
    """Call a tool. Example: %mcp call add a=1 b=2.

    A value is JSON, a Python literal or the name of a variable; for a text parameter, the text itself.
    """
    live = state.live(server)
    connection = state.connection(live)
    listed_tool = _known(tool, {t.name: t for t in connection.tools()}, "tool", live)
    whole = {**_json_object(as_json), **_variable(state, variable)}
    named = named_values(arguments, listed_tool.input_schema, state.variables, tool)
    if as_json is None and variable is None:
        _nothing_missing(listed_tool, named)
    result, failure = connection.call(tool, {**whole, **named})
    if failure is not None:
        say_raised(failure)
    return _deliver(state, result, output)


@_verb("read", click.argument("uri", type=RESOURCE), _into, _server)
def _read(state: State, uri: str, output: str | None, server: str | None) -> Any:
    """Read a resource. Example: %mcp read notes://today."""
    return _deliver(state, state.connection(state.live(server)).read(uri), output)


@_verb(
    "prompt",
    click.argument("prompt", type=PROMPT),
    click.argument("arguments", nargs=-1, type=ARGUMENTS, metavar="[KEY=VALUE]..."),
    _into,
    _server,
)
def _prompt(state: State, prompt: str, arguments: tuple[str, ...], output: str | None, server: str | None) -> Any:
    """Fill in a prompt. Example: %mcp prompt review text="my text"."""
    live = state.live(server)
    connection = state.connection(live)
    found = _known(prompt, {p.name: p for p in connection.prompts()}, "prompt", live)
    # A prompt's arguments are texts; the protocol gives them no schema.
    schema = {"properties": {a.name: {"type": "string"} for a in found.arguments or []}}
    values = named_values(arguments, schema, state.variables, prompt)
    missing = [a.name for a in found.arguments or [] if a.required and a.name not in values]
    if missing:
        raise UnknownNameError(f"{prompt} needs {', '.join(missing)}: %mcp prompt {prompt} {missing[0]}=...")
    return _deliver(state, connection.prompt(prompt, values), output)


@_verb("form", click.argument("tool", type=TOOL), _server)
def _form(state: State, tool: str, server: str | None) -> Any:
    """Show a form that calls a tool. Example: %mcp form add."""
    live = state.live(server)
    _known(tool, {t.name: t for t in state.portal.run(live.server.list_tools)}, "tool", live)
    display(state.form(live, tool))


def _known(name: str, known: Mapping[str, Any], kind: str, live: LiveServer) -> Any:
    if name not in known:
        raise UnknownNameError(
            f"{live.name!r} has no {kind} {name!r}.{did_you_mean(name, known)} "
            f"It has: {', '.join(known) or 'none yet'}."
        )
    return known[name]


def _json_object(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UnknownNameError(
            f"--json: not JSON ({error}). Write it in single quotes: --json '{{\"a\": 1}}'."
        ) from None
    if not isinstance(value, dict):
        raise UnknownNameError(f'--json takes an object, such as {{"a": 1}}, and this is {text}.')
    return value


def _variable(state: State, name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    if name not in state.variables:
        raise UnknownNameError(f"--args: there is no variable {name!r}.")
    value = jsonable(state.variables[name], name)
    if not isinstance(value, dict):
        raise UnknownNameError(f"--args takes a dict of arguments, and {name} is a {type(value).__name__}.")
    return value


def _nothing_missing(tool: Tool, given: Mapping[str, Any]) -> None:
    missing = [name for name in tool.input_schema.get("required", []) if name not in given]
    if missing:
        words = " ".join(f"{name}=..." for name in missing)
        raise UnknownNameError(f"{tool.name} needs {', '.join(missing)}: %mcp call {tool.name} {words}")


def _deliver(state: State, result: Any, output: str | None) -> Any:
    if output is None:
        return result
    state.namespace[output] = result
    return None


def _first_line(entry: Mapping[str, Any]) -> str:
    lines = entry.get("description", "").strip().splitlines()
    return lines[0] if lines else "(no description)"


def _cell(definition: Any) -> str:
    return f"cell {definition.cell.execution_count}" if definition.cell else ""
