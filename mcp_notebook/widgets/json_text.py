"""Read and write JSON texts of the front end: strictly, because what they say is sent."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["json_from", "json_line"]


def json_from(text: str) -> Any:
    """Read JSON.

    Raises:
        ValueError: The text is not JSON, or contains infinite numbers or unpaired surrogates, which cannot be sent.
    """
    value = json.loads(text, parse_constant=_no_number)
    json_line(value).encode()
    return value


def json_line(value: Any) -> str:
    """Write JSON in one line.

    Raises:
        ValueError: The value contains an infinite number.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
