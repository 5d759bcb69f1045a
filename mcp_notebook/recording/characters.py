"""Find and replace half characters, which JSON cannot carry: unpaired surrogates, and bytes that are not UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json

__all__ = ["half_in", "whole"]

T = TypeVar("T")


def whole(value: T) -> T:
    """Replace each half character in a value's texts and keys by U+FFFD; return the value itself if it has none.

    A value that contains itself or is nested too deep is returned unchanged, because JSON cannot carry it anyway.
    """
    if isinstance(value, str):
        if value.isascii():
            return value
    else:
        try:
            to_json(value)  # compiled code, 20 times faster than a walk in Python, and enough for most values
        except (ValueError, RecursionError):
            pass
        else:
            return value
    try:
        replaced: T = _replaced(value)
    except RecursionError:
        return value
    return replaced


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value if _is_whole(value) else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        pairs = [(_replaced(key), _replaced(item)) for key, item in value.items()]
        return value if _same(pairs, value.items()) else dict(pairs)
    if type(value) in (list, tuple, set, frozenset):
        items = [_replaced(item) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else type(value)(items)
    if isinstance(value, BaseModel):
        pairs = [(name, _replaced(item)) for name, item in value]
        return value if _same(pairs, value) else value.model_copy(update=dict(pairs))
    if is_dataclass(value) and not isinstance(value, type):
        held = [(field.name, getattr(value, field.name)) for field in fields(value) if field.init]
        pairs = [(name, _replaced(item)) for name, item in held]
        return value if _same(pairs, held) else replace(value, **dict(pairs))
    return value


def half_in(value: Any, path: str = "") -> str | None:
    """Return the place of a half character in a JSON value, such as ``.user.name``; None if there is none."""
    if isinstance(value, str):
        return None if _is_whole(value) else path
    items: Any = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if type(value) in (list, tuple) else ()
    )
    for key, item in items:
        step = f"[{key}]" if isinstance(key, int) else f".{whole(str(key))}"
        found = f"{path}{step}" if half_in(key) is not None else half_in(item, f"{path}{step}")
        if found is not None:
            return found
    return None


def _is_whole(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _same(new: Iterable[tuple[Any, Any]], old: Iterable[tuple[Any, Any]]) -> bool:
    return all(a is b for pair in zip(new, old, strict=True) for a, b in zip(*pair, strict=True))
