"""Let the tools of a server return data."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from mcp.server.mcpserver import MCPServer

from .dicts import has_data
from .kept import serve_kept
from .kinds import RETURNED, Kind, declared, is_open_dict, is_row, kind_of
from .results import HINTS, result_of
from .rows import MOST, RowTable, row_of
from .tables import can_read, get_ready

__all__ = ["has_returned_data", "returning_data", "serve_data", "without_data"]

Function = Callable[..., Any]


def serve_data(server: MCPServer[Any]) -> None:
    """Let the tools that are added to a server from now on return data, and serve the links to the whole."""
    add: Any = server.add_tool

    def add_tool(fn: Function, name: str | None = None, **options: Any) -> None:
        structured = options.get("structured_output") is not False
        add(returning_data(fn, name, structured=structured), name, **options)

    vars(server)["add_tool"] = add_tool
    server.middleware.insert(0, serve_kept)


def returning_data(function: Function, name: str | None = None, *, structured: bool = True) -> Function:
    """Return a tool's function with data made into a result; one that returns no data stays as it is.

    Args:
        function: The function. Its annotation says that it returns data, or it has none and each call decides.
        name: The name of the tool.
        structured: Whether to send structured content.

    Raises:
        ImportError: It returns a table, and narwhals is not installed.
    """
    kind, may = declared(function)
    if not may or hasattr(function, RETURNED):
        return function
    if kind == "table":
        get_ready()
    named = name or getattr(function, "__name__", "data").strip("<>")
    wrapper = _around(function, kind, named, structured=structured)
    functools.update_wrapper(wrapper, function)
    signature = inspect.signature(function, eval_str=True)
    given = signature.return_annotation
    hint = HINTS[kind] if kind else given if is_open_dict(given) else inspect.Signature.empty
    vars(wrapper)["__signature__"] = signature.replace(return_annotation=hint)
    vars(wrapper)[RETURNED] = kind is not None
    return wrapper


def _around(function: Function, kind: Kind | None, name: str, *, structured: bool) -> Function:
    """Return a function that makes a result of what another returns; it is as asynchronous as that."""
    if inspect.isasyncgenfunction(function):

        async def taking(*args: Any, **options: Any) -> Any:
            return _converted(taking, await _taken(function(*args, **options)), kind, name, structured=structured)

        return taking
    if inspect.iscoroutinefunction(function):

        async def awaiting(*args: Any, **options: Any) -> Any:
            value = await function(*args, **options)
            value = await _taken(value) if isinstance(value, AsyncIterator) else value
            return _converted(awaiting, value, kind, name, structured=structured)

        return awaiting

    def calling(*args: Any, **options: Any) -> Any:
        return _converted(calling, function(*args, **options), kind, name, structured=structured)

    return calling


def has_returned_data(function: Function | None) -> bool:
    """Return whether the annotation of a tool's function promises data, or a call of it has returned some."""
    while function is not None:
        if getattr(function, RETURNED, False):
            return True
        function = getattr(function, "__wrapped__", None)  # functions around it may have a copy of the attribute
    return False


def without_data(function: Function) -> Function:
    """Return what `returning_data` was given."""
    return getattr(function, "__wrapped__", function) if hasattr(function, RETURNED) else function


async def _taken(rows: AsyncIterator[Any]) -> Iterator[Any]:
    """Return the values of an asynchronous generator; one more than are kept, to see that it goes on."""
    found = []
    async for row in rows:
        found.append(row)
        if len(found) > MOST:
            break
    return (row for row in found)


def _converted(wrapper: Function, value: Any, kind: Kind | None, name: str, *, structured: bool) -> Any:
    """Return the result for a value, or the value as it is if it is not data."""
    found = kind_of(value) or ("dict" if has_data(value) else None)
    if found == "rows" or (kind == "rows" and isinstance(value, Iterable)):
        found, value = _rows(value, required=kind == "rows")
    if found is None or (found == "table" and not can_read()):
        return value
    if kind == "array" and found == "picture":
        raise TypeError("it returned axes, and its annotation promises values. Leave the annotation out.")
    vars(wrapper)[RETURNED] = True
    return result_of(value, found, name, structured=structured)


def _rows(values: Iterable[Any], *, required: bool) -> tuple[Kind | None, Any]:
    """Return the table of what a generator yields; if it yields no rows, a generator of the same values.

    Raises:
        TypeError: Rows are required, and a value is none.
    """
    following = iter(values)
    first = list(islice(following, 1))
    every = chain(first, following)
    if not required and not all(map(is_row, first or [None])):
        return None, (value for value in every)
    rows = []
    for value in islice(every, MOST):
        if not is_row(value):
            raise TypeError(f"it yielded a {type(value).__qualname__}. Yield rows: dicts, models or data classes.")
        rows.append(row_of(value))
    return "rows", RowTable(rows, ended=not list(islice(every, 1)))
