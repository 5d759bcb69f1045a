"""Lines of a shell in the documents: each program's own parser says whether it understands them."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence

import click
from packaging.requirements import Requirement
from pip._internal.commands import create_command

from mcp_notebook.cli import main
from tests.support import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
OTHERS = {"cd", "claude", "cp", "docker", "export", "helm", "jupyter", "kubectl", "ls", "npm"}
"""Programs that are not ours, whose lines bash alone checks."""

_ENDS = {"&&", "||", ";", "|"}
_MISSING = re.compile(r"(?:File|Path|Directory) '.*' does not exist")


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command in a shell block, without redirections."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word in _ENDS:
                yield from [words[: words.index(">")] if ">" in words else words] if words else []
                words = []
            else:
                words.append(word)


def problem(words: Sequence[str]) -> str | None:
    """Return what is wrong with a command; None if its program would take it."""
    program, *rest = words
    if program == "mcp-notebook":
        return _ours(rest)
    if program == "make":
        unknown = [word for word in rest if "=" not in word and word not in TARGETS]
        return f"no target of the Makefile: {unknown}" if unknown else None
    if program in ("pip", "python", "uvx", "uv"):
        return _python(program, rest)
    return None if program in OTHERS else f"nothing here checks lines of {program!r}"


def _ours(words: Sequence[str]) -> str | None:
    name, *rest = words
    command = main.commands.get(name)
    if command is None:
        return f"mcp-notebook has no command {name!r}"
    try:
        command.make_context(name, list(rest))
    except click.ClickException as error:
        message = error.format_message()
        return None if _MISSING.search(message) else message
    return None


def _python(program: str, rest: Sequence[str]) -> str | None:
    match program, *rest:
        case ("pip", "install", *words) | ("python", "-m", "pip", "install", *words):
            return _installed(words)
        case ("uv", "tool", "install", wanted):
            return _wanted(wanted)
        case ("uvx", "--from", wanted, *words):
            return _wanted(wanted) or problem(words)
        case ("python", "-m", _, *_):
            return None
        case ("python", script, *_):
            return None if (ROOT / script).is_file() else f"there is no {script}"
        case _:
            return f"nothing here checks {program} {' '.join(rest)}"


def _installed(words: Sequence[str]) -> str | None:
    try:
        options, wanted = create_command("install").parse_args(list(words))
    except SystemExit:
        return f"pip does not understand {' '.join(words)}"
    if not wanted and not options.editables:
        return "pip is told to install nothing"
    return next(filter(None, map(_wanted, wanted)), None)


def _wanted(text: str) -> str | None:
    """Return what is wrong with the name of a package: one of ours has to have the extra."""
    if text.startswith("."):
        return None
    requirement = Requirement(text)
    unknown = requirement.extras - set(PROJECT["optional-dependencies"])
    return f"no extra: {unknown}" if requirement.name == PROJECT["name"] and unknown else None
