"""The verbs that connect to servers elsewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import click
from mcp.server import Server
from mcp.server.mcpserver import MCPServer

from mcp_notebook import addresses
from mcp_notebook.client import Command, Connection, EraChoice, Live, Target, Url
from mcp_notebook.client.targets import target_of
from mcp_notebook.errors import UnknownNameError, did_you_mean
from mcp_notebook.magics.options import NAME, OPENED, TARGET, TEXT
from mcp_notebook.magics.verb import TIMEOUT, verb
from mcp_notebook.rendering import look
from mcp_notebook.session.arguments import unquote
from mcp_notebook.session.session import Session

__all__: list[str] = []


@verb(
    "connect",
    click.argument("words", nargs=-1, required=True, type=TARGET, metavar="TARGET"),
    click.option("--as", "name", type=NAME, metavar="NAME", help="What to call it; what the server says if not given."),
    click.option(
        "--era",
        type=click.Choice(["auto", "modern", "legacy"]),
        default="auto",
        show_default=True,
        help="Which protocol to speak; auto takes what the server speaks.",
    ),
    click.option(
        "--token",
        type=TEXT,
        metavar="VAR",
        help="The bearer token: a variable that holds it, or one of the environment.",
    ),
    click.option(
        "--header",
        "headers",
        type=TEXT,
        multiple=True,
        metavar='"NAME: $VAR"',
        help="A header for each request; $VAR stands for a variable, or one of the environment.",
    ),
    click.option("--oauth", is_flag=True, help="Sign in in the browser, where the server asks for that."),
    click.option(
        "--client-id", type=TEXT, metavar="ID", help="With --oauth, the client that is registered; else one is made."
    ),
    click.option(
        "--client-secret",
        type=TEXT,
        metavar="VAR",
        help="With --client-id, its secret: a variable that holds it, or one of the environment.",
    ),
    click.option("--scope", type=TEXT, metavar='"A B"', help="With --oauth, what to ask for; else what is wanted."),
    click.option(
        "--transport",
        type=click.Choice(["http", "sse"]),
        default="http",
        show_default=True,
        help="For a URL: streamable HTTP, or the SSE of old servers.",
    ),
    click.option(
        "--env",
        type=TEXT,
        multiple=True,
        metavar="NAME[=$VAR]",
        help="A variable for the environment of a command; without a value, the one of that name here.",
    ),
    click.option(
        "--cwd", type=TEXT, metavar="FOLDER", help="Where a command runs; where the notebook does if not given."
    ),
    TIMEOUT,
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
    timeout: float | None,
) -> Connection:
    """Connect to any server: a URL, a command, a live notebook. Example: %mcp connect -- uvx mcp-server-time.

    A command stands after -- or in quotes. Requests go there with --on NAME: %mcp tools --on NAME.
    """
    target = _target(session, words)
    if isinstance(target, Url):
        _not_for("a URL", {"--env": env, "--cwd": cwd})
        target = replace(
            target,
            headers={**target.headers, **dict(_header(session, header) for header in headers)},
            token=target.token if token is None else _token(session, token),
            oauth=oauth or target.oauth,
            client_id=client_id or target.client_id,
            client_secret=target.client_secret if client_secret is None else _secret(session, client_secret),
            scope=scope or target.scope,
            transport="sse" if transport == "sse" else target.transport,
        )
    else:
        signing_in = {"--oauth": oauth, "--client-id": client_id, "--client-secret": client_secret, "--scope": scope}
        _not_for("what is no URL", {"--token": token, "--header": headers, **signing_in})
    if isinstance(target, Command):
        target = replace(target, env={**(target.env or {}), **_environment(session, env)}, cwd=cwd or target.cwd)
    elif not isinstance(target, Url):
        _not_for("what is no command", {"--env": env, "--cwd": cwd})
    return session.connect(target, name, era, timeout)


@verb("disconnect", click.argument("name", type=OPENED))
def _disconnect(session: Session, name: str) -> look.Rendering:
    """Close a connection. Example: %mcp disconnect time."""
    session.disconnect(name)
    title = f"connection {look.code(name)}"
    return look.Rendering(f"connection {name}: closed", look.card(title, "<p>closed</p>"))


def _target(session: Session, words: tuple[str, ...]) -> Target:
    """Read what was typed: several words are a command, and so is a quoted line of them."""
    if len(words) == 1 and any(character.isspace() for character in words[0]):
        try:
            words = tuple(shlex.split(words[0]))
        except ValueError as error:
            raise UnknownNameError(f"{words[0]!r} is no command line ({error}).") from None
    if len(words) > 1:
        return Command(words[0], words[1:])
    (word,) = words
    if "://" in word:
        return Url(word)
    if word not in session.variables:
        return _live_or_program(session, word)
    held: object = session.variables[word]
    if isinstance(held, MCPServer | Server | Url | Command | Live | list | tuple) or "://" in _text(held):
        return target_of(held)
    return _live_or_program(session, word, held=held)


def _text(held: object) -> str:
    return held if isinstance(held, str) else ""


_NOTHING: object = object()


def _live_or_program(session: Session, word: str, *, held: object = _NOTHING) -> Target:
    """Return the live notebook or the program of that name; no program where a variable holds another thing."""
    try:
        addresses.find(word)
    except UnknownNameError as error:
        if "can mean" in str(error):
            raise
        if held is not _NOTHING:
            raise UnknownNameError(
                f"The variable {word!r} holds a {type(held).__name__}, and that is nothing to connect to. A server "
                "object is, a URL, and a command as a list of words. To run a program of that name, give its path."
            ) from None
        if shutil.which(word) is not None:
            return Command(word)
    else:
        return Live(word)
    known = [*(address.name for address in addresses.live()), *session.registry.names(session.namespace)]
    if re.match(r"[\w-]+((\.[\w-]+)*:\d|(\.[\w-]+)+/)", word):
        known.append(f"http://{word}")
    raise UnknownNameError(
        f"{word!r} is no URL, no live notebook, no program, and no variable that holds a server."
        f"{did_you_mean(word, known)} A command stands after --: %mcp connect -- uvx mcp-server-time."
    )


def _not_for(what: str, given: dict[str, object]) -> None:
    wrong = [option for option, value in given.items() if value]
    if wrong:
        raise click.UsageError(f"{' and '.join(wrong)}: not for {what}.")


def _token(session: Session, word: str) -> str:
    found = _found(session, word.removeprefix("$"))
    if found is None and word.replace("_", "").isalpha():
        # Nothing of the word is repeated: it may be the secret itself.
        raise UnknownNameError(
            "--token takes the name of a variable, or of one of the environment, and there is none of that name."
        )
    return word if found is None else found


def _secret(session: Session, word: str) -> str:
    found = _found(session, word.removeprefix("$"))
    if found is None:
        # Nothing of the word is repeated: it may be the secret itself, which does not belong on a line that is kept.
        raise UnknownNameError(
            "--client-secret takes the name of a variable, here or in the environment, and there is none of that name."
        )
    return found


def _header(session: Session, text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UnknownNameError('--header takes a name and a value: --header "X-Key: $VAR".')
    return name.strip(), _expanded(session, value.strip(), "--header")


def _environment(session: Session, given: Iterable[str]) -> dict[str, str]:
    environment = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not name:
            raise UnknownNameError("--env takes a name, and a value where it has one: --env NAME=$VAR.")
        environment[name] = _expanded(session, unquote(value) if equals else f"${name}", "--env")
    return environment


def _expanded(session: Session, text: str, option: str) -> str:
    """Put what variables hold in the place of ``$NAME``."""

    def held(match: re.Match[str]) -> str:
        found = _found(session, match["name"])
        if found is None:
            raise UnknownNameError(f"{option}: there is no variable {match['name']!r}, here or in the environment.")
        return found

    return re.sub(r"\$\{?(?P<name>[A-Za-z_]\w*)\}?", held, text)


def _found(session: Session, name: str) -> str | None:
    held: Any = session.variables.get(name)
    return str(held) if isinstance(held, str) else os.environ.get(name)
