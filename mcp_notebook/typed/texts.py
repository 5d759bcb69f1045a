"""Write foreign text into source code: as a literal, a docstring or a comment, with hidden characters made visible."""

from __future__ import annotations

import math
from typing import Any

from mcp_notebook.visible import visible

__all__ = ["comment", "docstring", "is_plain", "literal", "shortened"]

LONGEST_DEFAULT = 200
"""Characters of a default value that a signature shows."""


def literal(value: Any) -> str:
    """Return a JSON value as a Python literal of one line."""
    # In a repr every backslash is doubled, so the escapes that this adds are escapes in the literal, too.
    return visible(repr(value))


def is_plain(value: Any) -> bool:
    """Return whether a value is a short text, number, boolean or None, so that a signature can show it."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, str | int | bool) and len(str(value)) <= LONGEST_DEFAULT)


def docstring(text: str, indent: str = "") -> str:
    """Return a text as a docstring, from quotes to quotes.

    Args:
        text: The text.
        indent: The beginning of its other lines.
    """
    text = visible(text.replace("\r\n", "\n").expandtabs(4))
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    lines = [line.rstrip() for line in text.strip().split("\n")]
    if lines[-1].endswith('"') and not lines[-1].endswith('\\"'):
        lines[-1] = f'{lines[-1][:-1]}\\"'
    first, *others = lines
    if others:
        others.append("")
    body = "\n".join(
        [first, *(f"{indent}{line}" if line or i == len(others) - 1 else "" for i, line in enumerate(others))]
    )
    return f'"""{body}"""'


def comment(text: str) -> str:
    """Return a text as a comment of one line."""
    return f"# {visible(text, one_line=True).strip()}"


def shortened(text: str, most: int) -> str:
    """Return a text with at most so many characters, and a sign if it had more."""
    return text if len(text) <= most else f"{text[:most].rstrip()} [...]"
