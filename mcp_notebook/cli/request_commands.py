"""The commands that make a request, for scripts and CI: ``call``, ``tools``, ``read`` and ``prompt``.

Only results go to stdout.
"""

from __future__ import annotations

import errno
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import click

from mcp_notebook.client.access import ACCESS, Access
from mcp_notebook.visible import visible

if TYPE_CHECKING:
    from mcp_notebook.client import Connection

__all__ = ["call", "prompt", "read", "request_command", "tools"]

TARGET = (
    "TARGET is a URL, a live notebook, a .ipynb or .py file to run, a .jsonl file of a saved session, or a command in "
    "quotes."
)

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, as it came from the server.")
ARGUMENTS = click.argument("arguments", nargs=-1, metavar="[KEY=VALUE]...")
WHOLE = click.option(
    "--args", "whole", metavar="OBJECT", help="The arguments as one JSON object, sent unchanged; - is stdin."
)
ANSWERS = click.option("--answers", metavar="LIST", help="The answers to the server's questions, as a JSON list.")
CONNECTING = [
    *(click.option(*names, **option) for names, option in ACCESS.items()),
    click.option(
        "--transport",
        type=click.Choice(["http", "sse"]),
        default="http",
        show_default=True,
        help="For a URL: streamable HTTP, or SSE for old servers.",
    ),
    click.option(
        "--era",
        type=click.Choice(["auto", "modern", "legacy"]),
        default="auto",
        show_default=True,
        help="The protocol; auto uses the server's newest.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="The time to wait for an answer, or for the next progress report. Default: no limit.",
    ),
]


