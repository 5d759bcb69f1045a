"""Compare the columns of a table with values of JSON: which operators there are, and what they mean."""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import TypeAdapter, ValidationError

from .dtypes import name_of_type
from .frames import narwhals, without_nan

__all__ = ["COMPARING", "EQUAL", "MISSING", "TEXT", "TIMES", "expression"]

MISSING = ("is missing", "is not missing")
COMPARING = ("=", "!=", "<", "<=", ">", ">=", "in", "not in", *MISSING)
TEXT = ("=", "!=", "contains", "starts with", "in", "not in", *MISSING)
EQUAL = ("=", "!=", *MISSING)
"""The operators for each kind of column."""

TIMES: Mapping[str, tuple[type, str]] = {
    "Datetime": (datetime.datetime, "a date and time in ISO 8601, such as 2024-07-01T12:30:00"),
    "Date": (datetime.date, "a date in ISO 8601, such as 2024-07-01"),
    "Time": (datetime.time, "a time in ISO 8601, such as 12:30:00"),
    "Duration": (datetime.timedelta, "a duration in ISO 8601, such as PT1H"),
}
"""The types of times: their classes, and the words for what they are compared with."""


def expression(kind: Any, condition: Any) -> Any:
    """Return the expression of narwhals for a condition on a column of a type.

    Raises:
        ToolError: The column cannot be compared with the value.
    """
    nw = narwhals()
    column = nw.col(condition.column)
    if kind.is_float():
        column = without_nan(column)
    if condition.op in MISSING:
        return column.is_null() if condition.op == "is missing" else ~column.is_null()
    if name_of_type(kind) in ("Categorical", "Enum"):
        column = column.cast(nw.String)
    many = condition.op in ("in", "not in")
    if isinstance(condition.value, list) != many or condition.value is None:
        raise ToolError(f"{condition.op!r} on {condition.column} needs {'a list of values' if many else 'one value'}.")
    values = [_value(kind, value, condition.column) for value in (condition.value if many else [condition.value])]
    if kind.is_integer() and many:  # a number with a fraction is in no column of whole numbers
        values = [value for value in values if isinstance(value, int)]
    if not values:
        return ~column.is_null() if condition.op == "not in" else column.is_null() & ~column.is_null()
    compared = _COMPARED[condition.op](column, values)
    # A missing value is not unequal to anything: it is found by 'is missing' alone.
    return compared & ~column.is_null() if condition.op in ("!=", "not in") else compared


_COMPARED: Mapping[str, Callable[[Any, list[Any]], Any]] = {
    "=": lambda column, values: column == values[0],
    "!=": lambda column, values: column != values[0],
    "<": lambda column, values: column < values[0],
    "<=": lambda column, values: column <= values[0],
    ">": lambda column, values: column > values[0],
    ">=": lambda column, values: column >= values[0],
    "in": lambda column, values: column.is_in(values),
    "not in": lambda column, values: ~column.is_in(values),
    "contains": lambda column, values: column.str.contains(values[0], literal=True),
    "starts with": lambda column, values: column.str.starts_with(values[0]),
}


def _value(kind: Any, value: Any, column: str) -> Any:
    """Return a value of JSON as one that the column can be compared with."""
    name = name_of_type(kind)
    if kind.is_numeric():
        return _number(kind, value, column)
    if name not in TIMES:
        return value
    python, words = TIMES[name]
    try:
        # pydantic reads a number as the seconds since 1970.
        found: Any = None if _is_number(value) else TypeAdapter(python).validate_python(value)
    except ValidationError:
        found = None
    if found is None:
        raise ToolError(f"{column} is compared with {words}, and {value!r} is none.")
    return _in_zone(found, kind.time_zone, column) if name == "Datetime" else found


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _number(kind: Any, value: float, column: str) -> Any:
    if not math.isfinite(value):
        raise ToolError(f"{column} is compared with a number, and {value} is none.")
    if name_of_type(kind) == "Decimal":
        return decimal.Decimal(str(value))
    if not kind.is_integer():
        return float(value)
    bits = int(name_of_type(kind).lstrip("UInt"))
    low, high = (0, 2**bits - 1) if kind.is_unsigned_integer() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if not low <= value <= high:
        raise ToolError(f"{column} has whole numbers from {low} to {high}, and {value} is none of them.")
    return int(value) if value == int(value) else value


def _in_zone(value: datetime.datetime, zone: str | None, column: str) -> datetime.datetime:
    if zone is None:
        if value.tzinfo is not None:
            raise ToolError(f"The times of {column} have no zone. Leave the offset out.")
        return value
    try:
        known = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # a fixed offset
        if value.tzinfo is None:
            raise ToolError(f"The times of {column} have a zone. Give an offset, as in {value.isoformat()}Z.") from None
        return value
    return value.replace(tzinfo=known) if value.tzinfo is None else value.astimezone(known)
