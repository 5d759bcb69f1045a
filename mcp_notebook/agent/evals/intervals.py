"""Compute the intervals in which the true rate, and the difference of two rates, may lie.

Both have closed forms, and hold for few runs and for rates of 0 and 1, where the usual interval (Wald's) has a width of
0. They are about more runs of the same cases: they do not tell how other cases would go.
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

__all__ = ["MOST_RUNS", "Rate", "difference", "enough_for"]

Z = 1.959964
"""The quantile of the normal distribution for 95%."""

MOST_RUNS = 1000
"""The most runs of a case that are suggested."""


class Rate(NamedTuple):
    """The runs that passed, and all runs."""

    passed: int
    runs: int

    @property
    def share(self) -> float:
        """The share that passed, from 0 to 1; 0 if there are no runs."""
        return self.passed / self.runs if self.runs else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of Wilson (1927), from 0 to 1; with no runs, all of it."""
        if not self.runs:
            return 0.0, 1.0
        part = Z * Z / self.runs
        center = (self.share + part / 2) / (1 + part)
        half = Z / (1 + part) * sqrt((self.share * (1 - self.share) + part / 4) / self.runs)
        # At 0 and 1, rounding would put the end a little beyond the share itself.
        return center - half if self.passed else 0.0, center + half if self.passed < self.runs else 1.0


def difference(before: Rate, after: Rate) -> tuple[float, float]:
    """Return the 95% interval of Agresti and Caffo (2000) for `after` minus `before`, from -1 to 1.

    It adds one run that passed and one that failed to each side, so that two runs against none are not enough yet.
    """
    one, other = ((rate.passed + 1) / (rate.runs + 2) for rate in (before, after))
    half = Z * sqrt(one * (1 - one) / (before.runs + 2) + other * (1 - other) / (after.runs + 2))
    return max(other - one - half, -1.0), min(other - one + half, 1.0)


def enough_for(before: Rate, after: Rate, cases: int) -> int | None:
    """Return the runs of each case with which the same two shares would differ; None if `MOST_RUNS` are too few.

    Args:
        before: The rate of all cases on one side.
        after: The rate on the other side.
        cases: The number of cases.
    """
    for runs in range(max(before.runs, after.runs) // cases + 1, MOST_RUNS + 1):
        low, high = difference(*(Rate(round(rate.share * runs * cases), runs * cases) for rate in (before, after)))
        if low > 0 or high < 0:
            return runs
    return None
