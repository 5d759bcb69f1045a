"""Find the server that a word names in a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from mcp_notebook import addresses
from mcp_notebook.client import Command, Live, Target, Url
from mcp_notebook.errors import UnknownNameError, UsageError, did_you_mean

__all__ = ["is_file", "target_of_word"]

_FILES = (".ipynb", ".py", ".jsonl")


def is_file(word: str) -> bool:
    """Return whether a word for a target names a notebook, a module or a saved session."""
    path, spaced = Path(word), any(map(str.isspace, word))
    return "://" not in word and path.suffix in _FILES and (path.is_file() or not spaced)


def target_of_word(word: str) -> Target:
    """Return the target for a word: a URL, a notebook or module to run, a saved session, a command, or a live notebook.

    Raises:
        UnknownNameError: It names none of these.
        UsageError: It is not a valid command line, or the file is not a session.
    """
    if "://" in word:
        return Url(word)
    path = Path(word)
    if is_file(word):
        if not path.is_file():
            raise UnknownNameError(f"There is no file {word!r}.")
        if path.suffix == ".jsonl":
            from mcp_notebook.recording.saved import read
            from mcp_notebook.server.mock import MockServer

            return MockServer(read(path))
        script = [word] if path.suffix == ".py" else ["-m", "mcp_notebook", "serve", word]
        return Command(sys.executable, script)
    if any(map(str.isspace, word)):
        return _command(word)
    try:
        addresses.find(word)
    except UnknownNameError as error:
        if "can mean" in str(error):
            raise
        if shutil.which(word) is not None:
            return Command(word)
    else:
        return Live(word)
    raise UnknownNameError(
        f"{word!r} is not a URL, a live notebook, a .ipynb, .py or .jsonl file, or a program."
        f'{did_you_mean(word, [live.name for live in addresses.live()])} A command takes quotes: "uvx mcp-server-time".'
    )


def _command(line: str) -> Command:
    try:
        # Without POSIX rules on Windows, because a backslash is a part of a path there.
        program, *arguments = shlex.split(line, posix=os.name != "nt")
    except ValueError as error:
        raise UsageError(f"{line!r} is not a valid command line ({error}).") from None
    return Command(program, tuple(arguments))
