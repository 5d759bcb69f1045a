"""Read the cells that later chapters build on, from the notebooks of the course."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_notebook.course.copy import course_source
from mcp_notebook.course.exercises import exercise_of

__all__ = ["Piece", "chapter_numbers", "pieces_before"]

PROJECT = "project"
"""The tag of a cell that later chapters build on."""


@dataclass(frozen=True)
class Piece:
    """A cell that later chapters build on.

    Attributes:
        source: The text of the cell; for an exercise, the course's solution.
        exercise: The number of the exercise whose answer it is; "" for other cells.
    """

    source: str
    exercise: str = ""


def pieces_before(chapter: str) -> list[Piece]:
    """Return the cells of the earlier chapters that are tagged as the project's, in order."""
    found: list[Piece] = []
    for number, notebook in _notebooks().items():
        if _order(number) < _order(chapter):
            found += _pieces(json.loads(notebook.read_text(encoding="utf-8")))
    return found


def chapter_numbers() -> list[str]:
    """Return the numbers of all chapters, in order."""
    return [*_notebooks()]


def _notebooks() -> dict[str, Path]:
    paths = sorted(course_source().glob("*.ipynb"))
    return {re.sub("^0+(?=.)", "", path.name.partition("-")[0]): path for path in paths}


def _pieces(notebook: Any) -> Iterator[Piece]:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and PROJECT in cell["metadata"].get("tags", []):
            number = cell["metadata"].get("exercise", "")
            yield Piece(exercise_of(number).solution if number else "".join(cell["source"]), number)


def _order(number: str) -> tuple[int, str]:
    """Order chapters such as 4, 4b and 10."""
    digits = re.match(r"\d*", number)
    return int((digits and digits[0]) or 0), number.lstrip("0123456789")
