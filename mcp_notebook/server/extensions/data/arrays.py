"""Arrays and tensors of any library: their shape, their first values, and the whole as a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib import import_module
from math import prod
from typing import Any

from .tables import CSV
from .values import plain, rows_as_csv

__all__ = ["MOST_VALUES", "Array"]

MOST_VALUES = 500
"""Most values of an array in a result."""

NPY = ("npy", "application/octet-stream")


class Array:
    """A snapshot of an array.

    Attributes:
        shape: Its lengths.
        shown: The lengths of what is shown.
        dtype: The type of its values, as its library writes it.
        size: The memory that it takes, in bytes.
    """

    def __init__(self, value: Any) -> None:
        for method in ("detach", "cpu"):  # a tensor may know its gradient, and be on a device
            value = getattr(value, method)() if hasattr(value, method) else value
        copy = getattr(value, "copy", None) or getattr(value, "clone", None)
        self._value = value if copy is None else copy()
        self.shape = [int(length) for length in value.shape]
        self.dtype = str(value.dtype)
        self.size = int(getattr(value, "nbytes", 0))
        self.shown = _bounded(self.shape)

    def values(self) -> Any:
        """Return the first values, as lists in lists."""
        return plain(self._value[tuple(slice(length) for length in self.shown)].tolist())

    def words(self) -> str:
        """Return the size in words, with how much of it is shown."""
        shape, shown = (" × ".join(f"{length:,}" for length in lengths) for lengths in (self.shape, self.shown))
        return f"{shape} values of {self.dtype}{f', the first {shown} shown' if self.shown != self.shape else ''}"

    def files(self) -> dict[tuple[str, str], Callable[[], str | bytes]]:
        """Return functions that write the whole: as CSV where it has rows, and in numpy's format."""
        return {**({CSV: self._csv} if len(self.shape) <= 2 else {}), NPY: self._npy}

    def _csv(self) -> str:
        if len(self.shape) == 1:
            return rows_as_csv(["value"], ([value] for value in self._value.tolist()))
        return rows_as_csv(map(str, range(self.shape[1])), self._value.tolist())

    def _npy(self) -> bytes:
        numpy = import_module("numpy")
        out = io.BytesIO()
        numpy.save(out, numpy.asarray(self._value), allow_pickle=False)
        return out.getvalue()


def _bounded(shape: list[int]) -> list[int]:
    """Return the lengths of a part with at most `MOST_VALUES` values: the longest axes are cut first."""
    shown = list(shape)
    while prod(shown) > MOST_VALUES:
        longest = shown.index(max(shown))
        shown[longest] = max(1, min(shown[longest] - 1, MOST_VALUES * shown[longest] // prod(shown)))
    return shown
