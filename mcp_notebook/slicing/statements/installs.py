"""What ``%pip install`` and its like ask for, which a package has as dependencies."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from mcp_notebook.slicing.statements.magics import Magic

__all__ = ["requirements_of"]

_INSTALLS = re.compile(
    r"[%!]{1,2}\s*(?:\S*python\S*\s+-m\s+|\{sys\.executable\}\s+-m\s+)?(pip3?|conda|mamba|uv)\s+(.*)", re.S
)
_TAKES_A_VALUE = {
    "-c", "-i", "-f", "-r", "-t", "-e", "-n", "-p", "--index-url", "--extra-index-url", "--requirement",
    "--constraint", "--find-links", "--target", "--editable", "--channel", "--name", "--prefix", "--python",
}  # fmt: skip


def requirements_of(magic: Magic) -> list[str]:
    """Return what ``%pip install``, ``!pip install``, ``%conda install`` or ``%uv pip install`` asks for by name."""
    found = _INSTALLS.match(magic.text)
    if not found:
        return []
    manager, line = found.groups()
    names = list(_named(_words(line)))
    if manager in {"conda", "mamba"}:
        names = [re.sub(r"^([\w.-]+)=+([\w.*]+).*$", r"\1==\2", name) for name in names]
    return names


def _words(line: str) -> list[str]:
    """Return what follows ``install``; nothing where another command is given."""
    try:
        words = shlex.split(line.replace("\\\n", " "), comments=True)
    except ValueError:
        return []
    if words[:2] == ["pip", "install"]:
        words = words[1:]
    return words[1:] if words[:1] in (["install"], ["add"]) else []


def _named(words: Iterable[str]) -> Iterator[str]:
    """Give the requirements among words: no options, paths, or what a shell does after."""
    rest = iter(words)
    for word in rest:
        if word in _TAKES_A_VALUE:
            next(rest, None)
        elif word in {"&&", ";", "|", ">", "2>", "||", "&>"}:
            return
        elif not word.startswith(("-", ".", "/", "~", ">", "2>")):
            yield word