def request_command(*parameters: Callable[..., Any]) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of a function that gets a connection, and what the line says besides."""

    def register(function: Callable[..., None]) -> click.Command:
        def run(target: str, era: Any, timeout: float | None, **given: Any) -> None:
            access = Access(**{field.name: given.pop(field.name) for field in fields(Access)})
            with _connected(function.__name__, target, access, era, timeout) as connection:
                function(connection, **given)

        command: Any = run
        every: list[Any] = [click.argument("target"), *parameters, AS_JSON, *CONNECTING]
        for parameter in reversed(every):
            command = parameter(command)
        summary, _, rest = cleandoc(function.__doc__ or "").partition("\n\n")
        return click.command(function.__name__, help=f"{summary}\n\n{TARGET} {rest}")(command)

    return register


@request_command(click.argument("name", required=False))
def tools(connection: Connection, name: str | None, as_json: bool) -> None:
    r"""List the tools of a server, or show one.

    Exit status: 2 if the server cannot be reached or has no such tool.

    \b
    Examples:
      mcp-notebook tools https://example.com/mcp --token EXAMPLE_TOKEN
      mcp-notebook tools "uvx mcp-server-time" convert_time --json
    """
    from mcp_notebook.cli.results import print_json
    from mcp_notebook.client.looking_up import by_name, known_or_fail
    from mcp_notebook.rendering.offers import definition_cards, tools_table
    from mcp_notebook.server.listing import listed

    found = connection.tools()
    if name is not None:
        known_or_fail(name, by_name(found), "tool", connection.name)
    chosen = [listed(tool) for tool in found if name in (None, tool.name)]
    if as_json:
        print_json(chosen if name is None else chosen[0])
    elif name is None:
        click.echo(tools_table(connection.name, found, {}, empty="It has no tools.").text)
    else:
        click.echo(definition_cards("tool", chosen, server=connection.name).text)


@request_command(click.argument("tool"), ARGUMENTS, WHOLE, ANSWERS)
def call(
    connection: Connection,
    tool: str,
    arguments: tuple[str, ...],
    whole: str | None,
    answers: str | None,
    as_json: bool,
) -> None:
    r"""Call a tool of a server, and print its result.

    A VALUE is JSON or a Python literal; for a text parameter, the text itself. Exit status: 1 the tool answered with an
    error, 2 the call could not be made.

    \b
    Examples:
      mcp-notebook call server.py add a=1 b=2
      mcp-notebook call sales best_seller month=May --json
      echo '{"a": 1}' | mcp-notebook call http://127.0.0.1:8000/mcp add --args -
    """
    from mcp_notebook.cli.results import in_words, print_result, say_problems
    from mcp_notebook.client.looking_up import tool_arguments, tool_named

    found = tool_named(connection, tool)
    given = tool_arguments(found, arguments, _object(whole), None, _again())
    outcome = connection.call(tool, given, answers=_answers(answers), on_progress=_progress())
    result = outcome.result
    say_problems(outcome)
    if as_json:
        print_result(result)
    elif result.is_error:
        click.echo(in_words(result), err=True)
    else:
        click.echo(in_words(result), color=True)
    if result.is_error:
        raise SystemExit(1)


@request_command(click.argument("uri", required=False), ANSWERS)
def read(connection: Connection, uri: str | None, answers: str | None, as_json: bool) -> None:
    r"""Read a resource of a server; without a URI, list the resources.

    Bytes are written as they are, to a file or a pipe. Exit status: 2 if it cannot be read.

    \b
    Examples:
      mcp-notebook read sales notes://today
      mcp-notebook read sales plots://may > may.png
    """
    from mcp_notebook.cli.results import print_json, print_result, say_problems, write_contents
    from mcp_notebook.rendering.offers import resources_table
    from mcp_notebook.server.listing import listed

    if uri is None:
        found, templates = connection.resources(), connection.templates()
        if as_json:
            print_json({"resources": [*map(listed, found)], "resourceTemplates": [*map(listed, templates)]})
        else:
            click.echo(resources_table(connection.name, found, templates, {}, empty="It has no resources.").text)
        return
    outcome = connection.read(uri, answers=_answers(answers))
    say_problems(outcome)
    if as_json:
        print_result(outcome.result)
    else:
        write_contents(outcome.result)


@request_command(click.argument("name", required=False), ARGUMENTS, WHOLE, ANSWERS)
def prompt(
    connection: Connection,
    name: str | None,
    arguments: tuple[str, ...],
    whole: str | None,
    answers: str | None,
    as_json: bool,
) -> None:
    r"""Get a prompt of a server with its arguments filled in; without a name, list the prompts.

    Exit status: 2 if the server does not give it.

    \b
    Examples:
      mcp-notebook prompt sales
      mcp-notebook prompt sales review text="my text"
    """
    from mcp_notebook.cli.results import print_json, print_result, say_problems
    from mcp_notebook.client.looking_up import prompt_arguments, prompt_named
    from mcp_notebook.rendering.content import render
    from mcp_notebook.rendering.offers import prompts_table
    from mcp_notebook.server.listing import listed

    if name is None:
        found = connection.prompts()
        if as_json:
            print_json([*map(listed, found)])
        else:
            click.echo(prompts_table(connection.name, found, {}, empty="It has no prompts.").text)
        return
    given = prompt_arguments(prompt_named(connection, name), arguments, _object(whole), None, _again())
    outcome = connection.prompt(name, given, answers=_answers(answers))
    say_problems(outcome)
    if as_json:
        print_result(outcome.result)
    else:
        click.echo(render(outcome.result).text)


@contextmanager
def _connected(command: str, target: str, access: Access, era: Any, timeout: float | None) -> Iterator[Connection]:
    from mcp_notebook.cli.targets import target_of_word
    from mcp_notebook.client import connect
    from mcp_notebook.client.variables import Variables
    from mcp_notebook.errors import McpNotebookError

    try:
        with connect(access.to(target_of_word(target), Variables()), era=era, timeout=timeout) as connection:
            yield connection
    except McpNotebookError as error:
        click.echo(f"mcp-notebook {command}: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:
        if error.errno == errno.EPIPE:  # a reader that has enough, such as head; click ends quietly
            raise
        click.echo(f"mcp-notebook {command}: cannot write the result ({error.strerror}).", err=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        click.echo(f"mcp-notebook {command}: interrupted.", err=True)
        raise SystemExit(130) from None


def _again() -> str:
    """Return the beginning of the command line, for a message that completes it."""
    context = click.get_current_context()
    words = [context.params["target"], context.params.get("tool") or context.params.get("name")]
    return shlex.join(["mcp-notebook", str(context.info_name), *words])


def _object(whole: str | None) -> dict[str, Any] | None:
    from mcp_notebook.client.looking_up import json_object

    if whole is None:
        return None
    # PowerShell begins what it pipes with a byte order mark.
    return json_object(sys.stdin.read().removeprefix("\ufeff") if whole == "-" else whole, "--args")


def _answers(text: str | None) -> list[Any] | None:
    from mcp_notebook.errors import UsageError

    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--answers: not JSON ({error}). Write a list of answers in single quotes.") from None
    if not isinstance(value, list):
        raise UsageError(f"--answers takes a list, one answer for each question; this is {text}.")
    return value


def _progress() -> Callable[[float, float | None, str | None], None] | None:
    """Return a function that prints progress; None if stderr is not a terminal."""
    if not sys.stderr.isatty():
        return None

    def show(progress: float, total: float | None, message: str | None) -> None:
        numbers = f"{progress:,.9g}" if total is None else f"{progress:,.9g} of {total:,.9g}"
        click.echo(visible(f"{numbers}: {message}" if message else numbers, one_line=True), err=True)

    return show
