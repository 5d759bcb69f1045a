"""Tables of any library as one kind of object: unique names, the first rows, the schema of a row, the whole as a file.

A table is a snapshot: what a cell changes in the frame later does not show in it. Only the lists and dicts inside of
pandas' object columns are shared with the frame.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from .dtypes import described, name_of_type
from .values import text

__all__ = [
    "CSV",
    "HINT",
    "PARQUET",
    "FrameTable",
    "Table",
    "can_read",
    "columns_of",
    "get_ready",
    "table_of",
    "without_nan",
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

SAMPLE = 1_000
"""Values from which the memory of a column of objects is estimated."""


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

    def schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of the values of a column, with its type in the frame as the description."""

    def files(self) -> dict[tuple[str, str], Callable[[], str | bytes]]:
        """Return functions that write the whole, by the suffix and the media type of the file."""


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
            _narwhals().from_native(make(sys.modules[library]))


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
    labels, native = _collected(value)
    names, notes = _unique(labels)
    return FrameTable(_renamed(native, names, labels), names, notes)


def columns_of(value: Any) -> tuple[int | None, dict[str, str]]:
    """Return the number of rows and the types of the columns by name; None for what counts its rows only if it runs."""
    if hasattr(value, "collect_schema"):  # a query of polars
        return None, {name: str(kind) for name, kind in value.collect_schema().items()}
    if type(value).__name__ == "DuckDBPyRelation":
        return None, dict(zip(_unique(value.columns)[0], map(str, value.types), strict=True))
    if not can_read():
        return getattr(value, "shape", [None])[0], {}
    table = table_of(value)
    return table.count, {name: table.schema(name)["description"] for name in table.names}


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
        self.frame = _narwhals().from_native(native, eager_only=True)
        self.names = names
        self.notes = notes
        self.count = len(self.frame)
        self.size = _size(native)

    def first(self, count: int, names: Sequence[str]) -> list[Sequence[Any]]:
        """Return the first rows, with the values of these columns."""
        return list(self.frame.select(names).head(count).rows()) if names else [()] * min(count, self.count)

    def schema(self, name: str) -> dict[str, Any]:
        """Return the JSON Schema of a column's values."""
        return described(self.frame.schema[name], self.frame.to_native(), name)

    def files(self) -> dict[tuple[str, str], Callable[[], str | bytes]]:
        """Return functions that write the whole: CSV, and Parquet if there is an engine and each type is known."""
        of_pandas = _root(self.frame.to_native()) == "pandas"
        engine = not of_pandas or any(find_spec(name) is not None for name in ENGINES)
        typed = not any(name_of_type(kind) in UNTYPED for kind in self.frame.schema.values())
        return {CSV: self._csv, **({PARQUET: self._parquet} if engine and typed and self.names else {})}

    def _csv(self) -> str:
        if not self.names:
            return "\n" * (self.count + 1)
        columns = [self._as_text(name, kind) for name, kind in self.frame.schema.items()]
        return str(self.frame.with_columns(*columns).write_csv(None)).replace("\r\n", "\n")

    def _as_text(self, name: str, kind: Any) -> Any:
        """Return a column as the libraries write it to CSV alike."""
        nw = _narwhals()
        column = self.frame[name]
        if kind.is_float():
            return without_nan(nw.col(name)).alias(name)
        if name_of_type(kind) in NATIVE:
            return column
        values = column.to_list()
        if name_of_type(kind) in FEW:
            texts = {value: text(value) for value in set(values)}
            written = [texts[value] or None for value in values]
        else:
            written = [text(value) or None for value in values]
        return nw.new_series(name, written, nw.String, backend=self.frame.implementation)

    def _parquet(self) -> bytes:
        out = io.BytesIO()
        self.frame.write_parquet(out)
        return out.getvalue()


def without_nan(column: Any) -> Any:
    """Return an expression for a column of floats in which NaN is missing, as it is in pandas."""
    # `fill_nan` is newer than what some images have.
    return _narwhals().when(~column.is_nan()).then(column)


def _narwhals() -> Any:
    # The version of its interface that stays as it is.
    return import_module("narwhals.stable.v2")


def _root(value: Any) -> str:
    return type(value).__module__.partition(".")[0]


