"""Makes a function a verb of ``%mcp``, with the options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import cleandoc
from typing import Any

import click

from mcp_notebook.errors import UnknownNameError, did_you_mean
from mcp_notebook.magics.options import CONNECTED, SERVER, VARIABLE

__all__ = ["ERA", "INTO", "ON", "ON_SERVER", "TIMEOUT", "VERBS", "by_name", "known_or_fail", "verb"]

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


MOST_NAMED = 50
"""Names of a long list that an error has."""


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


def by_name(items: Iterable[Any]) -> dict[str, Any]:
    """Return what a server lists by its names; of two of one name, the first."""
    found: dict[str, Any] = {}
    for item in items:
        found.setdefault(item.name, item)
    return found


def known_or_fail(name: str, known: Mapping[str, Any], kind: str, server: str) -> Any:
    """Return what is known by that name.

    Raises:
        UnknownNameError: Nothing is.
    """
    if name not in known:
        named = ", ".join(list(known)[:MOST_NAMED]) or "none yet"
        more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
        raise UnknownNameError(f"{server!r} has no {kind} {name!r}.{did_you_mean(name, known)} It has: {named}{more}.")
    return known[name]
