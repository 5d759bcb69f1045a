"""A problem: something wrong with a part of a value."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["WIDTH", "Place", "Problem", "brief", "shortened"]

Place = tuple[str | int, ...]

WIDTH: Final = 60
"""Characters of a value in a message."""


@dataclass(frozen=True)
class Problem:
    """Something wrong with a part of a value.

    Attributes:
        place: The keys and indices that lead to the part.
        reason: What is wrong, or what should be.
    """

    place: Place
    reason: str

    def __str__(self) -> str:
        return f"{in_words(self.place)}: {self.reason}" if self.place else self.reason


def in_words(place: Place) -> str:
    """Write a place as it would be in code: ``loan.items[2]``."""
    words = ""
    for part in place:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += f".{shortened(part)}" if words else shortened(part)
    return words


def brief(value: Any, most: int = WIDTH) -> str:
    """Write the beginning of a value as JSON: the whole can be large."""
    if isinstance(value, str):
        value = value[: most + 1]
    written = ""
    try:
        for part in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
            written += part[: most + 1]
            if len(written) > most:
                break
    except ValueError:  # Python writes no integer of more than some thousand digits
        written += "a very long number"
    return shortened(written, most)


def shortened(text: str, most: int = WIDTH) -> str:
    """Return the beginning of a text, with a mark where there is more."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
