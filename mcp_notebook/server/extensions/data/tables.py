"""Tables of any library as one kind of object: unique names, the first rows, the schema of a row, the whole as a file.

A table is a snapshot: what a cell changes in the frame later does not show in it. Only the lists and dicts inside of
pandas' object columns are shared with the frame, and the memory of an array from which it was made without a copy.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

from .dtypes import described, name_of_type, short, written_type
from .frames import collected, narwhals, renamed, root, size_of, unique_names, without_nan
from .nanoseconds import exact, note_of
from .values import rows_as_csv, text

__all__ = [
    "CSV",
    "HINT",
    "PARQUET",
    "FrameTable",
    "Table",
    "can_read",
    "columns_of",
    "get_ready",
    "layout_of",
    "table_of",
]

CSV, PARQUET = ("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")

HINT = "Tables need narwhals. Install it where the tool runs: %pip install narwhals."

NATIVE = {"Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "String", "Float32", "Float64"}
"""The types of columns that the libraries write as CSV alike; the others are written value by value."""

FEW = {"Boolean", "Categorical", "Enum"}
"""The types of columns with few different values."""

ENGINES = ("pyarrow", "fastparquet")
"""The libraries with which pandas writes Parquet; the others do it themselves."""

UNTYPED = {"Object", "Unknown"}
"""The types of columns that may have what Parquet does not."""


class Table(Protocol):
    """A table, as results are made of it.

    Attributes:
        names: The unique names of its columns.
        count: The number of its rows.
        size: The memory that it takes, in bytes.
        notes: Sentences about what is not as in the frame.
    """

    names: Sequence[str]
    count: int
    size: int
    notes: Sequence[str]

    def first(self, count: int, names: Sequence[str]) -> list[Sequence[Any]]:
        """Return the first rows, with the values of these columns."""
        ...

    def schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of the values of a column, with its type in the frame as the description."""
        ...

    def files(self) -> dict[tuple[str, str], Callable[[], str | bytes]]:
        """Return functions that write the whole, by the suffix and the media type of the file."""
        ...


def can_read() -> bool:
    """Return whether tables can be read here."""
    return find_spec("narwhals") is not None


def get_ready() -> None:
    """Import what reads tables of the libraries that are loaded, so that the first call does not take the time for it.

    Raises:
        ImportError: narwhals is not installed.
    """
    require()
    for library, make in EMPTY.items():
        if library in sys.modules:
            narwhals().from_native(make(sys.modules[library]))


EMPTY: dict[str, Callable[[Any], Any]] = {
    "pandas": lambda pandas: pandas.DataFrame(),
    "polars": lambda polars: polars.DataFrame(),
    "pyarrow": lambda pyarrow: pyarrow.table({}),
}
"""Functions that make an empty table of a library."""


def require() -> None:
    """Refuse what needs tables to be read where that cannot be done.

    Raises:
        ImportError: narwhals is not installed.
    """
    if not can_read():
        raise ImportError(HINT)


def table_of(value: Any) -> FrameTable:
    """Take a snapshot of a frame or series.

    Raises:
        ImportError: narwhals is not installed.
    """
    require()
    labels, native = collected(value)
    names, notes = unique_names(labels)
    return FrameTable(renamed(native, names, labels), names, notes)


def columns_of(value: Any) -> tuple[int | None, dict[str, str]]:
    """Return the number of rows and the types of the columns by name; None for what counts its rows only if it runs.

    Long names and types are cut.
    """
    if hasattr(value, "collect") and hasattr(value, "collect_schema"):  # a query of polars
        return None, _by_name(value.collect_schema().names(), value.collect_schema().values())
    if type(value).__name__ == "DuckDBPyRelation":
        return None, _by_name(value.columns, value.types)
    if not can_read():
        return getattr(value, "shape", [None])[0], {}
    table = table_of(value)
    return table.count, _by_name(table.names, (table.schema(name)["description"] for name in table.names))


