"""The bounded part of a table that a result has: the first rows and columns, with names and types of bounded length."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from .frames import unique_names
from .tables import Table
from .values import plain

__all__ = ["MOST_BYTES", "MOST_COLUMNS", "MOST_ROWS", "NO_NUMBERS", "Preview", "has_no_number"]

MOST_ROWS = 20
MOST_COLUMNS = 50
MOST_BYTES = 50_000
"""The most of a table that a result has, as JSON."""

LONGEST_NAME = 100
"""Most characters of a column's name."""

NO_NUMBERS = "NaN and infinite numbers are null here, as JSON does not have them."


class Preview:
    """The first rows and columns of a table, as JSON.

    Attributes:
        names: The columns that are shown; long names are cut.
        rows: The rows that are shown, as objects.
        schema: The JSON Schema of a row, with the type of each column in its library as the description.
        notes: Sentences about what is not as in the table.
        truncated: True if rows or columns are missing.
    """

    def __init__(self, table: Table) -> None:
        columns = list(table.names[:MOST_COLUMNS])
        self.names, _ = unique_names(map(_short, columns))
        properties = {name: table.schema(column) for name, column in zip(self.names, columns, strict=True)}
        self.schema = {"type": "object", "properties": properties}
        raw = table.first(MOST_ROWS, columns)
        self.rows = [dict(zip(self.names, map(plain, row), strict=True)) for row in raw]
        while self.rows and len(json.dumps(self.rows)) > MOST_BYTES:
            self.rows = self.rows[: len(self.rows) // 2]
        self.truncated = len(self.rows) < table.count or len(columns) < len(table.names)
        self.notes = list(table.notes)
        if self.names != columns:
            self.notes.append(f"Names of columns are cut to {LONGEST_NAME} characters here.")
        schemas = list(properties.values())
        if any(_is_lost(value, schema) for row in raw for value, schema in zip(row, schemas, strict=True)):
            self.notes.append(NO_NUMBERS)
        if table.count and not self.rows:
            self.notes.append(f"No row is shown, because one alone is longer than {MOST_BYTES // 1000} kB.")


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _is_lost(value: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether a number is null in JSON; pandas has NaN for what is missing in columns of other types, too."""
    missing = isinstance(value, float) and math.isnan(value) and "number" not in schema.get("type", ())
    return not missing and has_no_number(value)


def has_no_number(value: Any) -> bool:
    """Return whether a value, or one in its lists and dicts, is NaN or infinite."""
    if isinstance(value, float):
        return not math.isfinite(value)
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(map(has_no_number, inside))
