"""Write how a model's code ended, as text of a bounded length.

Values and exceptions of the code have methods of the code, such as ``__repr__``: call this only where code may run.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)

from mcp_notebook.plain_json import as_json

__all__ = ["FILE", "MOST_RESULT", "Ran", "bounded", "error_text", "value_text"]

MOST_RESULT: Final = 20_000
"""Characters of the value that the model gets."""

MOST_DEPTH: Final = 100
"""Levels of nesting that are written."""

FILE: Final = "<code>"
"""The file of the code, in its tracebacks."""


@dataclass(frozen=True)
class Ran:
    """The end of a run of code.

    Attributes:
        value: The value of its last line, as text; empty if that has none.
        error: Why it failed; empty if it did not.
        unawaited: Whether it left calls or tasks behind that had not ended.
    """

    value: str = ""
    error: str = ""
    unawaited: bool = False


def value_text(value: Any) -> str:
    """Return a value as JSON, with the repr of what JSON cannot carry; empty for None, and a text as it is.

    Data of images, sounds and files becomes a note such as ``[image/png, 12 kB]``.
    """
    try:
        value = _content(value)
        if value is None:
            return ""
        if isinstance(value, str):
            value = str.__str__(value)  # of the methods of a subclass, none is needed later
            return bounded(value, len(value), MOST_RESULT, "Return less.")
        text = _Text()
        try:
            text.write(value)
        except _FullError:
            return f"{text.text[:MOST_RESULT]}\n[cut: it has more than {MOST_RESULT:,} characters. Return less.]"
        return text.text
    except Exception as error:  # noqa: BLE001 - methods of the code may raise anything
        return f"[The code ran. Its value cannot be written: {type(error).__name__}]"


def error_text(error: BaseException, code: str) -> str:
    """Return an exception that code raised, with the line where it was raised."""
    kind = type(error).__name__
    try:
        found = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == FILE]
        line, words = found[-1] if found else None, f"{kind}: {error}"
        if isinstance(error, SyntaxError) and error.filename == FILE:
            line, words = error.lineno, f"{kind}: {error.msg}"
        return _line(line, code) + bounded(words, len(words), MOST_RESULT, "")
    except Exception as second:  # noqa: BLE001 - as above
        return f"{kind}: [its text cannot be written: {type(second).__name__}]"


def _line(number: int | None, code: str) -> str:
    # Lines as Python counts them; splitlines() knows more ends.
    lines = re.split("\r\n|\r|\n", code)
    return f"line {number}: {lines[number - 1].strip()}\n" if number is not None and 0 < number <= len(lines) else ""


def bounded(text: str, length: int, most: int, advice: str) -> str:
    """Return the beginning of a text of this length, with a line on what is missing."""
    return text if length <= most else f"{text[:most]}\n[cut: it has {length:,} characters. {advice}".rstrip() + "]"


class _FullError(Exception):
    pass


class _Text:
    """The text of a value, which is written part by part, so that a long one costs no more than its beginning."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._room = MOST_RESULT

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def write(self, value: Any, depth: int = 0) -> None:
        value = _content(value)
        if isinstance(value, str):
            self._put(json.dumps(value[: MOST_RESULT + 1], ensure_ascii=False))
        elif isinstance(value, Mapping | list | tuple) and depth >= MOST_DEPTH:
            self._put("...")
        elif isinstance(value, Mapping):
            self._write_object(value.items(), depth)
        elif isinstance(value, list | tuple):
            self._put("[")
            for i, item in enumerate(value):
                self._put(", " if i else "")
                self.write(item, depth + 1)
            self._put("]")
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            self._write_object(((field.name, getattr(value, field.name)) for field in dataclasses.fields(value)), depth)
        else:
            self._put(_leaf(value))

    def _write_object(self, items: Iterable[tuple[Any, Any]], depth: int) -> None:
        self._put("{")
        for i, (key, item) in enumerate(items):
            self._put(", " if i else "")
            self.write(key, depth + 1)
            self._put(": ")
            self.write(item, depth + 1)
        self._put("}")

    def _put(self, text: str) -> None:
        text = str.__str__(text)
        self._parts.append(text[: self._room + 1])
        self._room -= len(text)
        if self._room < 0:
            raise _FullError


def _leaf(value: Any) -> str:
    try:
        return json.dumps(as_json(value), ensure_ascii=False)
    except ValueError:
        return repr(value)


def _content(value: Any) -> Any:
    """Return the content of a tool's result without its data, and other values as they are."""
    if isinstance(value, CallToolResult):
        return [*value.content] if len(value.content) != 1 else _content(value.content[0])
    if isinstance(value, EmbeddedResource):
        return _content(value.resource)
    if isinstance(value, TextContent | TextResourceContents):
        return value.text
    if isinstance(value, ImageContent | AudioContent):
        return _data(value.mime_type, value.data)
    if isinstance(value, BlobResourceContents):
        return _data(value.mime_type or "data", value.blob)
    return value


def _data(kind: str, base64: str) -> str:
    return f"[{kind}, {math.ceil(len(base64) * 3 / 4 / 1000):,} kB]"
