"""An invented day of calls and errors, and decisions when to wake somebody."""

from __future__ import annotations

from collections.abc import Callable

from mcp_notebook.course.checking.bench import Bench

__all__ = ["a_day", "paged"]

MINUTES = 24 * 60


def a_day() -> list[tuple[int, int]]:
    """Return the calls and errors of each minute of an invented day, with two incidents; the same each time.

    In the morning everything fails for 20 minutes. In the evening one call in twenty fails, for three hours.
    """
    day = []
    for minute in range(MINUTES):
        hour = minute // 60
        calls = (2 if hour < 7 else 30 if hour < 20 else 12) + minute * 7 % 5
        errors = 1 if minute % 211 == 105 else 0
        if 9 * 60 + 40 <= minute < 10 * 60:
            errors = calls
        elif 18 * 60 <= minute < 21 * 60:
            errors = calls * (minute % 3) // 20
        day.append((calls, errors))
    return day


def paged(*minutes: tuple[int, tuple[int, int]], **options: float) -> Callable[[Bench], bool]:
    """Return a look at the decision after these minutes, each as its number of repetitions, and calls and errors."""

    def look(bench: Bench) -> bool:
        history = [pair for times, pair in minutes for _ in range(times)]
        return bool(bench.namespace["should_page"](history, **options))

    return look
