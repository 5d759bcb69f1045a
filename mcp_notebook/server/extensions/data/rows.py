"""Rows that a generator yields, as a table: dicts, models, data classes or named tuples."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from .arrays import snapshot
from .frames import SAMPLE
from .kinds import is_row, kind_of
from .tables import CSV
from .values import plain, rows_as_csv, size_in_memory

__all__ = ["MOST", "RowTable", "row_of"]

MOST = 1_000_000
"""Most rows that are taken from a generator, which may not end."""

JSON_LINES = ("jsonl", "application/jsonl")

FIXED = {bool, int, float, str, bytes}

TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def row_of(value: Any) -> dict[str, Any]:
    """Return a row as a dict, as it is now: a generator may go on to change what it has yielded."""
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    row: Any = value
    return {str(key): _copied(item) for key, item in (row._asdict() if hasattr(row, "_asdict") else row).items()}


def _copied(value: Any) -> Any:
    if value is None or type(value) in FIXED:
        return value
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list) or type(value) is tuple:
        return [_copied(item) for item in value]
    if isinstance(value, set | bytearray) or is_row(value):
        return copy.deepcopy(value)
    return snapshot(value) if kind_of(value) == "array" else value


class RowTable:
    """A table of rows that were yielded.

    Attributes:
        names: The keys of all rows, in the order in which they came; a row without one has None there.
        count: The number of rows.
        size: About how many bytes they take.
        notes: Sentences about what is missing.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]], *, ended: bool = True) -> None:
        self._rows = rows
        self.names: Sequence[str] = list(dict.fromkeys(key for row in rows for key in row))
        self.count = len(rows)
        sample = rows[:: len(rows) // SAMPLE + 1]
        self.size = sum(map(size_in_memory, sample)) * len(rows) // (len(sample) or 1)
        self.notes: Sequence[str] = [] if ended else [f"The generator was stopped after {MOST:,} rows."]

    def first(self, count: int, names: Sequence[str]) -> list[Sequence[Any]]:
        """Return the first rows, with the values of these keys."""
        return [tuple(row.get(name) for name in names) for row in self._rows[:count]]

    def schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of the values of a key, from the types that the rows have there."""
        samples = {type(value): value for row in self._rows if (value := row.get(name)) is not None}
        found = {"number" if kind is float else TYPES[type(plain(value))] for kind, value in samples.items()}
        found = {"number"} if found == {"integer", "number"} else found
        return {"type": [*sorted(found - {"null"}), "null"]} if found else {}

    def files(self) -> dict[tuple[str, str], Callable[[], str | bytes]]:
        """Return functions that write the whole: as CSV, and as lines of JSON."""
        return {CSV: self._csv, JSON_LINES: self._json_lines}

    def _csv(self) -> str:
        return rows_as_csv(self.names, self._values())

    def _json_lines(self) -> str:
        return "".join(f"{json.dumps(plain(row), ensure_ascii=False)}\n" for row in self._rows)

    def _values(self) -> Iterable[Sequence[Any]]:
        return (tuple(row.get(name) for name in self.names) for row in self._rows)