def _collected(value: Any) -> tuple[list[Any], Any]:
    """Return the labels of the columns and the frame in memory, of its own library if that has one."""
    if _root(value) == "narwhals":
        value = value.to_native()
    native = _in_memory(value)
    if hasattr(native, "index") and hasattr(native, "iloc"):  # pandas, and what is like it
        return _of_pandas(native)
    if hasattr(native, "to_frame"):  # a series of polars
        native = native.to_frame()
        return [native.columns[0] or "value"], native
    if not hasattr(native, "column_names"):
        return list(native.columns), native.clone() if hasattr(native, "clone") else native
    return list(native.column_names), native


def _in_memory(value: Any) -> Any:
    """Return a frame that holds its rows: what is lazy is computed, once."""
    if hasattr(value, "collect"):
        return value.collect()
    if type(value).__name__ == "DuckDBPyRelation":
        return _of_duckdb(value)
    if _root(value) == "pyarrow":
        pyarrow = import_module("pyarrow")
        if isinstance(value, pyarrow.RecordBatch):
            return pyarrow.Table.from_batches([value])
        if not isinstance(value, pyarrow.Table):
            return pyarrow.table({"value": value})
    return value


def _of_duckdb(relation: Any) -> Any:
    for module, method in (("pyarrow", "to_arrow_table"), ("pyarrow", "arrow"), ("polars", "pl"), ("pandas", "df")):
        if find_spec(module) is not None and hasattr(relation, method):
            return getattr(relation, method)()
    raise ImportError("A relation of duckdb needs one of pyarrow, polars and pandas to be read. Install one of them.")


def _of_pandas(native: Any) -> tuple[list[Any], Any]:
    """Return the labels and a copy, in which an index that says something is among the columns."""
    if not hasattr(native, "columns"):
        native = native.to_frame("value" if native.name is None else native.name)
    index = native.index
    numbered = index.nlevels == 1 and index.name is None and index.dtype.kind in "iu"
    # From pandas 3 on, a copy shares its memory until one of the two changes.
    native = native.copy(deep=int(import_module("pandas").__version__.partition(".")[0]) < 3)
    if numbered and len(native.columns):
        return list(native.columns), native
    levels = [("index" if name is None else name) for name in index.names]
    if numbered:  # no column: the rows are still there to be counted
        return [], native
    flat = native.set_axis(range(len(native.columns)), axis=1)
    flat = flat.reset_index(names=[f"index {number}" for number in range(index.nlevels)])
    return [*levels, *native.columns], flat


def _unique(labels: Iterable[Any]) -> tuple[list[str], list[str]]:
    """Return the labels as different texts, and notes about those that changed."""
    names: list[str] = []
    changed: list[str] = []
    every = [_as_name(label) for label in labels]
    for name in every:
        unique, number = name, 1
        while unique in names or (number > 1 and unique in every):
            number += 1
            unique = f"{name}_{number}"
        if unique != name:
            changed.append(f"{name} is {unique}")
        names.append(unique)
    return names, [f"Columns of the same name have a number: {', '.join(changed)}."] if changed else []


def _as_name(label: Any) -> str:
    if isinstance(label, tuple):
        return ".".join(str(part) for part in label if str(part))
    return str(label)


def _renamed(native: Any, names: list[str], labels: list[Any]) -> Any:
    if hasattr(native, "set_axis"):  # a copy of pandas' frame
        native.columns = names
        return native
    if names == labels and names == list(getattr(native, "column_names", None) or native.columns):
        return native
    if hasattr(native, "rename_columns"):
        return native.rename_columns(names)
    return native.rename(dict(zip(native.columns, names, strict=True)))


def _size(native: Any) -> int:
    """Return about how many bytes a frame takes; columns of Python's objects are estimated from a sample."""
    if hasattr(native, "nbytes"):
        return int(native.nbytes)
    if hasattr(native, "estimated_size"):
        return int(native.estimated_size())
    total = int(native.memory_usage(index=False, deep=False).sum())
    for place, kind in enumerate(native.dtypes):
        if str(kind) == "object" and len(native):
            sample = native.iloc[:SAMPLE, place]
            total += sum(map(sys.getsizeof, sample)) * len(native) // len(sample)
    return total
