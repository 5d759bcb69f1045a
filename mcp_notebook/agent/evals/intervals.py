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

Z_OF_POWER = 0.841621
"""The quantile for 80%: the share of evals that are to find a difference."""

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
    """Return the 95% interval of Agresti and Caffo (2000) for `after` minus `before`, from -1 to 1."""
    middle, error = _between((before.share, before.runs), (after.share, after.runs))
    return max(middle - Z * error, -1.0), min(middle + Z * error, 1.0)


def enough_for(before: Rate, after: Rate, cases: int) -> int | None:
    """Return the runs of each case with which four evals of five would find a difference of these two shares.

    None if `MOST_RUNS` are too few. With runs that only just put 0 outside the interval of these very shares, one eval
    of two would find it: the other has shares that happen to be closer.

    Args:
        before: The rate of all cases on one side.
        after: The rate on the other side.
        cases: The number of cases.
    """
    for runs in range(max(before.runs, after.runs) // cases + 1, MOST_RUNS + 1):
        middle, error = _between((before.share, runs * cases), (after.share, runs * cases))
        if abs(middle) > (Z + Z_OF_POWER) * error:
            return runs
    return None


def _between(before: tuple[float, int], after: tuple[float, int]) -> tuple[float, float]:
    """Return the difference of two shares, each with the number of its runs, and the standard error.

    One run that passed and one that failed are added to each side, so that two runs against none are not enough yet.
    """
    sizes = [runs + 2 for _, runs in (before, after)]
    one, other = ((share * runs + 1) / (runs + 2) for share, runs in (before, after))
    return other - one, sqrt(one * (1 - one) / sizes[0] + other * (1 - other) / sizes[1])
