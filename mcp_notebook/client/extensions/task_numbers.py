"""The numbers in what a server says about a task: the time until the next poll, and the progress in a message."""

from __future__ import annotations

import math
import re
from typing import Any

__all__ = ["DEFAULT_POLL", "numbers", "seconds"]

POLL = 0.02, 60.0
"""The bounds for the seconds between two polls that a server suggests."""

DEFAULT_POLL = 1.0
"""Seconds between two polls if the server suggests none."""


def seconds(milliseconds: Any) -> float:
    """Return the seconds until the next poll, from the milliseconds that a server suggests."""
    shortest, longest = POLL
    known = isinstance(milliseconds, int | float) and not isinstance(milliseconds, bool) and math.isfinite(milliseconds)
    return min(max(milliseconds / 1000, shortest), longest) if known else DEFAULT_POLL


_NUMBERS = re.compile(r"([\d,]*\.?\d+) of ([\d,]*\.?\d+)(?:: (.*))?", re.DOTALL)


def numbers(message: str) -> tuple[float, float | None, str | None]:
    """Read a status message as a report of progress: ``3 of 10: fitting`` has numbers."""
    found = _NUMBERS.fullmatch(message)
    if found is None:
        return 0, None, message
    done, of = (float(number.replace(",", "")) for number in found.group(1, 2))
    return done, of, found.group(3)
