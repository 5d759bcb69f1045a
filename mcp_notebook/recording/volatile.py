"""Find the values in results that differ on each run, and mark them so that only their types count.

A place is a JSON pointer (RFC 6901) into the protocol's result, such as ``/structuredContent/at`` or
``/content/0/text``. A ``*`` means every member: ``/structuredContent/rows/*/id``. Text that only repeats the structured
content as JSON, as the SDK adds it, is marked along with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mcp_notebook.errors import UsageError
from mcp_notebook.json_diff import differences, pointer

__all__ = ["Varies", "derived", "find", "marked", "places", "values"]

FIXED = {"isError", "type", "mimeType", "role", "uri"}
BLOCKS = {"/content", "/contents", "/messages"}


class Varies:
    """Equal to every value of the given types."""

    def __init__(self, *types: type) -> None:
        self.types = types

    def __eq__(self, other: object) -> bool:
        return type(other) in self.types or (isinstance(other, Varies) and set(other.types) == set(self.types))

    def __hash__(self) -> int:
        return hash(frozenset(self.types))

    def __repr__(self) -> str:
        return f"Varies({', '.join('None' if t is type(None) else t.__name__ for t in self.types)})"


def find(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the places where two results of a call differ.

    Lists of different lengths differ as a whole.
    """
    following = derived(first) and derived(second) and first.get("structuredContent") != second.get("structuredContent")
    found = [difference.pointer for difference in differences(first, second, whole=True)]
    return [place for place in found if not (following and place.startswith("/content"))]


def marked(result: Mapping[str, Any], volatile: Iterable[str]) -> dict[str, Any]:
    """Return a copy of a result with a `Varies` at each of these places that exists in it."""
    copy: dict[str, Any] = json.loads(json.dumps(result))
    for place in volatile:
        keys = [key.replace("~1", "/").replace("~0", "~") for key in place.split("/")[1:]]
        copy = _with_mark(copy, keys)
    # Compare the reprs, because a value with a mark still equals the value without it.
    if derived(result) and repr(copy.get("structuredContent")) != repr(result.get("structuredContent")):
        copy["content"] = [{**block, "text": Varies(str)} for block in result.get("content", ())]
    return copy


def values(result: Any, at: str = "") -> Iterator[str]:
    """Yield the places of all values that may differ in another run, but not the types of content blocks.

    A list in a structured result is one value, because its length may differ.
    """
    if isinstance(result, dict):
        for key, item in result.items():
            if key not in FIXED:
                yield from values(item, at + pointer((key,)))
    elif isinstance(result, list) and at in BLOCKS:
        for i, item in enumerate(result):
            yield from values(item, at + pointer((i,)))
    elif at:
        yield at


def places(volatile: Iterable[str], name: str) -> list[str]:
    """Return the places for one tool, resource or prompt: those for all, and those with ``NAME:``.

    Raises:
        UsageError: One of them is not a place.
    """
    return [place for of, place in map(_split, volatile) if of in ("", name)]


def _split(line: str) -> tuple[str, str]:
    match = re.fullmatch(r"(?:([^/].*):\s*)?(/.*)", line.strip())
    if match is None:
        raise UsageError(
            f"{line!r} is not a place in a result. Write a JSON pointer, such as /structuredContent/at, with * for "
            "every member, or NAME:/structuredContent/at for one tool only."
        )
    return match[1] or "", match[2]


def derived(result: Mapping[str, Any]) -> bool:
    """Return whether the content of a tool's result only repeats its structured content, as the SDK adds it."""
    structured = result.get("structuredContent")
    content = result.get("content") or []
    plain = isinstance(content, list) and all(
        isinstance(block, dict) and block.keys() == {"type", "text"} for block in content
    )
    if structured is None or not plain:
        return False
    wrapped = isinstance(structured, dict) and structured.keys() == {"result"}
    whole = structured["result"] if wrapped else structured
    texts = [block["text"] for block in content]
    return texts in ([whole], []) or _parsed(texts) in ([structured], [whole], whole)


def _parsed(texts: list[str]) -> list[Any]:
    parsed = []
    for text in texts:
        try:
            parsed.append(json.loads(text))
        except ValueError:
            parsed.append(text)
    return parsed


def _with_mark(value: Any, keys: list[str]) -> Any:
    """Return a value with a mark at a place in it; unchanged if it has no such place."""
    if not keys:
        return value if isinstance(value, Varies) else _mark(value)
    key, *rest = keys
    if isinstance(value, dict):
        return {k: _with_mark(item, rest) if key in ("*", k) else item for k, item in value.items()}
    if isinstance(value, list):
        return [_with_mark(item, rest) if key in ("*", str(i)) else item for i, item in enumerate(value)]
    return value


def _mark(value: Any) -> Varies:
    # JSON has one kind of number.
    return Varies(int, float) if type(value) in (int, float) else Varies(type(value))
