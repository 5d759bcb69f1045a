"""Cut JSON values to a size and a depth, with a mark in place of the parts left out."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import to_json

from mcp_notebook.recording.characters import whole

__all__ = ["MOST_DEPTH", "fits", "fitted", "is_deep", "packed", "shortened"]

MOST_DEPTH = 100
"""Levels of JSON that are kept, because functions that show or compare it recurse, and Python's stack is limited."""


def shortened(text: str, most: int) -> str:
    """Return a text, cut and marked if it is longer than `most`."""
    return text if len(text) <= most else _cut(text, [most])


def packed(value: Any, room: int) -> tuple[bytes, bool]:
    """Return a JSON value as text of at most about `room` bytes, and whether it was cut."""
    try:
        text = to_json(value)
    except ValueError:  # an unpaired surrogate, which UTF-8 cannot encode, or too deep
        kept, _ = fitted(value, room)
    else:
        levels = text.count(b"{") + text.count(b"[")  # an upper bound
        if len(text) <= room and (levels <= MOST_DEPTH or not is_deep(value)):
            return text, False
        kept = _cut(value, [room])
    return _json(kept), kept is not value


def _json(value: Any) -> bytes:
    try:
        return to_json(value)
    except ValueError:  # a half character, which neither UTF-8 nor a front end can carry
        return json.dumps(whole(value), default=repr).encode()


def fitted(value: Any, room: int) -> tuple[Any, int]:
    """Return a JSON value cut to about `room` bytes and `MOST_DEPTH`, and its size; a value that fits is not copied."""
    size = _size(value, room)
    if size <= room and not is_deep(value):
        return whole(value), size
    return whole(_cut(value, [room])), min(size, room)


def fits(value: Any, room: int) -> bool:
    """Return whether a JSON value has at most `room` bytes and `MOST_DEPTH` levels."""
    return _size(value, room) <= room and not is_deep(value)


def is_deep(value: Any) -> bool:
    """Return whether a JSON value has more levels than are kept."""
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        inside = [item for item in level if isinstance(item, (dict, list, tuple)) and item]
        if not inside:
            return False
        level = [child for item in inside for child in (item.values() if isinstance(item, dict) else item)]
    return True


def _size(value: Any, most: int) -> int:
    """Estimate the bytes of a JSON value; stop counting beyond `most`."""
    size = 0
    left = [value]
    while left and size <= most:
        item = left.pop()
        if isinstance(item, (str, bytes)):
            size += len(item)
        elif isinstance(item, dict):
            size += 4 * len(item) + sum(map(len, item))
            left += item.values()
        elif isinstance(item, (list, tuple)):
            size += 2 * len(item)
            left += item
        else:
            size += 8
    return size


def _cut(value: Any, left: list[int], levels: int = MOST_DEPTH) -> Any:
    """Return as much of a value as fits into `left` bytes and `levels`, with marks in place of the other parts."""
    room = max(left[0], 0)
    if isinstance(value, str):
        left[0] -= len(value)
        return value if len(value) <= room else f"{value[:room]}[{len(value) - room} more characters]"
    if isinstance(value, bytes):
        left[0] -= 8
        return f"[{len(value)} bytes]"
    if levels < 0 and isinstance(value, (dict, list, tuple)) and value:
        left[0] -= 8
        return "[deeper]"
    if isinstance(value, dict):
        mapping: dict[str, Any] = {}
        for key, item in value.items():
            if left[0] <= 0:
                mapping["..."] = f"[{len(value) - len(mapping)} more]"
                break
            left[0] -= 4
            name = _cut(key, left)
            mapping[name] = _cut(item, left, levels - 1)
        return mapping
    if isinstance(value, (list, tuple)):
        items: list[Any] = []
        for item in value:
            if left[0] <= 0:
                items.append(f"[{len(value) - len(items)} more]")
                break
            left[0] -= 2
            items.append(_cut(item, left, levels - 1))
        return items
    left[0] -= 8
    return value
