"""Waiting for what another thread or process does, with an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE = 30
NEVER = threading.Event()
"""Is never set: to wait for it takes exactly as long as one says."""


def until(
    condition: Callable[[], T],
    *,
    deadline: float = DEADLINE,
    step: float = 0.01,
    why: Callable[[], str] = lambda: "it never came true",
) -> T:
    """Ask again and again, and return the first answer that is true; fail with `why()` after `deadline` seconds."""
    end = time.monotonic() + deadline
    while not (found := condition()):
        assert time.monotonic() < end, why()
        NEVER.wait(step)
    return found
