"""Find the target that a person names by URL, command, live notebook or variable."""

from __future__ import annotations

import re
import shutil

from IPython.utils.process import arg_split
from mcp.server import Server
from mcp.server.mcpserver import MCPServer

from mcp_notebook import addresses
from mcp_notebook.client import Command, Live, Target, Url
from mcp_notebook.client.targets import target_of
from mcp_notebook.errors import UnknownNameError, UsageError, did_you_mean
from mcp_notebook.session.session import Session

__all__ = ["target_named"]


def target_named(session: Session, words: tuple[str, ...]) -> Target:
    """Return the target for words; several words, or a quoted line of words, are a command.

    Raises:
        UnknownNameError: There is no such target.
        UsageError: It is not a valid command line, or the variable's value is not a target.
    """
    if len(words) == 1 and any(character.isspace() for character in words[0]):
        try:
            words = tuple(arg_split(words[0], posix=True))  # on Windows, a backslash is a part of a path
        except ValueError as error:
            raise UsageError(f"{words[0]!r} is not a valid command line ({error}).") from None
    word, *more = words
    # The verb takes options that it does not know, for commands; nothing else has any.
    for option in words if "://" in word or word.startswith("-") else ():
        if option.startswith("-"):
            raise UsageError(f"There is no option {option}. See %mcp connect --help.")
    if more:
        return Command(word, tuple(more))
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
    """Return the live notebook or the program of that name; no program if a variable has the name."""
    try:
        addresses.find(word)
    except UnknownNameError as error:
        if "can mean" in str(error):
            raise
        if held is not _NOTHING:
            raise UsageError(
                f"Cannot connect to the variable {word!r}, a {type(held).__name__}. It can be a server object, a URL, "
                "or a command as a list of words. To run a program of that name, give its path."
            ) from None
        if shutil.which(word) is not None:
            return Command(word)
    else:
        return Live(word)
    known = [*(address.name for address in addresses.live()), *session.registry.names(session.namespace)]
    if re.match(r"[\w-]+((\.[\w-]+)*:\d|(\.[\w-]+)+/)", word):
        known.append(f"http://{word}")
    raise UnknownNameError(
        f"{word!r} is not a URL, a live notebook, a program or a variable with a server."
        f"{did_you_mean(word, known)} To run a command: %mcp connect uvx mcp-server-time."
    )
