"""Keep what the learners of a class report: for each name, how far the learner is."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mcp_notebook.course.exercises import Chapter
from mcp_notebook.course.sharing import MOST_TRIES, class_name
from mcp_notebook.errors import UsageError
from mcp_notebook.rendering.board import ChapterColumn, LearnerRow, Standing, Work

__all__ = ["MOST_LEARNERS", "ClassReports"]

MOST_LEARNERS = 300
"""Learners on one board; what comes from others is refused then."""

MOST_REPORTS, SECONDS_PER_REPORT = 10, 2.0
"""Reports that a learner may send at once, and seconds until one more is allowed."""

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass
class _Learner:
    seat: int
    name: str = ""
    work: dict[str, Work] = field(default_factory=dict)
    right: int = 0
    reported: float = 0.0
    left: float = MOST_REPORTS


class ClassReports:
    """The reports of a class; the methods may be called from any thread.

    Args:
        chapters: The chapters of the course, by number.
        clock: Returns the seconds since the epoch.
    """

    def __init__(self, chapters: Mapping[str, Chapter], clock: Callable[[], float] = time.time) -> None:
        self._columns = [
            ChapterColumn(chapter.number, chapter.title, [(each.number, each.title) for each in chapter.exercises])
            for chapter in chapters.values()
            if chapter.exercises
        ]
        self._known = {number for column in self._columns for number, _ in column.exercises}
        self._predictions = sum(len(chapter.predictions) for chapter in chapters.values())
        self._clock = clock
        self._learners: dict[str, _Learner] = {}
        self._admitted: set[str] = set()
        self._lock = threading.Lock()
        self._seats = 0
        self.moves = 0

    def knows(self, learner: str) -> bool:
        """Return whether a learner with this id has reported since the class code was made."""
        return learner in self._admitted

    def ask_again(self) -> None:
        """Know nobody any more, because the class code is another one; the reports stay."""
        with self._lock:
            self._admitted.clear()

    def take(self, learner: str, name: str, work: Mapping[str, Work], right: int) -> None:
        """Take the report of a learner in place of the earlier one. Exercises that are not in the course are left out.

        Args:
            learner: The learner's random id.
            name: The name that the learner chose.
            work: The work on each exercise, by its number.
            right: The number of predictions that were right.

        Raises:
            UsageError: A value is not possible, the board is full, or the reports come too fast.
        """
        if not _ID.fullmatch(learner):
            raise UsageError("The id of a learner has 32 hexadecimal digits.")
        name = class_name(name)
        if not 0 <= right <= self._predictions:
            raise UsageError(f"The course has {self._predictions} predictions, so {right} cannot be right.")
        kept = {number: _possible(number, done) for number, done in work.items() if number in self._known}
        with self._lock:
            now = self._clock()
            found = self._found(learner)
            found.left = min(MOST_REPORTS, found.left + max(now - found.reported, 0) / SECONDS_PER_REPORT)
            if found.left < 1:
                raise UsageError("These reports come too fast. Wait a few seconds.")
            found.left -= 1
            found.name, found.work, found.right, found.reported = name, kept, right, now
            self._admitted.add(learner)
            self.moves += 1

    def clear(self) -> int:
        """Forget all reports; return the number of learners that were forgotten."""
        with self._lock:
            gone = len(self._learners)
            self._learners.clear()
            self._admitted.clear()
            self.moves += 1
            return gone

    def standing(self) -> Standing:
        """Return how far the class is, by name. Of two learners with one name, the later one gets a number."""
        with self._lock:
            seated = sorted(self._learners.values(), key=lambda one: one.seat)
            taken: dict[str, int] = {}
            rows = []
            for one in seated:
                count = taken[one.name.casefold()] = taken.get(one.name.casefold(), 0) + 1
                name = one.name if count == 1 else f"{one.name} ({count})"
                rows.append(LearnerRow(one.seat, name, dict(one.work), one.right, one.reported))
        rows.sort(key=lambda row: (row.name.casefold(), row.seat))
        return Standing(self._columns, self._predictions, rows)

    def _found(self, learner: str) -> _Learner:
        found = self._learners.get(learner)
        if found is None:
            if len(self._learners) >= MOST_LEARNERS:
                raise UsageError(f"The board is full: it has {MOST_LEARNERS} learners. Tell your teacher.")
            self._seats += 1
            found = self._learners[learner] = _Learner(self._seats)
        return found


def _possible(number: str, work: Work) -> Work:
    if not 0 <= work.tries <= MOST_TRIES:
        raise UsageError(f"{work.tries} tries of exercise {number} are not possible.")
    return Work(max(work.tries, 1), True) if work.passed else work
