"""Read and write JSON texts of the front end: strictly, because what they say is sent."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["json_line", "object_from", "text_from"]


def object_from(text: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ValueError: The text is not a JSON object, or contains infinite numbers or unpaired surrogates, which cannot be
            sent.
    """
    try:
        value = json.loads(text, parse_constant=_no_number)
        json_line(value).encode()
    except ValueError as error:
        raise ValueError(f"cannot be sent: {error}") from error
    except RecursionError as error:  # its words differ between versions of Python
        raise ValueError("cannot be sent: too many levels") from error
    if not isinstance(value, dict):
        raise ValueError("the arguments must be one object, in braces")
    return value


def text_from(text: str) -> str:
    """Read the text of a JSON object that has only one.

    Raises:
        ValueError: There is none.
    """
    found = object_from(text).get("text", "")
    if not isinstance(found, str):
        raise ValueError("a text is missing")
    return found


def json_line(value: Any) -> str:
    """Write JSON in one line.

    Raises:
        ValueError: The value contains an infinite number.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
