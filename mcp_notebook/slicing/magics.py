"""IPython's own syntax in the text of a cell: which lines are magics, and the Python that they run."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal

__all__ = ["Magic", "python_of"]


@dataclass(frozen=True)
class Magic:
    """A line that only a notebook understands.

    Attributes:
        cell: The number of its cell.
        line: Its line in the cell, from 1.
        text: The line as written, without indentation.
        kind: "line" for ``%time f()`` and ``x?``, "cell" for ``%%time``, "shell" for ``!ls``.
    """

    cell: int
    line: int
    text: str
    kind: Literal["line", "cell", "shell"]

    @property
    def name(self) -> str:
        """Its name without the signs: ``time``, ``mcp_tool``; "" for help and for a command of the shell."""
        found = re.match(r"(?:[\w., ]+=\s*)?%{1,2}\s*(\w[\w.]*)", self.text)
        return found[1] if found else ""

    @property
    def is_python(self) -> bool:
        """True if it only runs Python, such as ``%time f()``, which then takes its place."""
        return self.kind == "cell" or (self.kind == "line" and self.name in _RUN_THEIR_LINE)


_RUN_THEIR_BODY = {
    "time",
    "capture",
    "prun",
    "mcp_tool",
    "mcp_resource",
    "mcp_prompt",
    "mcp_event",
    "memit",
    "mprun",
    "lprun",
}
"""Cell magics whose body runs in the notebook's own namespace. ``%%timeit`` runs its body in one of its own."""
_RUN_THEIR_LINE = {"time", "prun", "lprun", "memit", "mprun"}
_AUTOMAGIC = re.compile(
    r"(pip|conda|mamba|uv|cd|ls|ll|pwd|mkdir|rm|cp|mv|cat|who|whos|env|matplotlib|mcp|run|time)\b\s*[^=(\s.\[,:]"
)
_MAGIC = re.compile(r"[ \t]*(%{1,2}[A-Za-z_]|!|\?{1,2}\S|[,;/][A-Za-z_])")
_HELP = re.compile(r"[ \t]*%{0,2}[\w.*]+\?{1,2}[ \t]*;?[ \t]*$")
_ASSIGNED = re.compile(r"([ \t]*[\w.,\[\]'\" *()]+?=[ \t]*)(%[A-Za-z_]\w*|!)(.*)$")
_PROMPT = re.compile(r"(>>>|\.\.\.|In \[\d+\]:|\s*\.{3,}:)( |$)")
"""The beginning of a line of an interactive session, which may be pasted as it is."""


def python_of(cell: int, source: str) -> tuple[list[str], list[Magic]]:
    """Return the lines of Python that a cell runs, each at its place, and the magics that were taken out.

    As in IPython, lines count from the first that is not empty.
    """
    lines = dedent(re.sub(r"\A(?:[^\S\n]*\n)+", "", source)).split("\n")
    if _PROMPT.match(lines[0]):
        lines = [_PROMPT.sub("", line) for line in lines]
    return _python(cell, lines, 0)


def _python(cell: int, lines: list[str], above: int) -> tuple[list[str], list[Magic]]:
    """Take the magics out of `lines`, which have `above` others above them."""
    first = next((i for i, line in enumerate(lines) if line.strip()), len(lines) - 1)
    if lines[first].startswith("%%"):
        magic = Magic(cell, above + first + 1, lines[first].strip(), "cell")
        rest, magics = [""] * (len(lines) - first - 1), list[Magic]()
        if magic.name in _RUN_THEIR_BODY and rest:
            rest, magics = _python(cell, lines[first + 1 :], above + first + 1)
        return [""] * (first + 1) + rest, [magic, *magics]
    if _parses("\n".join(lines)):
        return lines, []
    if sum(1 for line in lines if line.strip()) == 1 and _AUTOMAGIC.match(lines[first]):
        return [""] * len(lines), [Magic(cell, above + first + 1, "%" + lines[first].strip(), "line")]
    python, magics = list[str](), list[Magic]()
    for line, is_start in _starts(lines):
        found = _replaced(line) if is_start else None
        if found is not None:
            magics.append(Magic(cell, above + len(python) + 1, line.strip(), found[0]))
        python += [line] if found is None else [found[1], *[""] * line.count("\n")]
    return python, magics


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _starts(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Give each line, and whether it starts a statement; the continued lines of a magic are given as one."""
    pending: list[str] = []
    rest = iter(lines)
    for line in rest:
        is_start = not pending
        if is_start and _replaced(line):
            while line.endswith("\\"):
                line = f"{line}\n{next(rest, '')}"  # noqa: PLW2901
            yield line, True
            continue
        yield line, is_start
        pending.append(line)
        if not _goes_on("\n".join(pending)):
            pending.clear()


def _goes_on(text: str) -> bool:
    """Return whether a bracket, string or backslash is open at the end."""
    if text.endswith("\\"):
        return True
    try:
        for _ in tokenize.generate_tokens(io.StringIO(text.lstrip() + "\n").readline):
            pass
    except tokenize.TokenError as error:
        return "multi-line" in str(error) or "triple-quoted" in str(error)
    except (SyntaxError, ValueError):
        return False
    return False


def _replaced(line: str) -> tuple[Literal["line", "shell"], str] | None:
    """Return the kind of a magic line and the Python in its place; None for a line of Python."""
    indent = line[: len(line) - len(line.lstrip())]
    nothing = f"{indent}pass" if indent else ""
    if assigned := _ASSIGNED.match(line):
        target, sign, rest = assigned.groups()
        if sign == "!":
            return "shell", f"{target}..."
        ran = _statement(rest) if sign[1:] in _RUN_THEIR_LINE else ""
        return "line", f"{target}{ran or '...'}"
    if _HELP.match(line):
        return "line", nothing
    if not _MAGIC.match(line):
        return None
    if line.lstrip().startswith("!"):
        return "shell", nothing
    name = re.match(r"%(\w+)(.*)", line.strip())
    ran = _statement(name[2]) if name and name[1] in _RUN_THEIR_LINE else ""
    return "line", f"{indent}{ran}" if ran else nothing


def _statement(text: str) -> str:
    """Return the statement after the options of a magic such as ``%prun -l 5 f()``; "" where there is none."""
    text = text.strip()
    while text.startswith("-"):
        text = re.sub(r"^-\w+(\s+\d+(?=\s))?\s*", "", text, count=1)
    return text if _parses(text) else ""
