"""How much work a check may be: a schema from elsewhere can ask for more than anybody has time for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["SECONDS", "Budget", "Exhausted", "NotChecked", "current", "spending"]

SECONDS: Final = 2.0
"""A check of one value ends after that, whatever its schema asks for."""

STEPS: Final = 1_000_000
"""Keywords of a schema, and parts of values compared, that one check looks at."""

PROBLEMS: Final = 100
"""Problems after which a check ends: nobody reads more."""

ERRORS: Final = 10_000
"""Errors inside one ``anyOf`` or the like. They are kept until it is known whether another option fits."""


class NotChecked(Exception):
    """Part of a schema cannot be checked; the message says why."""


class Exhausted(NotChecked):
    """The check has taken all that it may; the rest is not checked."""


class Budget:
    """What is left for one check.

    Args:
        seconds: How long it may take.

    Attributes:
        exhausted: Why it is over; None while it goes on.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._steps = STEPS
        self._problems = PROBLEMS
        self._errors = ERRORS
        self.exhausted: str | None = None

    def spend(self, steps: int = 1) -> None:
        """Take steps off it.

        Raises:
            Exhausted: It is used up.
        """
        self._steps -= steps
        if self.exhausted is None and self._steps < 0:
            self.exhausted = f"it takes more than {STEPS:,} steps"
        if self.exhausted is None and time.monotonic() > self._end:
            self.exhausted = f"it takes longer than {self._seconds:g} s"
        if self.exhausted is not None:
            raise Exhausted(self.exhausted)

    @property
    def left(self) -> float:
        """Seconds until the end; 0 after it."""
        return max(self._end - time.monotonic(), 0.0)

    def found_problem(self) -> None:
        """Count a problem.

        Raises:
            Exhausted: That was the last that is looked for.
        """
        self._problems -= 1
        if self._problems <= 0:
            self.exhausted = self.exhausted or f"there are more than {PROBLEMS - 1} problems"
            raise Exhausted(self.exhausted)

    def begin_options(self) -> None:
        """Count the errors of options from the beginning."""
        self._errors = ERRORS

    def found_error(self) -> None:
        """Count an error inside an option.

        Raises:
            NotChecked: There are too many to keep.
        """
        self._errors -= 1
        if self._errors < 0:
            raise NotChecked(f"its options have more than {ERRORS:,} errors")


_current: ContextVar[Budget] = ContextVar("mcp_notebook_schema_budget")


def current() -> Budget:
    """Return the budget of the check under way."""
    return _current.get()


@contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """While this is open, `budget` is the current one."""
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)
