"""The comments that make a constant a setting: ``# setting``, ``# secret: what it is``."""

from __future__ import annotations

import io
import re
import tokenize
from typing import NamedTuple

__all__ = ["Mark", "marks", "unmarked"]

MARK = re.compile(r"#+\s*(setting|secret)\s*(?::\s*(\S.*?)\s*)?$", re.IGNORECASE)


class Mark(NamedTuple):
    """A comment that says what the constant of its line is.

    Attributes:
        secret: Whether it is a secret.
        description: What its author says of it; "" where nothing is said.
        line: Its line, from 1.
        column: Where it begins in its line, in characters.
    """

    secret: bool
    description: str
    line: int
    column: int

    def __str__(self) -> str:
        return "# secret" if self.secret else "# setting"


def marks(source: str) -> dict[int, Mark]:
    """Return the marks in a module, by the number of their line."""
    comments = (t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT)
    found = ((token.start, MARK.match(token.string)) for token in comments)
    return {
        line: Mark(match[1].lower() == "secret", match[2] or "", line, column)
        for (line, column), match in found
        if match
    }


def unmarked(source: str, lines: dict[int, Mark]) -> str:
    """Return the source without these marks; everything else stays where it is."""
    return "\n".join(
        text[: lines[n].column].rstrip() if n in lines else text for n, text in enumerate(source.split("\n"), 1)
    )