def _by_name(names: Iterable[str], kinds: Iterable[Any]) -> dict[str, str]:
    unique, _ = unique_names(map(short, names))
    return dict(zip(unique, (short(str(kind)) for kind in kinds), strict=True))


def layout_of(value: Any) -> str:
    """Return the names and types of the columns of a frame that may change in place, as a text; "" for any other."""
    if root(value) not in ("pandas", "polars") or hasattr(value, "collect"):
        return ""
    index = getattr(getattr(value, "index", None), "names", None)
    if not hasattr(value, "columns"):  # a series
        return f"{value.name} {value.dtype} {index}"
    return f"{list(value.columns)} {list(map(str, value.dtypes))} {index}"


class FrameTable:
    """A table of a library that narwhals knows.

    Attributes:
        frame: The frame, as narwhals has it.
        names: Its columns.
        count: The number of its rows.
        size: The memory that it takes, in bytes.
        notes: Sentences about what is not as in the author's frame.
    """

    def __init__(self, native: Any, names: Sequence[str], notes: Sequence[str]) -> None:
        self.frame = narwhals().from_native(native, eager_only=True)
        self.names = names
        self.notes: Sequence[str] = [*notes, *self._lost()]
        self.count = len(self.frame)
        self.size = size_of(native)

    def _lost(self) -> list[str]:
        native, library = self.frame.to_native(), root(self.frame.to_native())
        found = {name: note_of(kind, written_type(native, name), library) for name, kind in self.frame.schema.items()}
        return [f"In {name}, {note}." for name, note in found.items() if note]

    def first(self, count: int, names: Sequence[str]) -> list[Sequence[Any]]:
        """Return the first rows, with the values of these columns."""
        if not names:
            return [()] * min(count, self.count)
        frame = self.frame.select(names).head(count)
        rows: list[Sequence[Any]] = list(frame.rows())
        for place, name in enumerate(names):
            texts = exact(frame[name])
            if texts is not None:
                rows = [(*row[:place], each, *row[place + 1 :]) for row, each in zip(rows, texts, strict=True)]
        return rows

    def schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of a column's values."""
        return described(self.frame.schema[name], self.frame.to_native(), name)

    def files(self) -> dict[tuple[str, str], Callable[[], str | bytes]]:
        """Return functions that write the whole: CSV, and Parquet if there is an engine and each type is known."""
        of_pandas = root(self.frame.to_native()) == "pandas"
        engine = not of_pandas or any(find_spec(name) is not None for name in ENGINES)
        typed = not any(name_of_type(kind) in UNTYPED for kind in self.frame.schema.values())
        return {CSV: self._csv, **({PARQUET: self._parquet} if engine and typed and self.names else {})}

    def _csv(self) -> str:
        if not self.names:
            return "\n" * (self.count + 1)
        columns = [self._as_text(name, kind) for name, kind in self.frame.schema.items()]
        frame = self.frame.with_columns(*columns)
        native = frame.to_native()
        if root(native) != "pandas":
            return str(frame.write_csv(None))
        written = str(native.to_csv(index=False, lineterminator="\n"))
        # pandas leaves a lone CR without quotes, so that it ends a line.
        return rows_as_csv(self.names, frame.rows()) if "\r" in written else written

    def _as_text(self, name: str, kind: Any) -> Any:
        """Return a column as the libraries write it to CSV alike."""
        nw = narwhals()
        column = self.frame[name]
        if kind.is_float():
            return without_nan(nw.col(name)).alias(name)
        if name_of_type(kind) in NATIVE:
            return column
        written = exact(column)
        if written is None:
            values = column.to_list()
            few = {value: text(value) for value in set(values)} if name_of_type(kind) in FEW else None
            written = [(text(value) if few is None else few[value]) or None for value in values]
        return nw.new_series(name, written, nw.String, backend=self.frame.implementation)

    def _parquet(self) -> bytes:
        out = io.BytesIO()
        self.frame.write_parquet(out)
        return out.getvalue()
