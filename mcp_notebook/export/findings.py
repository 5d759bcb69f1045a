"""What an export has to say of the cells: what it cannot carry, what it changed, what it left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Weight"]

Weight = Literal["stops", "warns", "notes"]
"""Whether the package cannot be what ran (nothing is written), may differ from it, or is the same in another form."""


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        weight: How much it weighs.
        cell: The number of the cell; None where no cell is meant.
        name: The name, definition or line that it is about.
        what: What is the case, and why it matters; a sentence.
        way_out: What to do; a sentence, or "" where there is nothing to do.
    """

    weight: Weight
    cell: int | None
    name: str
    what: str
    way_out: str = ""

    def __str__(self) -> str:
        place = "" if self.cell is None else f"cell {self.cell}, "
        return f"{place}{self.name}: {self.what}{' ' if self.way_out else ''}{self.way_out}"
