"""Rank tools by how well they fit a query in words."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from mcp_types import Tool

from mcp_notebook.schema import parameters

__all__ = ["found"]

WEIGHTS = "8.0, 4.0, 1.0"
"""The weights of a word in the name and title, in the description, and in the parameters."""

_WORDS = re.compile(r"[^\W\d_]+|\d+")
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def found(query: str, tools: Sequence[Tool]) -> list[Tool]:
    """Return the tools that have a word of the query, or one that begins with it, the best first.

    The ranking is SQLite's: BM25, with English endings removed.
    """
    words = dict.fromkeys(word.lower() for word in _words(query))
    if not words:
        return []
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute("CREATE VIRTUAL TABLE tools USING fts5(name, about, parameters, tokenize='porter unicode61')")
        index.executemany(
            "INSERT INTO tools(rowid, name, about, parameters) VALUES (?, ?, ?, ?)", map(_row, enumerate(tools))
        )
        # A short word begins many others.
        matching = " OR ".join(f'"{word}"' if len(word) < 3 else f'"{word}" OR "{word}"*' for word in words)
        ranking = f"SELECT rowid FROM tools WHERE tools MATCH ? ORDER BY bm25(tools, {WEIGHTS}), rowid"
        return [tools[place] for (place,) in index.execute(ranking, (matching,))]


def _row(item: tuple[int, Tool]) -> tuple[int, str, str, str]:
    place, tool = item
    takes = parameters(tool.input_schema)
    texts = (
        f"{tool.name} {tool.title or ''}",
        tool.description or "",
        " ".join(f"{parameter.name} {parameter.description}" for parameter in takes),
    )
    name, about, rest = (" ".join(_words(text)) for text in texts)
    return place, name, about, rest


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text, and the parts of names such as ``listOrders``."""
    for word in _WORDS.findall(text):
        yield word
        parts = _PARTS.findall(word)
        if len(parts) > 1:
            yield from parts
