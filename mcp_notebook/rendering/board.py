"""Render the board of a class as a table of learners and chapters, for places that show no live view."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

from mcp_notebook.rendering import look

__all__ = ["ChapterColumn", "ClassTotal", "LearnerRow", "Standing", "Work", "board_card", "totals"]

PASSED, TRIED, NOT_YET = "■", "◧", "□"

MOST_LEARNERS: Final = 60
"""Learners in the table; the live view shows all."""

MOST_EXERCISES: Final = 5
"""Exercises of which the text says how the class does."""


class Work(NamedTuple):
    """The work of a learner on one exercise.

    Attributes:
        tries: The number of answers that were checked.
        passed: Whether one has passed.
    """

    tries: int = 0
    passed: bool = False

    @property
    def sign(self) -> str:
        """The sign of the state: passed, tried or not yet."""
        return PASSED if self.passed else TRIED if self.tries else NOT_YET


class ChapterColumn(NamedTuple):
    """A chapter with exercises.

    Attributes:
        number: Its number.
        title: Its title.
        exercises: The number and the title of each exercise, in order.
    """

    number: str
    title: str
    exercises: Sequence[tuple[str, str]]


class LearnerRow(NamedTuple):
    """A learner of the class.

    Attributes:
        seat: The place in the order in which the learners came, from 1 on.
        name: The name that the learner chose, with a number if an earlier one has it, too.
        work: The work on each exercise, by its number; exercises without tries are missing.
        right: The number of predictions that were right.
        reported: The time of the latest report, in seconds since the epoch.
    """

    seat: int
    name: str
    work: dict[str, Work]
    right: int
    reported: float

    @property
    def passed(self) -> int:
        """The number of exercises that passed."""
        return sum(work.passed for work in self.work.values())

    def on(self, number: str) -> Work:
        """Return the work on an exercise."""
        return self.work.get(number, Work())


class Standing(NamedTuple):
    """The progress of all learners of a class.

    Attributes:
        chapters: The chapters that have exercises.
        predictions: The number of predictions in the course.
        rows: The learners, by name.
    """

    chapters: Sequence[ChapterColumn]
    predictions: int
    rows: Sequence[LearnerRow]

    @property
    def exercises(self) -> list[tuple[str, str]]:
        """The number and the title of all exercises, in order."""
        return [exercise for chapter in self.chapters for exercise in chapter.exercises]


class ClassTotal(NamedTuple):
    """The work of the class on one exercise.

    Attributes:
        number: Its number.
        title: Its title.
        passed: Learners with an answer that passed.
        tried: Learners who have tried, and not passed.
        not_yet: Learners who have not tried.
    """

    number: str
    title: str
    passed: int
    tried: int
    not_yet: int


def totals(standing: Standing) -> list[ClassTotal]:
    """Count the class for each exercise, in the order of the course."""
    counted = []
    for number, title in standing.exercises:
        work = [row.on(number) for row in standing.rows]
        passed, tried = sum(one.passed for one in work), sum(bool(one.tries) and not one.passed for one in work)
        counted.append(ClassTotal(number, title, passed, tried, len(work) - passed - tried))
    return counted


def board_card(standing: Standing) -> look.Rendering:
    """Draw the board without times, so that nothing in it changes by itself."""
    if not standing.rows:
        empty = "no learner has reported yet. A learner runs: %mcp progress --share URL --as NAME"
        return look.Rendering(f"class board: {empty}", look.card("class board", f"<p>{escape(empty)}</p>"))
    done, of = sum(row.passed for row in standing.rows), len(standing.exercises) * len(standing.rows)
    title = f"class board: {look.counted(len(standing.rows), 'learner')}, {done:,} of {of:,} exercises passed"
    headers = ("learner", *(chapter.number for chapter in standing.chapters), "total", "predictions")
    rows = [_row(row, standing) for row in standing.rows[:MOST_LEARNERS]]
    notes = [f"{PASSED} passed, {TRIED} tried, {NOT_YET} not yet; each column is a chapter."]
    if more := len(standing.rows) - MOST_LEARNERS:
        notes += [f"Not shown: {look.counted(more, 'learner')}."] if more > 0 else []
    help_text, help_html = _where_to_help(standing)
    text = [title, *look.columns([headers, *rows]), *(f"  {note}" for note in notes), *help_text]
    numbers = range(len(headers) - 2, len(headers))
    table = look.table(headers, ([look.cell(cell) for cell in row] for row in rows), numbers=numbers)
    scrolled = f'<div class="scrolled" style="max-height:none">{table}</div>'
    html = look.card(escape(title), scrolled, *(f'<p class="dim">{note}</p>' for note in notes), help_html)
    return look.Rendering("\n".join(text), html)


def _row(row: LearnerRow, standing: Standing) -> list[str]:
    signs = ["".join(row.on(number).sign for number, _ in chapter.exercises) for chapter in standing.chapters]
    total = f"{row.passed} of {len(standing.exercises)}"
    return [row.name, *signs, total, f"{row.right} of {standing.predictions} right"]


def _where_to_help(standing: Standing) -> tuple[list[str], str]:
    """List the exercises that most learners have tried without passing."""
    stuck = sorted((one for one in totals(standing) if one.tried), key=lambda one: (-one.tried, -one.not_yet))
    if not stuck:
        return [], ""
    rows = [
        (one.number, one.title, f"{one.tried} tried", f"{one.passed} passed", f"{one.not_yet} not yet")
        for one in stuck[:MOST_EXERCISES]
    ]
    table = look.table(["", "exercise", "", "", ""], ([look.cell(cell) for cell in row] for row in rows))
    return ["where to help", *look.columns(rows)], look.section("where to help", table)
