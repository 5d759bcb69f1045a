"""Makes a function a verb of ``%mcp``, with the options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import click

from mcp_notebook.magics.options import CONNECTED, SERVER, VARIABLE

__all__ = ["ERA", "INTO", "ON", "ON_SERVER", "TIMEOUT", "VERBS", "verb"]

VERBS: dict[str, click.Command] = {}

INTO = click.option(
    "-o", "--output", type=VARIABLE, metavar="VAR", help="Keep the result in this variable instead of showing it."
)
ERA = click.option(
    "--era",
    type=click.Choice(["modern", "legacy"]),
    help="The protocol: 2026-07-28 (the default), or the earlier one, with its handshake.",
)
ON = click.option(
    "--on",
    "--server",
    "server",
    type=CONNECTED,
    help="The connection or live server to ask. Default: the current server.",
)
TIMEOUT = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="The time to wait for an answer, or for the next progress report. Default: no limit.",
)
ON_SERVER = click.option("--server", type=SERVER, help="The live server to use. Default: the current one.")


def verb(
    name: str, *parameters: Callable[..., Any], passes_options: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as a verb; its docstring is the help, and ends with an example.

    With `passes_options`, options that are not the verb's own are among its arguments.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        command: Any = click.pass_obj(function)
        for parameter in reversed(parameters):
            command = parameter(command)
        # \b keeps click from breaking the example in two.
        text = cleandoc(function.__doc__ or "").replace(" Example: ", "\n\n\b\nExample: ")
        settings = {"ignore_unknown_options": passes_options}
        VERBS[name] = click.command(name, help=text, context_settings=settings)(command)
        return function

    return register
