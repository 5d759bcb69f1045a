"""A tool that filters, sorts and cuts a table, by arguments that its input schema lists; no text of code in them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import BaseModel, Field, WithJsonSchema, create_model

from .comparing import COMPARING, EQUAL, MISSING, TEXT, TIMES, expression
from .dtypes import name_of_type
from .envelopes import TableResult
from .frames import without_rows
from .kinds import RETURNED, kind_of
from .results import table_result
from .tables import FrameTable, table_of

__all__ = ["MOST_COLUMNS", "query_name", "query_of"]

MOST_COLUMNS = 100
"""Most columns that can be named in a query; the first ones."""

LONGEST_NAME = 200
"""Most characters of the name of a column that can be named in a query."""


def query_name(name: str) -> str:
    """Return the name of the tool that queries a table."""
    return f"query_{name}"


def query_of(read: Callable[[], Any], name: str) -> Callable[..., CallToolResult]:
    """Return a function, for a tool, that queries a table; its parameters name the columns of the table as it is now.

    Args:
        read: Returns the table, at each call.
        name: The name of the table.

    Raises:
        ImportError: narwhals is not installed.
    """
    table = table_of(without_rows(read()))
    names = [each for each in table.names if len(each) <= LONGEST_NAME][:MOST_COLUMNS]
    hints = _parameters(table, names)

    def query(**given: Any) -> CallToolResult:
        return _answered(_table(read(), name), name, **given)

    parameters = [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=hint, default=default)
        for key, (hint, default) in hints.items()
    ]
    result = Annotated[CallToolResult, _result_model(table, names)]
    of_many = f" Only {len(names)} of its columns can be named." if len(names) < len(table.names) else ""
    signature = inspect.Signature(parameters, return_annotation=result)
    vars(query).update({"__signature__": signature, RETURNED: True})
    query.__annotations__ = {**{key: hint for key, (hint, _) in hints.items()}, "return": result}
    query.__name__ = query.__qualname__ = query_name(name)
    query.__doc__ = f"Filter, sort and cut the table {name}; the result has the first rows and links to all.{of_many}"
    return query


# --- the schema


def _parameters(table: FrameTable, names: Sequence[str]) -> dict[str, tuple[Any, Any]]:
    limit = Annotated[int | None, Field(ge=0, description="The most rows of the result.")]
    if not names:
        return {"limit": (limit, None)}
    column: Any = Literal[tuple(names)]
    chosen = Annotated[list[column], Field(min_length=1)]
    condition: Any = _filters(table, names)
    order: Any = create_model("Sort", column=column, descending=(bool, False))
    return {
        "columns": (
            Annotated[chosen | None, Field(description="The columns of the result; all by default.")],
            None,
        ),
        "where": (Annotated[list[condition], Field(description="Conditions that all hold for a row.")], []),
        "sort": (Annotated[list[order], Field(description="The order; missing values are last.")], []),
        "limit": (limit, None),
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


def _table(value: Any, name: str) -> FrameTable:
    if kind_of(value) != "table":
        raise ToolError(f"{name} is not a table any more. Its type is now {type(value).__name__}.")
    with _in_words(f"The table {name} cannot be read"):
        return table_of(value)


@contextmanager
def _in_words(words: str) -> Iterator[None]:
    """Say which part of a query a library refuses; its own words may have values of the table in them."""
    try:
        yield
    except ToolError:
        raise
    except Exception as error:
        raise ToolError(f"{words} ({type(error).__name__}).") from error


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
        ToolError: A column is not there, or a condition has a value that its column cannot be compared with.
    """
    frame = table.frame
    asked = [*(columns or ()), *(each.column for each in (*where, *sort))]
    if gone := [column for column in asked if column not in frame.schema]:
        raise ToolError(f"The table has no column {gone[0]!r} any more. It has: {', '.join(table.names)}.")
    for condition in where:
        with _in_words(f"{condition.op!r} on {condition.column} cannot be answered for this value"):
            frame = frame.filter(expression(frame.schema[condition.column], condition))
    if sort:
        by = [each.column for each in sort]
        with _in_words(f"The table cannot be sorted by {', '.join(by)}"):
            frame = frame.sort(*by, descending=[each.descending for each in sort], nulls_last=True)
    frame = frame if limit is None else frame.head(min(limit, table.count))
    frame = frame if columns is None else frame.select(*dict.fromkeys(columns))
    return table_result(FrameTable(frame.to_native(), list(frame.columns), table.notes), query_name(name))
