"""The verbs that connect to servers elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import click

from mcp_notebook.client import Command, Connection, EraChoice, Url
from mcp_notebook.errors import UsageError
from mcp_notebook.magics.options import NAME, OPENED, TARGET, TEXT
from mcp_notebook.magics.verb import TIMEOUT, verb
from mcp_notebook.rendering import look
from mcp_notebook.session.arguments import unquote
from mcp_notebook.session.session import Session
from mcp_notebook.session.targets import expanded, secret_named, target_named, token_named

__all__: list[str] = []


@verb(
    "connect",
    click.argument("words", nargs=-1, required=True, type=TARGET, metavar="TARGET"),
    click.option(
        "--as", "name", type=NAME, metavar="NAME", help="The name of the connection. Default: the server's own name."
    ),
    click.option(
        "--era",
        type=click.Choice(["auto", "modern", "legacy"]),
        default="auto",
        show_default=True,
        help="The protocol; auto uses the server's newest.",
    ),
    click.option(
        "--token",
        type=TEXT,
        metavar="VAR",
        help="The variable with the bearer token, of the notebook or the environment.",
    ),
    click.option(
        "--header",
        "headers",
        type=TEXT,
        multiple=True,
        metavar='"NAME: $VAR"',
        help="A header for each request; $VAR is a variable of the notebook or the environment.",
    ),
    click.option("--oauth", is_flag=True, help="Sign in with the browser if the server requires it."),
    click.option(
        "--client-id",
        type=TEXT,
        metavar="ID",
        help="With --oauth, the id of a registered client. Default: register one.",
    ),
    click.option(
        "--client-secret",
        type=TEXT,
        metavar="VAR",
        help="With --client-id, the variable with its secret, of the notebook or the environment.",
    ),
    click.option(
        "--scope",
        type=TEXT,
        metavar='"A B"',
        help="With --oauth, the scopes to ask for. Default: those that the server wants.",
    ),
    click.option(
        "--transport",
        type=click.Choice(["http", "sse"]),
        default="http",
        show_default=True,
        help="For a URL: streamable HTTP, or SSE for old servers.",
    ),
    click.option(
        "--env",
        type=TEXT,
        multiple=True,
        metavar="NAME[=$VAR]",
        help="An environment variable for a command; without a value, the notebook's variable of that name.",
    ),
    click.option(
        "--cwd", type=TEXT, metavar="FOLDER", help="The working directory of a command. Default: the notebook's."
    ),
    click.option(
        "--extensions",
        type=TEXT,
        default="all",
        show_default=True,
        metavar="all|none|NAME,...",
        help="The extensions of the protocol that the client declares.",
    ),
    TIMEOUT,
    passes_options=True,
)
def _connect(
    session: Session,
    words: tuple[str, ...],
    name: str | None,
    era: EraChoice,
    token: str | None,
    headers: tuple[str, ...],
    oauth: bool,
    client_id: str | None,
    client_secret: str | None,
    scope: str | None,
    transport: Literal["http", "sse"],
    env: tuple[str, ...],
    cwd: str | None,
    extensions: str,
    timeout: float | None,
) -> Connection:
    """Connect to any server: a URL, a command, a live notebook. Example: %mcp connect uvx mcp-server-time.

    Write -- before a command that has options of the same names as these. Requests go there with --on NAME, or with a
    part of NAME that no other connection has: %mcp tools --on NAME.
    """
    target = target_named(session, words)
    if isinstance(target, Url):
        _only_for("a command", {"--env": env, "--cwd": cwd})
        target = replace(
            target,
            headers={**target.headers, **dict(_header(session, header) for header in headers)},
            token=target.token if token is None else token_named(session, token),
            oauth=oauth or target.oauth,
            client_id=client_id or target.client_id,
            client_secret=target.client_secret if client_secret is None else secret_named(session, client_secret),
            scope=scope or target.scope,
            transport="sse" if transport == "sse" else target.transport,
        )
    else:
        signing_in = {"--oauth": oauth, "--client-id": client_id, "--client-secret": client_secret, "--scope": scope}
        _only_for("a URL", {"--token": token, "--header": headers, **signing_in})
    if isinstance(target, Command):
        target = replace(target, env={**(target.env or {}), **_environment(session, env)}, cwd=cwd or target.cwd)
    elif not isinstance(target, Url):
        _only_for("a command", {"--env": env, "--cwd": cwd})
    declared = [extension.strip() for extension in extensions.split(",")]
    return session.connect(target, name, era, timeout=timeout, extensions=declared)


@verb("disconnect", click.argument("name", type=OPENED))
def _disconnect(session: Session, name: str) -> look.Rendering:
    """Close a connection. Example: %mcp disconnect time."""
    session.disconnect(name)
    title = f"connection {look.code(name)}"
    return look.Rendering(f"connection {name}: closed", look.card(title, "<p>closed</p>"))


def _only_for(what: str, given: dict[str, object]) -> None:
    wrong = [option for option, value in given.items() if value]
    if wrong:
        raise click.UsageError(f"{' and '.join(wrong)}: only for {what}.")


def _header(session: Session, text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError('--header takes a name and a value: --header "X-Key: $VAR".')
    return name.strip(), expanded(session, value.strip(), "--header")


def _environment(session: Session, given: Iterable[str]) -> dict[str, str]:
    environment = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not name:
            raise UsageError("--env takes a name, or a name and a value: --env NAME=$VAR.")
        environment[name] = expanded(session, unquote(value) if equals else f"${name}", "--env")
    return environment
