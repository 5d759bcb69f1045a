"""Convert Python values to JSON, and name the places of values that JSON cannot represent."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

__all__ = ["Path", "as_json", "not_numbers", "place_in_words"]

Path = tuple[str | int, ...]

MOST_DEPTH: Final = 200
"""Most levels of nesting. JSON parsers refuse deeper values, and a value that contains itself has no end."""

_INSTEAD: Final = {
    "set": "a list: sorted(...)",
    "frozenset": "a list: sorted(...)",
    "bytes": "a string: base64.b64encode(...).decode()",
    "bytearray": "a string: base64.b64encode(...).decode()",
    "Decimal": "float(...) or str(...)",
    "complex": "a list of two numbers",
    "DataFrame": "its rows: .to_dict('records')",
    "Series": "a list: .tolist()",
}
"""The value to give instead, by the name of a value's type."""


def as_json(value: Any, path: Path = ()) -> Any:  # noqa: PLR0911
    """Return a value as JSON: tuples become lists, dataclasses and pydantic models become objects.

    Raises:
        ValueError: JSON cannot represent a part of it; the message is one line that starts with the place.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if len(path) > MOST_DEPTH:
        raise ValueError(f"{place_in_words(path[:1])} contains itself, or is nested more than {MOST_DEPTH} deep")
    if isinstance(value, Enum) and not isinstance(value, int | float):
        return as_json(value.value, path)
    if isinstance(value, int):
        return _whole(value, path)
    if isinstance(value, float):
        if (word := _not_a_number(value)) is not None:
            raise ValueError(f"{place_in_words(path)} is {word}, which JSON cannot carry")
        return float(value)
    if isinstance(value, Mapping):
        return {_key(key, path): as_json(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item, (*path, i)) for i, item in enumerate(value)]
    if isinstance(value, BaseModel):
        return as_json(to_jsonable_python(value), path)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name), (*path, f.name)) for f in dataclasses.fields(value)}
    raise ValueError(f"{place_in_words(path)} is {_named(value)}, which JSON cannot carry. Give {_instead_of(value)}")


def not_numbers(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the floats in a value that are not JSON numbers, each with its place and name."""
    if isinstance(value, float):
        if (word := _not_a_number(value)) is not None:
            yield path, word
    elif isinstance(value, str | bytes | int) or value is None or len(path) > MOST_DEPTH:
        return
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from not_numbers(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from not_numbers(item, (*path, i))
    elif isinstance(value, BaseModel) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        yield from not_numbers({**vars(value), **(getattr(value, "model_extra", None) or {})}, path)


def place_in_words(path: Path) -> str:
    """Return a place as it would be written in code: ``items[2].price``."""
    words = ""
    for part in path:
        if isinstance(part, str) and part.isidentifier():
            words += f".{part}" if words else part
        else:
            words += f"[{json.dumps(part, ensure_ascii=False)}]"
    return words or "it"


def _not_a_number(value: float) -> str | None:
    if math.isfinite(value):
        return None
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _whole(value: int, path: Path) -> int:
    # Python and other parsers refuse longer numbers unless they are configured otherwise.
    most = getattr(sys, "get_int_max_str_digits", lambda: 0)() or 4300
    if value.bit_length() > most * math.log2(10):
        raise ValueError(f"{place_in_words(path)} is a number of more than {most} digits, which JSON cannot carry")
    return int(value)


def _key(key: Any, path: Path) -> str:
    if not isinstance(key, str):
        where = f"{place_in_words(path)} has the key" if path else "the arguments have the key"
        raise ValueError(f"{where} {str(key)[:60]}, {_named(key)}, but JSON keys must be strings")
    return key


def _named(value: Any) -> str:
    kind = type(value)
    module = f"{kind.__module__}." if kind.__module__.partition(".")[0] in ("numpy", "pandas", "polars") else ""
    return f"a {module}{kind.__name__}"


def _instead_of(value: Any) -> str:
    for kind in type(value).__mro__:
        if kind.__name__ in _INSTEAD:
            return _INSTEAD[kind.__name__]
    for method, words in (("isoformat", "a string"), ("tolist", "plain numbers"), ("item", "a plain number")):
        if callable(getattr(value, method, None)):
            return f"{words}: .{method}()"
    return "what is in it: a list, a dict, a string or a number"
