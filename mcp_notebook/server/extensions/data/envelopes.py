"""The structured content of results, and the text that goes with it.

The text is made from the structured content alone. So a client that gets both can tell whether the text says more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Annotated, Any

from pydantic import BaseModel, Field

__all__ = [
    "MOST_COLUMNS_OF_TEXT",
    "ArrayResult",
    "TableResult",
    "counted",
    "ended",
    "envelope_of",
    "markdown",
    "size_of_array",
    "size_of_table",
]

MOST_COLUMNS_OF_TEXT = 12
MOST_CHARACTERS = 60
"""The most of a table in a text, and the characters of a cell there."""

Links = Annotated[
    dict[str, str], Field(description="Links to all of it, by the kind of file; read one with resources/read.")
]
Notes = Annotated[list[str], Field(description="How this differs from the data itself.")]


class TableResult(BaseModel):
    """The first rows of a table. A client knows this form before the first call; the columns may differ by call."""

    rows: Annotated[list[dict[str, Any]], Field(description="The first rows, as objects.")]
    row_count: Annotated[int, Field(description="The number of rows of the whole table.")]
    column_count: Annotated[int, Field(description="The number of columns of the whole table.")]
    truncated: Annotated[bool, Field(description="Whether rows or columns of the whole table are missing here.")]
    row_schema: Annotated[dict[str, Any], Field(description="The JSON Schema of a row.")]
    whole: Links
    notes: Notes

    def text(self) -> tuple[str, str]:
        """Return the rows as a table of Markdown, and the lines below it: the size, the links, the notes."""
        table = markdown(list(self.row_schema.get("properties", ())), self.rows)
        size = size_of_table(self.row_count, self.column_count, len(self.rows))
        return f"{table}\n" if table else "", ended(size, self.whole.values(), self.notes)


class ArrayResult(BaseModel):
    """The first values of an array."""

    values: Annotated[list[Any], Field(description="The first values, as lists in lists.")]
    shape: Annotated[list[int], Field(description="The lengths of the whole array.")]
    dtype: Annotated[str, Field(description="The type of the values.")]
    truncated: Annotated[bool, Field(description="Whether values of the whole array are missing here.")]
    whole: Links
    notes: Notes

    def text(self) -> tuple[str, str]:
        """Return the values as JSON, and the lines below them: the size, the links, the notes."""
        size = size_of_array(self.shape, _lengths(self.values, self.shape), self.dtype)
        return f"{json.dumps(self.values, ensure_ascii=False)}\n\n", ended(size, self.whole.values(), self.notes)


def envelope_of(structured: Any) -> TableResult | ArrayResult | None:
    """Return structured content as the envelope that it is; None if it is something else, or has more in it."""
    if not isinstance(structured, Mapping):  # a server that breaks the rules
        return None
    try:
        found = (TableResult if "rows" in structured else ArrayResult).model_validate(dict(structured), strict=True)
        same = found.model_dump(mode="json") == structured
    except (ValueError, RecursionError):
        return None
    named = all(uri.rpartition(".")[2] == suffix for suffix, uri in found.whole.items())
    return found if named and same else None


def markdown(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as a table of Markdown, with the first columns; "" for no columns."""
    shown = names[:MOST_COLUMNS_OF_TEXT]
    if not shown:
        return ""
    lines = [shown, ["---"] * len(shown), *([row.get(name) for name in shown] for row in rows)]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(value: Any) -> str:
    words = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    words = " ".join(words.split()).replace("|", "\\|")
    return f"{words[: MOST_CHARACTERS - 1]}…" if len(words) > MOST_CHARACTERS else words


def size_of_table(rows: int, columns: int, shown: int) -> str:
    """Return the size of a table in words, with how much of it is shown."""
    words = f"{counted(rows, 'row')} × {counted(columns, 'column')}"
    parts = []
    if shown < rows:
        parts.append(f"the first {shown}" if shown else "no row")
    if columns > MOST_COLUMNS_OF_TEXT:
        parts.append(f"the first {MOST_COLUMNS_OF_TEXT} columns")
    return f"{words}, {' and '.join(parts)} shown" if parts else words


def size_of_array(shape: Sequence[int], shown: Sequence[int], dtype: str) -> str:
    """Return the size of an array in words, with how much of it is shown."""
    whole, part = (" × ".join(f"{length:,}" for length in lengths) for lengths in (shape, shown))
    words = f"{whole} {'value' if prod(shape) == 1 else 'values'} of {dtype}"
    if list(shown) == list(shape):
        return words
    return f"{words}, {f'the first {part}' if prod(shown) else 'no value'} shown"


def _lengths(values: Any, shape: Sequence[int]) -> list[int]:
    """Return the lengths of lists in lists; those inside of an empty list are those of the whole."""
    if not shape or not isinstance(values, list):
        return []
    return [len(values), *(_lengths(values[0], shape[1:]) if values else shape[1:])]


def counted(count: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def ended(words: str, uris: Iterable[str], notes: Iterable[str]) -> str:
    """Return the last lines of a text: the size, the links, and the notes."""
    links = " or ".join(uris)
    whole = f"all of it: {links}" if links else "it is too large to be kept, so there is no link to all of it"
    return "\n".join([f"{words}; {whole}", *notes])
