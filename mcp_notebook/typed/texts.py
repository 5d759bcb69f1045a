"""Write foreign text into source code: as a literal, a docstring or a comment, with hidden characters made visible."""

from __future__ import annotations

import math
import re
from typing import Any

from mcp_notebook.visible import visible

__all__ = ["comment", "docstring", "is_plain", "literal", "shortened"]

LONGEST_DEFAULT = 200
"""Characters of a default value that a signature shows."""

LONGEST_NUMBER = 600
"""Bits of a whole number that a signature shows."""


def literal(value: Any) -> str:
    """Return a JSON value as a Python literal of one line."""
    # In a repr every backslash is doubled, so the escapes that this adds are escapes in the literal, too.
    return visible(repr(value))


def is_plain(value: Any) -> bool:
    """Return whether a value is a short text, number, boolean or None, so that a signature can show it."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return value.bit_length() <= LONGEST_NUMBER  # str() refuses a very long one
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_DEFAULT)


def docstring(text: str, indent: str = "") -> str:
    """Return a text as a docstring, from quotes to quotes.

    Args:
        text: The text.
        indent: The beginning of its other lines.
    """
    lines = visible(text.replace("\r\n", "\n").expandtabs(4)).replace("\\", "\\\\").split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip()
    # Quotes are escaped only where they could end the string.
    first, *others = re.sub(r'"{3,}|"+\Z', lambda found: '\\"' * len(found[0]), text).split("\n")
    if not others:
        return f'"""{first}"""'
    return "\n".join([f'"""{first}', *(line and f"{indent}{line}" for line in others), f'{indent}"""'])


def comment(text: str) -> str:
    """Return a text as a comment of one line."""
    return f"# {visible(text, one_line=True).strip()}"


def shortened(text: str, most: int) -> str:
    """Return a text with at most so many characters, and a sign if it had more."""
    return text if len(text) <= most else f"{text[:most].rstrip()} [...]"
