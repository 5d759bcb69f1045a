"""Read the frames of each library: their columns in memory, as they are at this moment, under unique names."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .values import size_in_memory

__all__ = [
    "SAMPLE",
    "collected",
    "narwhals",
    "renamed",
    "root",
    "size_of",
    "unique_names",
    "without_nan",
    "without_rows",
]

SAMPLE = 1_000
"""Values from which the memory of a column of objects is estimated."""


def without_nan(column: Any) -> Any:
    """Return an expression for a column of floats in which NaN is missing, as it is in pandas."""
    # `fill_nan` is newer than what some images have.
    return narwhals().when(~column.is_nan()).then(column)


def narwhals() -> Any:
    """Return narwhals, in the version of its interface that stays as it is."""
    return import_module("narwhals.stable.v2")


def root(value: Any) -> str:
    """Return the library that a value is of."""
    return type(value).__module__.partition(".")[0]


def collected(value: Any) -> tuple[list[Any], Any]:
    """Return the labels of the columns and the frame in memory, of its own library if that has one."""
    if root(value) == "narwhals":
        value = value.to_native()
    native = _in_memory(value)
    if hasattr(native, "index") and hasattr(native, "iloc"):  # pandas, and what is like it
        return _of_pandas(native)
    if hasattr(native, "to_frame"):  # a series of polars
        native = native.to_frame()
        return [native.columns[0] or "value"], native
    if not hasattr(native, "column_names"):
        return list(native.columns), native.clone() if hasattr(native, "clone") else native
    return list(native.column_names), _with_usual_texts(native)


def _with_usual_texts(table: Any) -> Any:
    """Return a table of pyarrow without views of texts, for which it has no CSV and few functions."""
    pyarrow = import_module("pyarrow")
    for place, field in enumerate(table.schema):
        if str(field.type) == "string_view":
            texts = table.column(place).cast(pyarrow.large_string())
            table = table.set_column(place, field.with_type(texts.type), texts)
    return table


def without_rows(value: Any) -> Any:
    """Return a query with the same columns that has no rows, so that it is not run; a frame in memory as it is."""
    if root(value) == "narwhals":
        value = value.to_native()
    if hasattr(value, "collect"):
        return value.clear()
    return value.limit(0) if type(value).__name__ == "DuckDBPyRelation" else value


def _in_memory(value: Any) -> Any:
    """Return a frame that holds its rows: what is lazy is computed, once."""
    if hasattr(value, "collect"):
        return value.collect()
    if type(value).__name__ == "DuckDBPyRelation":
        return _of_duckdb(value)
    if root(value) == "pyarrow":
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


def unique_names(labels: Iterable[Any]) -> tuple[list[str], list[str]]:
    """Return the labels as different texts, and notes about those that changed."""
    names: dict[str, None] = {}
    changed: list[str] = []
    every = [_as_name(label) for label in labels]
    taken = set(every)
    for name in every:
        unique, number = name, 1
        while unique in names or (number > 1 and unique in taken):
            number += 1
            unique = f"{name}_{number}"
        if unique != name:
            changed.append(f"{name} is {unique}")
        names[unique] = None
    return list(names), [f"Columns of the same name have a number: {', '.join(changed)}."] if changed else []


def _as_name(label: Any) -> str:
    if isinstance(label, tuple):
        return ".".join(str(part) for part in label if str(part))
    return str(label)


def renamed(native: Any, names: list[str], labels: list[Any]) -> Any:
    """Return a frame with these names in the place of its labels."""
    if hasattr(native, "set_axis"):  # a copy of pandas' frame
        native.columns = names
        return native
    if names == labels and names == list(getattr(native, "column_names", None) or native.columns):
        return native
    if hasattr(native, "rename_columns"):
        return native.rename_columns(names)
    return native.rename(dict(zip(native.columns, names, strict=True)))


def size_of(native: Any) -> int:
    """Return about how many bytes a frame takes; columns of Python's objects are estimated from a sample."""
    if hasattr(native, "nbytes"):
        return int(native.nbytes)
    if hasattr(native, "estimated_size"):
        return int(native.estimated_size())
    total = int(native.memory_usage(index=False, deep=False).sum())
    for place, kind in enumerate(native.dtypes):
        if str(kind) == "object" and len(native):
            sample = native.iloc[:: len(native) // SAMPLE + 1, place]
            total += sum(map(size_in_memory, sample)) * len(native) // len(sample)
    return total
