"""A tool that filters, sorts and cuts a table, by arguments that its input schema lists; no text of code in them."""

from __future__ import annotations

import datetime
import decimal
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, WithJsonSchema, create_model

from .dtypes import name_of_type
from .envelopes import TableResult
from .frames import narwhals, without_nan
from .kinds import RETURNED
from .results import table_result
from .tables import FrameTable, table_of

__all__ = ["MOST_COLUMNS", "query_of"]

MOST_COLUMNS = 100
"""Most columns that can be named in a query; the first ones."""

MISSING = ("is missing", "is not missing")
COMPARING = ("=", "!=", "<", "<=", ">", ">=", "in", "not in", *MISSING)
TEXT = ("=", "!=", "contains", "starts with", "in", "not in", *MISSING)
EQUAL = ("=", "!=", *MISSING)

TIMES: Mapping[str, tuple[type, str]] = {
    "Datetime": (datetime.datetime, "a date and time in ISO 8601"),
    "Date": (datetime.date, "a date in ISO 8601"),
    "Time": (datetime.time, "a time in ISO 8601"),
    "Duration": (datetime.timedelta, "a duration in ISO 8601, such as PT1H"),
}


def query_of(read: Callable[[], Any], name: str) -> Callable[..., CallToolResult]:
    """Return a function, for a tool, that queries a table; its parameters name the columns of the table as it is now.

    Args:
        read: Returns the table, at each call.
        name: The name of the table.

    Raises:
        ImportError: narwhals is not installed.
    """
    table = table_of(read())
    names = list(table.names[:MOST_COLUMNS])
    hints = _parameters(table, names)

    def query(**given: Any) -> CallToolResult:
        return _answered(table_of(read()), name, **given)

    parameters = [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
        for key, (hint, default) in hints.items()
    ]
    result = Annotated[CallToolResult, _result_model(table, names)]
    of_many = f" Only the first {MOST_COLUMNS} columns can be named." if len(table.names) > MOST_COLUMNS else ""
    signature = inspect.Signature(parameters, return_annotation=result)
    vars(query).update({"__signature__": signature, RETURNED: True})
    query.__annotations__ = {**{key: hint for key, (hint, _) in hints.items()}, "return": result}
    query.__name__ = query.__qualname__ = f"query_{name}"
    query.__doc__ = f"Filter, sort and cut the table {name}; the result has the first rows and links to all.{of_many}"
    return query


# --- the schema


def _parameters(table: FrameTable, names: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    column: Any = Literal[tuple(names)]
    condition: Any = _filters(table, names)
    order: Any = create_model("Sort", column=column, descending=(bool, False))
    return {
        "columns": (
            Annotated[list[column] | None, Field(description="The columns of the result; all by default.")],
            None,
        ),
        "where": (Annotated[list[condition], Field(description="Conditions that all hold for a row.")], []),
        "sort": (Annotated[list[order], Field(description="The order; missing values are last.")], []),
        "limit": (Annotated[int | None, Field(ge=0, description="The most rows of the result.")], None),
    }


def _filters(table: FrameTable, names: Sequence[str]) -> Any:
    """Return the union of conditions: one model for each kind of column, with the operators that it has."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(_kind(table, name), []).append(name)
    models = [_condition(kind, columns) for kind, columns in kinds.items()]
    if len(models) == 1:
        return models[0]
    union: Any = models[0]
    for model in models[1:]:
        union = union | model
    return Annotated[union, Field(discriminator="column")]


def _kind(table: FrameTable, name: str) -> str:
    kind = table.frame.schema[name]
    if kind.is_numeric():
        return "Number"
    if name_of_type(kind) in ("String", "Enum") or (name_of_type(kind) == "Categorical" and _is_text(table, name)):
        return "Text"
    return name_of_type(kind) if name_of_type(kind) in (*TIMES, "Boolean") else "Other"


def _is_text(table: FrameTable, name: str) -> bool:
    return "string" in table.schema(name).get("type", ())


def _condition(kind: str, columns: Sequence[str]) -> Any:
    value: Any
    operators: Any
    if kind == "Number":
        operators, value = COMPARING, float | int | list[float | int] | None
    elif kind == "Text":
        operators, value = TEXT, str | list[str] | None
    elif kind == "Boolean":
        operators, value = EQUAL, bool | None
    elif kind in TIMES:
        operators, value = COMPARING, Annotated[str | list[str] | None, Field(description=f"{TIMES[kind][1]}.")]
    else:
        operators, value = MISSING, None
    fields: dict[str, Any] = {"column": Literal[tuple(columns)], "op": Literal[operators], "value": (value, None)}
    return create_model(f"{kind}Condition", **fields)


def _result_model(table: FrameTable, names: Sequence[str]) -> type[BaseModel]:
    row = {"type": "object", "properties": {name: table.schema(name) for name in names}}
    rows = Annotated[list[dict[str, Any]], WithJsonSchema({"type": "array", "items": row})]
    return create_model("Rows", __base__=TableResult, rows=(rows, Field(description="The first rows, as objects.")))


# --- the answer


def _answered(
    table: FrameTable,
    name: str,
    *,
    columns: Sequence[str] | None = None,
    where: Sequence[Any] = (),
    sort: Sequence[Any] = (),
    limit: int | None = None,
) -> CallToolResult:
    """Return the result of a query.

    Raises:
        ToolError: A condition has a value that its column cannot be compared with.
    """
    frame = table.frame
    asked = [*(columns or ()), *(each.column for each in (*where, *sort))]
    if gone := [column for column in asked if column not in frame.schema]:
        raise ToolError(f"The table has no column {gone[0]!r} any more. It has: {', '.join(table.names)}.")
    for condition in where:
        frame = frame.filter(_expression(frame.schema[condition.column], condition))
    if sort:
        by = [each.column for each in sort]
        frame = frame.sort(*by, descending=[each.descending for each in sort], nulls_last=True)
    frame = frame if limit is None else frame.head(limit)
    frame = frame if columns is None else frame.select(*dict.fromkeys(columns))
    return table_result(FrameTable(frame.to_native(), list(frame.columns), table.notes), f"query_{name}")


def _expression(kind: Any, condition: Any) -> Any:
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
    if name == "Decimal":
        return decimal.Decimal(str(value))
    if name not in TIMES:
        return value
    python, words = TIMES[name]
    try:
        found: Any = TypeAdapter(python).validate_python(value)
    except ValidationError:
        raise ToolError(f"{column} is compared with {words}, and {value!r} is none.") from None
    return _in_zone(found, kind.time_zone, column) if name == "Datetime" else found


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
