"""Tell which values and annotations are data, by the classes alone: no library of data is imported for that."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from pydantic import BaseModel

__all__ = ["RETURNED", "Kind", "declared", "figure_of", "is_open_dict", "is_row", "kind_of"]

Kind = Literal["table", "array", "picture", "rows", "dict"]

TABLES = {
    "pandas": {"DataFrame", "Series"},
    "polars": {"DataFrame", "LazyFrame", "Series"},
    "pyarrow": {"Table", "RecordBatch", "ChunkedArray", "Array"},
    "duckdb": {"DuckDBPyRelation"},
    "_duckdb": {"DuckDBPyRelation"},
    "narwhals": {"DataFrame", "LazyFrame", "Series"},
}
"""The classes of tables and columns, by the first part of their modules."""

RETURNED = "_returned_data"
"""The attribute of a function that makes results of data: True if its annotation or a call has shown that."""

DRAWN = ("savefig", "_repr_png_", "_repr_jpeg_", "_repr_svg_")
"""Methods of what can be drawn: a figure of matplotlib, and IPython's own protocol for everybody else."""

ITERATING = ("Iterator", "Generator", "AsyncIterator", "AsyncGenerator")


def kind_of(value: Any) -> Kind | None:
    """Return which kind of data a value is; None if it is none."""
    found = _kind_of_class(type(value))
    if found != "array":
        return found
    if getattr(value, "shape", ()) == ():
        return None  # a number
    return "array" if figure_of(value) is None else "picture"


def figure_of(value: Any) -> Any:
    """Return the figure of axes, which `DataFrame.plot` returns, or of an array of them; None for another value."""
    if str(getattr(value, "dtype", "")) == "object" and hasattr(value, "flat"):
        value = next(iter(value.flat), None)
    figure = getattr(value, "figure", None)
    return figure if hasattr(figure, "savefig") else None


def _kind_of_class(kind: type) -> Kind | None:
    if kind not in _KINDS:
        _KINDS[kind] = _looked_at(kind)
    return _KINDS[kind]


_KINDS: WeakKeyDictionary[type, Kind | None] = WeakKeyDictionary()


def _looked_at(kind: type) -> Kind | None:
    if issubclass(kind, str | int | float | Mapping | list | tuple | BaseModel):
        return None
    if any(each.__name__ in TABLES.get(each.__module__.partition(".")[0], ()) for each in kind.__mro__):
        return "table"
    if _is_array(kind):
        return "array"
    if any(callable(getattr(kind, method, None)) for method in DRAWN) or _is_chart(kind):
        return "picture"
    return "rows" if issubclass(kind, Generator | AsyncGenerator) else None


def _is_array(kind: type) -> bool:
    if any(each.__name__ == "generic" and each.__module__ == "numpy" for each in kind.__mro__):
        return False  # one number
    return all(hasattr(kind, name) for name in ("shape", "dtype", "tolist", "__getitem__"))


def _is_chart(kind: type) -> bool:
    """Return whether a class is a part of a figure of matplotlib, or a figure of plotly or altair."""
    roots = {each.__module__.partition(".")[0] for each in kind.__mro__}
    of_figure = any((each.__module__, each.__name__) == ("matplotlib.axes._base", "_AxesBase") for each in kind.__mro__)
    return of_figure or ("_repr_mimebundle_" in dir(kind) and bool(roots & {"plotly", "altair"}))


def is_row(value: Any) -> bool:
    """Return whether a value is a row: a dict, a model, a data class, a named tuple."""
    if isinstance(value, type):
        return False
    return isinstance(value, Mapping | BaseModel) or dataclasses.is_dataclass(value) or hasattr(value, "_asdict")


def declared(function: Any) -> tuple[Kind | None, bool]:
    """Return the kind of data that a function's annotation promises, and whether a call may return data.

    A function without an annotation may return anything. One with an annotation of something else never returns data:
    the SDK holds it to its annotation.
    """
    try:
        hint = inspect.signature(function, eval_str=True).return_annotation
    except Exception:  # noqa: BLE001 - annotations are the author's code; the SDK reports what is wrong with them
        return None, False
    if hint is inspect.Signature.empty:
        return None, True
    return _kind_of_hint(hint), _may_be_data(hint)


def _kind_of_hint(hint: Any) -> Kind | None:
    if get_origin(hint) is Annotated:
        return _kind_of_hint(get_args(hint)[0])
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        return None if issubclass(hint, Generator | AsyncGenerator) else _kind_of_class(hint)
    origin = get_origin(hint)
    if getattr(origin, "__name__", "") in ITERATING:
        args = get_args(hint)
        return "rows" if args and _is_row_class(args[0]) else None
    # numpy.typing's NDArray, and a DataFrame with a schema, such as pandera's.
    return _kind_of_class(origin) if isinstance(origin, type) else None


def is_open_dict(hint: Any) -> bool:
    """Return whether an annotation is a dict of anything, which may have pictures and arrays in it."""
    if get_origin(hint) is Annotated:
        return is_open_dict(get_args(hint)[0])
    return hint is dict or (get_origin(hint) is dict and get_args(hint) in ((str, Any), (str, object)))


def _may_be_data(hint: Any) -> bool:
    if is_open_dict(hint):
        return True
    if get_origin(hint) in (Union, types.UnionType):
        return any(_kind_of_hint(each) is not None for each in get_args(hint))
    return _kind_of_hint(hint) is not None


def _is_row_class(hint: Any) -> bool:
    kind = get_origin(hint) or hint
    if not isinstance(kind, type):
        return False
    return issubclass(kind, Mapping | BaseModel) or dataclasses.is_dataclass(kind) or hasattr(kind, "_asdict")
