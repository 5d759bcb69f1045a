"""Values that JSON does not know, found before clients get a text that only looks like them.

The SDK writes what pydantic does not know with `str`: numpy's 3 becomes ``"3"``, an array ``"[1 2]"``. An exported
package would do so too, so nothing is converted here: the author is told what to return instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import wraps
from itertools import islice
from typing import Any, get_args

from mcp.server.mcpserver import Audio, Image
from mcp_types import CallToolResult, ContentBlock, InputRequiredResult
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

__all__ = ["checked", "unknown_to_json"]

READY = (str, bool, int, float, type(None), CallToolResult, InputRequiredResult, Image, Audio, *get_args(ContentBlock))
"""What the SDK sends as it is."""

MOST = 10_000
"""How many parts of a result are looked at."""


def checked(function: Callable[..., Any], *, is_async: bool) -> Callable[..., Any]:
    """Return a tool's function, what it returns looked at before clients get it; it raises `TypeError` then."""
    if is_async:

        @wraps(function)
        async def run_async(*args: Any, **options: Any) -> Any:
            return _looked_at(await function(*args, **options))

        return run_async

    @wraps(function)
    def run(*args: Any, **options: Any) -> Any:
        return _looked_at(function(*args, **options))

    return run


def _looked_at(result: Any) -> Any:
    found = None if type(result) in READY else unknown_to_json(result)
    if found is not None and not _is_table(result):
        raise TypeError(f"The result {found}")
    return result


def unknown_to_json(value: Any) -> str | None:
    """Say what in a value JSON does not know, and what to write instead; None where all of it is JSON."""
    try:
        for part in islice(_parts(value), MOST):
            if (found := _unknown(part)) is not None:
                return f"{'is' if part is value else 'has'} {found}"
    except RecursionError:  # it contains itself, which the SDK says
        pass
    return None


def _parts(value: Any) -> Iterator[Any]:
    """Yield what is in a value; not what an iterator gives, which gives it once."""
    inside: Iterable[Any]
    if isinstance(value, Mapping):
        inside = value.values()  # JSON's keys are texts
    elif isinstance(value, list | tuple | set | frozenset | deque):
        inside = value
    elif isinstance(value, BaseModel) or (is_dataclass(value) and not isinstance(value, type)):
        inside = getattr(value, "__dict__", {}).values()
    else:
        yield value
        return
    for part in inside:
        yield from _parts(part)


def _unknown(part: Any) -> str | None:
    """Say what a value is that pydantic does not know; None where it does, and where its text is all that it is."""
    if isinstance(part, (*READY, Iterator)):
        return None
    unknown: list[Any] = []
    try:
        to_json(part, fallback=unknown.append)
    except PydanticSerializationError as error:
        return _broken(str(error))
    if not unknown:
        return None
    kind = type(part)
    way = _way(part, kind)
    return way and f"a {kind.__module__}.{kind.__qualname__}, which JSON does not know. Return {way}."


def _way(part: Any, kind: type) -> str | None:
    """Say what to return instead."""
    without_words = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__  # type: ignore[comparison-overlap]
    ways = (
        (kind.__name__ == "NAType", "None instead"),
        (_is_table(part), 'its rows: .to_dict("records")'),
        (kind.__name__ in ("datetime64", "timedelta64"), "its text: str(...)"),
        (getattr(part, "shape", None) == (), "a value of Python: .item()"),
        (hasattr(part, "tolist") and hasattr(part, "to_dict"), "values of Python: .to_dict() for a row, or .tolist()"),
        (hasattr(part, "tolist"), "values of Python: .tolist()"),
        (callable(part), "what it gives, or its name"),
        (hasattr(kind, "__iter__"), "a list: list(...)"),
        (without_words, "a dict, a dataclass or a BaseModel with what is in it"),
    )
    return next((way for applies, way in ways if applies), None)


def _is_table(value: Any) -> bool:
    """Whether it is a DataFrame, whichever package it is from: its text is a table that can be read."""
    return hasattr(value, "columns") and hasattr(value, "to_dict")


def _broken(why: str) -> str:
    """Say what pydantic cannot write, though it knows the type."""
    if "utf-8 sequence" in why:
        return "bytes that are not text. Return base64.b64encode(...).decode(), or an Image or Audio of the SDK."
    if "object cannot be interpreted" in why:  # a datetime without a year
        return "a NaT, which JSON does not know. Return None instead."
    return f"what cannot be written as JSON: {' '.join(why.removeprefix('Error serializing to JSON: ').split())}"
