"""The requirements that ``%pip install`` lines and their like name: a package has them as dependencies."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from mcp_notebook.slicing.statements import Magic

__all__ = ["requirements"]

_INSTALLS = re.compile(
    r"[%!]{1,2}\s*(?:\S*python\S*\s+-m\s+|\{sys\.executable\}\s+-m\s+)?(pip3?|conda|mamba|uv)\s+(.*)", re.DOTALL
)
_TAKES_A_VALUE = {
    "-c", "-i", "-f", "-r", "-t", "-e", "-n", "-p", "--index-url", "--extra-index-url", "--requirement",
    "--constraint", "--find-links", "--target", "--editable", "--channel", "--name", "--prefix", "--python",
}  # fmt: skip


def requirements(magics: Iterable[Magic]) -> tuple[str, ...]:
    """Return what ``%pip install``, ``!pip install``, ``%conda install`` or ``%uv pip install`` lines ask for.

    This project is left out: a package does not need it.
    """
    found = [name for magic in magics if (match := _INSTALLS.match(magic.text)) for name in _named(*match.groups())]
    return tuple(dict.fromkeys(name for name in found if not _is_ours(name)))


def _is_ours(requirement: str) -> bool:
    """Return whether a requirement, with or without a name before its URL, is this project."""
    text = requirement.partition("#")[0].rstrip("/")
    named, at, _ = text.partition(" @ ")
    last = (named if at else text).rpartition("/")[2]
    name = re.match(r"[\w.-]*", last.partition("@")[0].removesuffix(".git"))
    plain = re.sub(r"[-_.]+", "-", name.group() if name else "").lower()
    return plain == "mcp-notebook" or bool(re.match(r"mcp-notebook-\d", plain))  # the second is a file


def _named(manager: str, line: str) -> Iterator[str]:
    """Give the requirements of a command: no options, paths, or what a shell does after."""
    try:
        words = shlex.split(line.replace("\\\n", " "), comments=True)
    except ValueError:
        return
    words = words[1:] if words[:2] == ["pip", "install"] else words
    rest = iter(words[1:] if words[:1] in (["install"], ["add"]) else [])
    for word in rest:
        if word in _TAKES_A_VALUE:
            next(rest, None)
        elif word in {"&&", ";", "|", ">", "2>", "||", "&>"}:
            return
        elif not word.startswith(("-", ".", "/", "~", ">", "2>")):
            yield re.sub(r"^([\w.-]+)=+([\w.*]+).*$", r"\1==\2", word) if manager in {"conda", "mamba"} else word
