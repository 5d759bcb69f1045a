"""Findings about the cells: code that an export cannot carry, that it changed, or that it left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Group", "Weight", "grouped"]

MOST = 8
"""Places that one line of a report names."""

Weight = Literal["stops", "warns", "notes"]
"""Nothing is written, the package may differ from what ran, or it is the same in another form."""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        weight: How much it weighs.
        cell: The number of the cell; None where no cell is meant.
        name: The name, definition or line that it is about.
        what: The fact, and why it matters; a sentence.
        way_out: The fix; a sentence, or "" if there is nothing to do.
    """

    weight: Weight
    cell: int | None
    name: str
    what: str
    way_out: str = ""

    @property
    def said(self) -> str:
        """The fact and the fix."""
        return f"{self.what} {self.way_out}".rstrip()

    def __str__(self) -> str:
        place = "" if self.cell is None else f"cell {self.cell}, "
        return f"{place}{self.name}: {self.said}"


@dataclass(frozen=True)
class Group:
    """Findings that say the same of several places.

    Attributes:
        findings: In their order; of the same weight, and with the same words.
    """

    findings: tuple[Finding, ...]

    @property
    def shown(self) -> tuple[Finding, ...]:
        """Those whose place is named."""
        return self.findings[:MOST]

    @property
    def more(self) -> str:
        """The number of further places, in words; "" for none."""
        left = len(self.findings) - MOST
        return f" and {left} more" if left > 0 else ""

    def __str__(self) -> str:
        places = ("" if each.cell is None else f"cell {each.cell}, " for each in self.shown)
        named = (f"{place}{each.name}" for place, each in zip(places, self.shown, strict=True))
        return f"{'; '.join(named)}{self.more}: {self.findings[0].said}"


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """Put findings together that say the same, each group where its first one was."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.weight, finding.said), []).append(finding)
    return [Group(tuple(group)) for group in groups.values()]
