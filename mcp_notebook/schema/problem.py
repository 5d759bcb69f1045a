"""Describe a problem with a part of a value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["WIDTH", "Place", "Problem", "brief", "shortened"]

Place = tuple[str | int, ...]

WIDTH: Final = 60
"""The most characters of a value in a message."""


@dataclass(frozen=True)
class Problem:
    """A problem with a part of a value.

    Attributes:
        place: The keys and indices that lead to the part.
        reason: The problem, or the requirement.
    """

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{in_words(self.place)}: {self.reason}" if self.place else self.reason


def in_words(place: Place) -> str:
    """Write a place as in code: ``loan.items[2]``."""
    words = ""
    for part in place:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += f".{shortened(part)}" if words else shortened(part)
    return words


def brief(value: Any, most: int = WIDTH) -> str:
    """Write the beginning of a value as JSON, since the whole may be large."""
    if isinstance(value, str):
        value = value[: most + 1]
    written = ""
    try:
        for part in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
            written += part[: most + 1]
            if len(written) > most:
                break
    except ValueError:  # Python refuses to write integers of several thousand digits
        written += "a very long number"
    return shortened(written, most)


def shortened(text: str, most: int = WIDTH) -> str:
    """Return the beginning of a text, with an ellipsis if it is cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
