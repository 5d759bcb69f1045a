"""Limit the work of a check, because a schema from elsewhere can demand an unreasonable amount."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["SECONDS", "Budget", "Exhausted", "NotChecked", "current", "spending"]

SECONDS: Final = 2.0
"""Seconds after which the check of a value ends, whatever its schema demands."""

STEPS: Final = 1_000_000
"""The most keywords of a schema and compared parts of values in one check."""

PROBLEMS: Final = 100
"""Problems after which a check ends, because nobody reads more."""

ERRORS: Final = 10_000
"""The most errors inside one ``anyOf`` or similar keyword, which are kept until another option fits or none does."""


class NotChecked(Exception):
    """Part of a schema cannot be checked; the message says why."""


class Exhausted(NotChecked):
    """The check has used up its budget; the rest is not checked."""


class Budget:
    """The budget of one check.

    Args:
        seconds: The seconds that it may take.

    Attributes:
        exhausted: The reason why the check ended early; None if it did not.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._steps = STEPS
        self._problems = PROBLEMS
        self._errors = ERRORS
        self.exhausted: str | None = None

    def spend(self, steps: int = 1) -> None:
        """Spend steps of the budget.

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
        """The seconds left, at least 0."""
        return max(self._end - time.monotonic(), 0.0)

    def found_problem(self) -> None:
        """Count a problem.

        Raises:
            Exhausted: It was the last problem to look for.
        """
        self._problems -= 1
        if self._problems <= 0:
            self.exhausted = self.exhausted or f"there are more than {PROBLEMS - 1} problems"
            raise Exhausted(self.exhausted)

    def begin_options(self) -> None:
        """Reset the count of errors inside options."""
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
    """Return the budget of the running check."""
    return _current.get()


@contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """Make `budget` the current one until the end."""
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)
