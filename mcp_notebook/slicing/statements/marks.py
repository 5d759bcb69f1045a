"""Marks by which an author says what becomes of a statement: comments on its lines, and tags of its cell."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Mapping
from typing import Literal

__all__ = ["Mark", "by_line", "of_cell"]

Mark = Literal["keep", "leave out"]

TAGS: Mapping[str, Mark] = {"mcp-keep": "keep", "mcp-leave-out": "leave out"}

_COMMENT = re.compile(r"#\s*(keep|leave out)\s*(?:[.:;,(#-].*)?$", re.IGNORECASE)


def by_line(text: str) -> dict[int, Mark]:
    """Return the marks in comments, by the number of the line.

    The mark is the whole comment, or its beginning: ``# keep: fills the cache``.
    """
    found: dict[int, Mark] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and (match := _COMMENT.match(token.string)):
                found[token.start[0]] = "keep" if match[1].lower() == "keep" else "leave out"
    except (tokenize.TokenError, SyntaxError):  # the text parses, but Python 3.12 reads some tokens differently
        pass
    return found


def of_cell(tags: Collection[str]) -> Mark | None:
    """Return the mark that the tags of a cell give to each of its statements."""
    return next((mark for tag, mark in TAGS.items() if tag in tags), None)
