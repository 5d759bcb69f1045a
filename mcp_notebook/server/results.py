"""Find values that JSON cannot represent before clients get a string or a null instead of them.

The SDK converts values that pydantic does not know with `str`: numpy's 3 becomes ``"3"``, an array ``"[1 2]"``. In
structured content, NaN and the infinities become null. An exported package would do the same, so nothing is converted
here: the author is told what to return instead.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from functools import wraps
from itertools import islice
from typing import Any, TypeVar, get_args

from mcp.server.mcpserver import Audio, Image
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resources import Resource, ResourceTemplate
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp_types import CallToolResult, ContentBlock, InputRequiredResult
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

from mcp_notebook.plain_json import Path, not_numbers, place_in_words
from mcp_notebook.recording import current
from mcp_notebook.recording.characters import whole
from mcp_notebook.server.extensions.data import is_lazy

__all__ = ["GIVEN", "checked", "checked_resource", "in_whole", "unknown_to_json"]

T = TypeVar("T")
Entry = TypeVar("Entry", Resource, ResourceTemplate)

READY = (str, bool, int, float, type(None), CallToolResult, InputRequiredResult, Image, Audio, *get_args(ContentBlock))
"""Types that the SDK sends unchanged."""

GIVEN = "_mcp_notebook_given"
"""The attribute of a checking wrapper that refers to the function as the SDK made it."""

MOST = 10_000
"""Most parts of a result that are checked."""


class _Checked(FuncMetadata):
    """The SDK's metadata of a function, with a check of the function's result."""

    def convert_result(self, result: Any) -> CallToolResult | InputRequiredResult:
        """Convert a result as the SDK does, but refuse lossy conversions.

        Raises:
            TypeError: Clients would get a string instead of a value.
            ToolError: Clients would get null instead of a number; the message names the place.
        """
        found = None if type(result) in READY else unknown_to_json(result)
        if found is not None and (is_lazy(result) or not _is_table(result)):
            raise TypeError(f"The result {found}")
        try:
            converted = super().convert_result(result)
        except ValueError:
            if (sent := in_whole(result)) is result:
                raise
            converted = super().convert_result(sent)
        exact = type(result) in (str, bool, int)  # none of them is anything but itself in JSON
        if not exact and isinstance(converted, CallToolResult) and converted.structured_content is not None:
            _refuse_nulls(result, converted.structured_content, wrapped=self.wrap_output)
        return converted


def in_whole(result: T) -> T:
    """Return a result with each lone surrogate replaced by U+FFFD; if there was one, add a warning to the call."""
    sent = whole(result)
    call = current.get()
    if sent is not result and call is not None:
        call.add(
            "log", "WARNING mcp_notebook: half a character, as in a file name that is not UTF-8, was sent as U+FFFD."
        )
    return sent


def checked(tool: Tool) -> Tool:
    """Return the tool with a check of its results."""
    known = tool.fn_metadata
    if type(known) is not FuncMetadata:
        return tool
    fields = {name: getattr(known, name) for name in FuncMetadata.model_fields}
    return tool.model_copy(update={"fn_metadata": _Checked.model_construct(**fields)})


def checked_resource(entry: Entry) -> Entry:
    """Return a resource or template with a check of its function's result."""
    function = getattr(entry, "fn", None)
    if function is None or hasattr(function, GIVEN):
        return entry

    def look_at(content: Any) -> Any:
        sent = isinstance(content, (str, bytes, Resource, InputRequiredResult))
        if not sent and (found := unknown_to_json(content)) is not None:
            raise TypeError(f"The content {found}")
        return content

    if inspect.iscoroutinefunction(inspect.unwrap(function)):

        @wraps(function)
        async def read(*args: Any, **options: Any) -> Any:
            return look_at(await function(*args, **options))
    else:

        @wraps(function)
        def read(*args: Any, **options: Any) -> Any:
            return look_at(function(*args, **options))

    # __wrapped__ is the author's function, not pydantic's check of arguments around it.
    vars(read).update({GIVEN: function, "__wrapped__": inspect.unwrap(function)})
    return entry.model_copy(update={"fn": read})


def _refuse_nulls(result: Any, sent: Any, *, wrapped: bool) -> None:
    returned = result.structured_content if isinstance(result, CallToolResult) else result
    for path, word in not_numbers(returned):
        instead = _at(sent, path, wrapped=wrapped)
        # A model may serialize such a number as something else.
        if instead is None or any(not_numbers(instead)):
            where = f" at {place_in_words(path)}" if path else ""
            raise ToolError(f"it returned {word}{where}, which JSON cannot carry. Return None, or a text, instead.")


def _at(value: Any, path: Path, *, wrapped: bool) -> Any:
    """Return the value at a place in the structured content; None if there is none."""
    for part in ("result", *path) if wrapped else path:
        try:
            value = value[part]
        except (LookupError, TypeError):
            return None
    return value


def unknown_to_json(value: Any) -> str | None:
    """Describe the first value that JSON cannot represent and what to return instead; None if there is none."""
    try:
        for part in islice(_parts(value), MOST):
            if (found := _unknown(part)) is not None:
                return f"{'is' if part is value else 'has'} {found}"
    except RecursionError:  # the value contains itself; the SDK reports that
        pass
    return None


def _parts(value: Any) -> Iterator[Any]:
    """Yield the innermost values in a value; iterators are left alone, because they can be read only once."""
    inside: Iterable[Any]
    if isinstance(value, Mapping):
        inside = value.values()  # JSON's keys are always strings
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
    """Describe a value that pydantic does not know; None if it knows it, or if its text says all about it."""
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
    """Describe what to return instead."""
    without_words = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__  # type: ignore[comparison-overlap]
    ways = (
        (kind.__name__ == "NAType", "None instead"),
        (is_lazy(part), "what it gives: .compute()"),
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
    """Return whether a value is a DataFrame of any package; its text is a readable table."""
    return hasattr(value, "columns") and hasattr(value, "to_dict")


def _broken(why: str) -> str:
    """Describe a value that pydantic knows but cannot write."""
    if "utf-8 sequence" in why:
        return "bytes that are not text. Return base64.b64encode(...).decode(), or an Image or Audio of the SDK."
    if "object cannot be interpreted" in why:  # a datetime without a year
        return "a NaT, which JSON does not know. Return None instead."
    return f"what cannot be written as JSON: {' '.join(why.removeprefix('Error serializing to JSON: ').split())}"
