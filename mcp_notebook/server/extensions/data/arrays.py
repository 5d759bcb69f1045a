"""Arrays and tensors of any library: their shape, their first values, and the whole as a file."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib import import_module
from math import prod
from typing import Any

from .dtypes import short
from .frames import root
from .preview import MOST_BYTES, NO_NUMBERS, has_no_number
from .tables import CSV
from .values import as_lists, plain, rows_as_csv

__all__ = ["MOST_VALUES", "Array", "snapshot"]

MOST_VALUES = 500
"""Most values of an array in a result."""

KINDS = "biufcmMSUV"
"""The kinds of types that numpy's format may have; others, such as texts of any length, are pickled."""

NPY = ("npy", "application/octet-stream")


def snapshot(value: Any) -> Any:
    """Return a copy of an array, in the memory of the process."""
    for method in ("detach", "cpu"):  # a tensor may know its gradient, and be on a device
        value = getattr(value, method)() if hasattr(value, method) else value
    copy = getattr(value, "copy", None) or getattr(value, "clone", None)
    return value if copy is None else copy()


class Array:
    """A snapshot of an array.

    Attributes:
        shape: Its lengths.
        dtype: The type of its values, as its library writes it.
        size: The memory that it takes, in bytes.
        shown: The lengths of what is shown.
        values: The first values, as lists in lists.
        notes: Sentences about what is not as in the array.
    """

    def __init__(self, value: Any) -> None:
        self._value = snapshot(value)
        self.shape = [int(length) for length in value.shape]
        self.dtype = short(str(value.dtype))
        self.size = int(getattr(value, "nbytes", 0))
        self.shown = _bounded(self.shape)
        first = self._first()
        self.values = plain(first)
        while self.values and len(json.dumps(self.values)) > MOST_BYTES:
            self.shown = _halved(self.shown)
            first = self._first()
            self.values = plain(first)
        self.notes = [NO_NUMBERS] if has_no_number(first) else []
        if prod(self.shape) and not prod(self.shown):
            self.notes.append(f"No value is shown, because one alone is longer than {MOST_BYTES // 1000} kB.")

    def _first(self) -> Any:
        return as_lists(self._value[tuple(slice(length) for length in self.shown)])

    def files(self) -> dict[tuple[str, str], Callable[[], str | bytes]]:
        """Return functions that write the whole: as CSV where it has rows, and in numpy's format where that has all."""
        of_numpy = {NPY: self._npy} if self._fits_npy() else {}
        return {**({CSV: self._csv} if len(self.shape) <= 2 else {}), **of_numpy}

    def _csv(self) -> str:
        values = as_lists(self._value)
        if len(self.shape) == 1:
            return rows_as_csv(["value"], ([value] for value in values))
        return rows_as_csv(map(str, range(self.shape[1])), values)

    def _npy(self) -> bytes:
        numpy = import_module("numpy")
        value = self._value
        if _is_masked(value) and value.mask.any():  # the values below the mask are not for anybody
            value = value.filled(numpy.array("NaT" if value.dtype.kind in "mM" else "nan", value.dtype))
        out = io.BytesIO()
        numpy.save(out, numpy.asarray(value), allow_pickle=False)
        return out.getvalue()

    def _fits_npy(self) -> bool:
        """Return whether numpy's format keeps the values and their type: it does for an empty part, then."""
        if root(self._value) == "pandas":  # the type depends on whether a value is missing
            return False
        if _is_masked(self._value) and self._value.mask.any() and self._value.dtype.kind not in "fcmM":
            return False
        try:
            numpy = import_module("numpy")
            empty = numpy.asarray(self._value[:0])
            if empty.dtype.hasobject or empty.dtype.kind not in KINDS:
                return False
            out = io.BytesIO()
            numpy.save(out, empty, allow_pickle=False)
            return bool(numpy.load(io.BytesIO(out.getvalue())).dtype == empty.dtype)
        except Exception:  # noqa: BLE001 - each library of arrays has its own
            return False


def _is_masked(value: Any) -> bool:
    return hasattr(value, "filled") and hasattr(value, "mask")


def _bounded(shape: list[int]) -> list[int]:
    """Return the lengths of a part with at most `MOST_VALUES` values: the longest axes are cut first."""
    shown = list(shape)
    while prod(shown) > MOST_VALUES:
        longest = shown.index(max(shown))
        shown[longest] = max(1, min(shown[longest] - 1, MOST_VALUES * shown[longest] // prod(shown)))
    return shown


def _halved(shown: list[int]) -> list[int]:
    """Return the lengths of half of a part, and of nothing if it has one value."""
    longest = shown.index(max(shown)) if prod(shown) > 1 else 0
    return [length // 2 if axis == longest else length for axis, length in enumerate(shown)]
