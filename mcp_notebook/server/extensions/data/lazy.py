"""Collections of Dask as text: what they are, and their first rows or values if those need only a part of the work."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .arrays import Array
from .envelopes import counted, markdown
from .kinds import is_row
from .preview import MOST_ROWS, Preview
from .rows import RowTable, row_of
from .tables import can_read, table_of

__all__ = ["is_lazy", "lazy_text"]

LONGEST_ITEM = 200
"""Most characters of an item of a bag."""

MOST_SOURCES = 8
"""Most steps that read something for the first values of an array or a bag."""

UNREAD = (
    "The first {} are not shown, because they need the whole computation. Call .compute() or .persist() and use what "
    "that returns."
)


def is_lazy(value: Any) -> bool:
    """Return whether a value is a collection of Dask, which is computed only when it is asked to be."""
    kind = type(value)
    return kind.__module__.partition(".")[0] in ("dask", "dask_expr") and hasattr(kind, "__dask_graph__")


def lazy_text(value: Any) -> str:
    """Return what a collection is and its first rows or values as Markdown; never computes all of it."""
    # By its class: an attribute of a Delayed may be anything, and the number of partitions may need a computation.
    kinds = {kind.__name__ for kind in type(value).__mro__}
    if "Array" in kinds:
        return _of_array(value)
    if "Bag" in kinds:
        return _of_bag(value)
    if "DataFrame" in kinds:
        return _of_frame(value)
    if kinds & {"Series", "Index"}:
        return _of_frame(value.to_frame())
    return f"A {type(value).__name__} of Dask, which is not computed. Use what .compute() returns.\n"


def _of_frame(frame: Any) -> str:
    types = {str(name): str(kind) for name, kind in frame.dtypes.items()}
    kinds = f"Types: {', '.join(f'{name} {kind}' for name, kind in types.items())}."
    size = f"A table of Dask, {counted(len(types), 'column')}"
    if not can_read() or not _goes_by_partitions(frame):
        rows = [{"column": name, "type": kind} for name, kind in types.items()]
        return _joined(markdown(["column", "type"], rows), f"{size}.", [UNREAD.format("rows")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the first partition has fewer rows
        preview = Preview(table_of(_computed(frame.head(MOST_ROWS, npartitions=1, compute=False))))
    partitions = counted(frame.npartitions, "partition")
    shown = f"{size} in {partitions}, {counted(len(preview.rows), 'row')} of the first shown."
    return _joined(markdown(preview.names, preview.rows), shown, [kinds, *preview.notes])


def _goes_by_partitions(frame: Any) -> bool:
    """Return whether each partition is made of one partition of what is read, so that the first needs only one.

    The look is at the steps themselves: to plan a sort, say, Dask reads all of its input.
    """
    steps = frame.expr.walk() if hasattr(frame, "expr") else [frame]
    return all(any(kind.__name__ in ("Blockwise", "IO") for kind in type(step).__mro__) for step in steps)


def _of_array(array: Any) -> str:
    shape = " × ".join(str(length) for length in array.shape) or "one value"
    size = f"An array of Dask, {shape} of {array.dtype}, in {counted(array.npartitions, 'chunk')}"
    if any(math.isnan(length) for length in array.shape):  # it is known when the array is computed
        return _joined("", f"{size}.", [UNREAD.format("values")])
    corner = array[tuple(slice(MOST_ROWS if axis < 2 else 1) for axis in range(array.ndim))]
    if not _is_a_part(corner, array):
        return _joined("", f"{size}.", [UNREAD.format("values")])
    values = Array(_computed(corner))
    return _joined(f"{json.dumps(values.values)}\n", f"{size}, the first values shown.", values.notes)


def _of_bag(bag: Any) -> str:
    size = f"A bag of Dask, {counted(bag.npartitions, 'partition')}"
    first = bag.take(MOST_ROWS, npartitions=1, compute=False, warn=False)
    if not _is_a_part(first, bag):
        return _joined("", f"{size}.", [UNREAD.format("items")])
    items = list(_computed(first))
    shown = f"{size}, {counted(len(items), 'item')} of the first shown."
    if items and all(map(is_row, items)):
        preview = Preview(RowTable([row_of(item) for item in items], ended=True))
        return _joined(markdown(preview.names, preview.rows), shown, preview.notes)
    lines = [json.dumps(item, default=str, ensure_ascii=False)[:LONGEST_ITEM] for item in items]
    return _joined("".join(f"{line}\n" for line in lines), shown, [])


def _joined(text: str, size: str, notes: Sequence[str]) -> str:
    return "\n".join([*([text] if text else []), size, *notes, ""])


def _is_a_part(part: Any, whole: Any) -> bool:
    """Return whether a part reads little, and less than the whole does unless that is one step."""
    needed = _sources(part)
    return needed <= MOST_SOURCES and needed < max(_sources(whole), 2)


def _sources(collection: Any) -> int:
    """Return the number of steps of a computation that need no other, such as reading a file."""
    (optimized,) = import_module("dask").optimize(collection)
    dependencies, _ = import_module("dask.core").get_deps(dict(optimized.__dask_graph__()))
    return sum(1 for needed in dependencies.values() if not needed)


def _computed(part: Any) -> Any:
    """Compute a part where the notebook's Dask does, or on threads: some collections would start processes."""
    scheduler = import_module("dask.base").get_scheduler()
    return part.compute(scheduler=scheduler or "threads")
