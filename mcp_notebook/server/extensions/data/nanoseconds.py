"""Write times and durations of nanoseconds, which polars and pyarrow cut to the microseconds of Python's classes."""

from __future__ import annotations

import datetime
import re
from typing import Any
from zoneinfo import ZoneInfo

from .dtypes import name_of_type
from .frames import narwhals, root
from .values import duration

__all__ = ["exact", "note_of"]

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

NESTED = {"List", "Array", "Struct"}


def exact(column: Any) -> list[str | None] | None:
    """Return the texts of a column of nanoseconds; None for another column, and for pandas, which has them itself."""
    kind, native = column.dtype, column.to_native()
    if root(native) not in ("polars", "pyarrow") or not _of_nanoseconds(kind, native):
        return None
    numbers = column.cast(narwhals().Int64).to_list()
    name, zone = name_of_type(kind), getattr(kind, "time_zone", None)
    write = {"Duration": duration, "Time": _time}.get(name) or (lambda number: _datetime(number, zone))
    return [None if number is None else write(number) for number in numbers]


def _of_nanoseconds(kind: Any, native: Any) -> bool:
    if name_of_type(kind) == "Time":
        return root(native) == "polars" or str(native.type) == "time64[ns]"
    return name_of_type(kind) in ("Datetime", "Duration") and kind.time_unit == "ns"


def note_of(kind: Any, written: str, library: str) -> str | None:
    """Return a note for a column whose values lose nanoseconds; None for every other."""
    nested = name_of_type(kind) in NESTED
    if library == "polars":
        lost = nested and ("'ns'" in written or re.search(r"\bTime\b", written))
    else:
        lost = (nested or library == "pandas") and re.search(r"\btime64\[ns\]", written)
    return "times are cut to microseconds" if lost else None


def _time(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 10**9)
    digits = f".{fraction:09d}" if fraction % 1_000 else f".{fraction // 1_000:06d}" if fraction else ""
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{digits}"


def _datetime(nanoseconds: int, zone: str | None) -> str:
    whole, rest = divmod(nanoseconds, 1_000)
    moment = EPOCH + datetime.timedelta(microseconds=whole)
    moment = moment.replace(tzinfo=None) if zone is None else moment.astimezone(_zone(zone))
    if not rest:
        return moment.isoformat()
    written = moment.isoformat(timespec="microseconds")
    end = written.index(".") + 7
    return f"{written[:end]}{rest:03d}{written[end:]}"


def _zone(name: str) -> datetime.tzinfo:
    if name[0] in "+-":
        return datetime.datetime.strptime(name, "%z").tzinfo or datetime.timezone.utc
    return ZoneInfo(name)
