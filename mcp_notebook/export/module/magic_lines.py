"""The lines of ``%%mcp_tool``, ``%%mcp_resource`` and ``%%mcp_prompt`` cells, as far as an export reads them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mcp_notebook.server.changes import Kind
from mcp_notebook.slicing.statements import Magic

__all__ = ["Line", "lines"]

_KINDS: dict[str, tuple[Kind, ...]] = {
    "%%mcp_tool": ("tool",),
    "%%mcp_resource": ("resource", "resource template"),
    "%%mcp_prompt": ("prompt",),
}
_FLAGS = ("read-only", "destructive", "idempotent", "world", "no-structured", "form")
"""Options without a value; of those that have a negative form, the word they end with."""


@dataclass(frozen=True)
class Line:
    """One of these lines.

    Attributes:
        cell: The number of its cell.
        kinds: What it makes: one of these.
        functions: The functions that it names; none where all public ones of the cell are meant.
        uri: Of a resource.
        options: Its options that have a value, without the dashes.
    """

    cell: int
    kinds: tuple[Kind, ...]
    functions: tuple[str, ...]
    uri: str | None
    options: dict[str, str]

    def keys(self, public: Iterable[str]) -> list[str]:
        """Return the names that it registers, where its cell defines these public functions."""
        if self.uri is not None:
            return [self.uri]
        return [self.options["name"]] if "name" in self.options else list(self.functions or public)


def lines(magics: Iterable[Magic]) -> Iterator[Line]:
    """Yield the lines that register, in their order."""
    for magic in magics:
        words = _words(magic.text.split("\n")[0])
        if words and words[0] in _KINDS:
            yield _line(magic.cell, words[0], words[1:])


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quote that is never closed is an ordinary character
        return line.split()


def _line(cell: int, magic: str, words: list[str]) -> Line:
    plain: list[str] = []
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--"):
            plain.append(word)
        elif not name.endswith(_FLAGS):
            options[name] = value if equals else next(rest, "")
    uri = plain.pop(0) if magic == "%%mcp_resource" and plain else None
    return Line(cell, _KINDS[magic], tuple(plain), uri, options)
