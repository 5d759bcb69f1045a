"""Write the value of a cell as JSON: what JSON does not know has one text, whatever library it comes from."""

from __future__ import annotations

import base64
import csv
import datetime
import decimal
import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic_core import to_jsonable_python

__all__ = ["as_lists", "duration", "plain", "rows_as_csv", "size_in_memory", "text"]

MISSING = {"NaTType", "NAType", "MaskedConstant"}
"""The names of pandas' and numpy's classes for a missing value."""

NANOSECONDS = {"W": 604_800 * 10**9, "D": 86_400 * 10**9, "h": 3_600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6,
               "us": 10**3, "ns": 1}  # fmt: skip
"""The units of numpy's durations in nanoseconds; months and years have no fixed length."""


def plain(value: Any) -> Any:
    """Return a value as JSON has it.

    Missing values, NaN and infinite numbers are None. Dates and times are texts in ISO 8601, with the offset of their
    zone; durations are ISO 8601, too. A Decimal is its exact text, bytes are Base64, lists, arrays and structs are JSON
    in turn. Everything else is its text.
    """
    if value is None or isinstance(value, bool | str):
        # Subclasses, such as numpy's str_, are plain strings in JSON.
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if type(value).__name__ in MISSING:
        return None
    return _further(value)


def _further(value: Any) -> Any:
    write = next((write for kinds, write in _WRITERS if isinstance(value, kinds)), _of_library)
    return write(value)


def _list(value: Any) -> Any:
    if type(value).__name__ == "MonthDayNano":  # pyarrow's interval, a tuple
        return f"P{value.months}M{value.days}DT{value.nanoseconds / 1e9:g}S"
    return [plain(item) for item in value]


def _of_library(value: Any) -> Any:
    """Write a value of a library: a number or a date of numpy, an array or a series in a cell, an interval."""
    if type(value).__name__ in ("datetime64", "timedelta64"):
        return _of_numpy(value)
    if _has_exact_parts(value):
        return plain(as_lists(value))
    for method in ("item", "to_list", "tolist"):  # a scalar, a series of polars, an array of numpy
        convert = getattr(value, method, None)
        if callable(convert) and (method != "item" or getattr(value, "shape", None) == ()):
            return plain(convert())
    if hasattr(value, "as_py"):  # a scalar of pyarrow
        return plain(value.as_py())
    try:
        found = to_jsonable_python(value, fallback=str)
    except ValueError:  # it is in itself, say
        return str(value)
    return found if isinstance(found, str | int | bool | type(None)) else plain(found)


_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Mapping, lambda value: {str(key): plain(item) for key, item in value.items()}),
    ((list, tuple, set, frozenset), _list),
    ((bytes, bytearray, memoryview), lambda value: base64.b64encode(bytes(value)).decode()),
    ((datetime.date, datetime.time), lambda value: value.isoformat()),
    (datetime.timedelta, lambda value: duration(_nanoseconds(value))),
    (decimal.Decimal, lambda value: str(value) if value.is_finite() else None),
)
"""The functions that write values, by their classes."""


def as_lists(value: Any) -> Any:
    """Return an array as lists in lists; dates, durations and fields are of numpy, because Python's lose digits."""
    if not _has_exact_parts(value):
        return value.tolist()
    if not value.shape:  # the fields of one value
        return {name: value[name] for name in value.dtype.names}
    return [as_lists(each) for each in value] if len(value.shape) > 1 else list(value)


def _has_exact_parts(value: Any) -> bool:
    dtype = getattr(value, "dtype", None)
    if not hasattr(value, "tolist") or not hasattr(value, "shape"):
        return False
    return bool(getattr(dtype, "names", None) or (value.shape and getattr(dtype, "kind", "") in ("M", "m")))


def _of_numpy(value: Any) -> Any:
    """Write a date or duration of numpy, whose nanoseconds no class of Python has."""
    if str(value) == "NaT":
        return None
    if type(value).__name__ == "datetime64":
        return str(value)
    number = int(value.astype("int64"))
    unit = value.dtype.str.partition("[")[2].rstrip("]")
    many, unit = int(unit.rstrip("abcdefghijklmnopqrstuvwxyzYMDW") or 1), unit.lstrip("0123456789")
    if unit in ("Y", "M"):
        return f"{'-' if number < 0 else ''}P{abs(number) * many}{unit}"
    return duration(number * many * NANOSECONDS[unit]) if unit in NANOSECONDS else str(value)


def _nanoseconds(value: datetime.timedelta) -> int:
    whole = (value.days * 86_400 + value.seconds) * 10**6 + value.microseconds
    return whole * 1_000 + int(getattr(value, "nanoseconds", 0))  # pandas has them


def duration(nanoseconds: int) -> str:
    """Write a duration in ISO 8601, such as ``P1DT2H0.5S``."""
    seconds, fraction = divmod(abs(nanoseconds), 10**9)
    days, seconds = divmod(seconds, 86_400)
    hours, minutes, seconds = seconds // 3_600, seconds // 60 % 60, seconds % 60
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    parts = [(hours, f"{hours}H"), (minutes, f"{minutes}M"), (seconds or fraction, f"{seconds}{digits}S")]
    time = "".join(words for number, words in parts if number)
    date = f"{days}D" if days else ""
    sign = "-" if nanoseconds < 0 else ""
    return f"{sign}P{date}T{time}" if time else f"{sign}P{date or 'T0S'}"


def text(value: Any) -> str:
    """Return a value as a cell of CSV has it: JSON's text for what is nested, nothing for what is missing."""
    if type(value).__name__ == "Timestamp" or type(value) is datetime.datetime:  # the most frequent
        return str(value.isoformat())
    found = plain(value)
    if found is None:
        # CSV can have an infinite number, and JSON cannot.
        return repr(float(value)) if isinstance(value, float) and math.isinf(value) else ""
    if isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False)


def rows_as_csv(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Write rows as CSV (RFC 4180), with a head."""
    lines = _Lines()
    # Before Python 3.13, a CR in a value has quotes only if it is in the end of a line, too.
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(map(text, row) for row in rows)
    return "".join(lines)


class _Lines(list[str]):
    def write(self, line: str) -> None:
        self.append(f"{line[:-2]}\n")


def size_in_memory(value: Any) -> int:
    """Return about how many bytes a value takes, with what is in its lists and dicts."""
    size = int(getattr(value, "nbytes", 0)) + sys.getsizeof(value)
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple | set) else ()
    return size + sum(map(size_in_memory, inside))
