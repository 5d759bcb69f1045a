"""The bounded part of a table that a result has: rows for programs, and the same rows as text for models."""

from __future__ import annotations

import json
import math
from typing import Any

from .tables import Table
from .values import plain

__all__ = ["MOST_BYTES", "MOST_COLUMNS", "MOST_ROWS", "Preview"]

MOST_ROWS = 20
MOST_COLUMNS = 50
MOST_BYTES = 50_000
"""The most of a table that a result has, as JSON."""

MOST_COLUMNS_OF_TEXT = 12
MOST_CHARACTERS = 60
"""The most of a table in a text, and the characters of a cell there."""


class Preview:
    """The first rows and columns of a table, as JSON.

    Attributes:
        names: The columns that are shown.
        rows: The rows that are shown, with the values of these columns.
        table: The table.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.names = list(table.names[:MOST_COLUMNS])
        raw = table.first(MOST_ROWS, self.names)
        self._lost = any(_has_no_number(value) for row in raw for value in row)
        self.rows: list[list[Any]] = [[plain(value) for value in row] for row in raw]
        while self.rows and len(json.dumps(self.rows)) > MOST_BYTES:
            self.rows = self.rows[: len(self.rows) // 2]

    @property
    def truncated(self) -> bool:
        """True if rows or columns are missing."""
        return len(self.rows) < self.table.count or len(self.names) < len(self.table.names)

    @property
    def notes(self) -> list[str]:
        """Sentences about what is not as in the table."""
        notes = list(self.table.notes)
        if self._lost:
            notes.append("NaN and infinite numbers are null here, as JSON does not have them.")
        if self.table.count and not self.rows:
            notes.append(f"No row is shown, because one alone is longer than {MOST_BYTES // 1000} kB.")
        return notes

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a row, with the type of each column in its library as the description."""
        return {"type": "object", "properties": {name: self.table.schema(name) for name in self.names}}

    def records(self) -> list[dict[str, Any]]:
        """Return the rows that are shown, as objects."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    def text(self) -> str:
        """Return the rows that are shown as a table of Markdown; "" for no columns."""
        names = self.names[:MOST_COLUMNS_OF_TEXT]
        if not names:
            return ""
        lines = [names, ["---"] * len(names), *(row[: len(names)] for row in self.rows)]
        return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)

    def size(self) -> str:
        """Return the size of the table in words, with how much of it is shown."""
        rows, columns = self.table.count, len(self.table.names)
        words = f"{_counted(rows, 'row')} × {_counted(columns, 'column')}"
        parts = []
        if len(self.rows) < rows:
            parts.append(f"the first {len(self.rows)}" if self.rows else "no row")
        if columns > MOST_COLUMNS_OF_TEXT:
            parts.append(f"the first {MOST_COLUMNS_OF_TEXT} columns")
        return f"{words}, {' and '.join(parts)} shown" if parts else words


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _has_no_number(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, list | tuple) and any(map(_has_no_number, value))


def _cell(value: Any) -> str:
    words = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    words = " ".join(words.split()).replace("|", "\\|")
    return f"{words[: MOST_CHARACTERS - 1]}…" if len(words) > MOST_CHARACTERS else words
