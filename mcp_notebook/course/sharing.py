"""Make the report that a learner sends to the board of a class: a chosen name, numbers, and a random id, no more."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any
from uuid import uuid4

from mcp_notebook.course.exercises import exercises, predictions
from mcp_notebook.course.folder import course_folder
from mcp_notebook.course.progress import Progress
from mcp_notebook.errors import UsageError
from mcp_notebook.files import put_in_place, write_whole
from mcp_notebook.rendering import look
from mcp_notebook.visible import visible

__all__ = ["LONGEST_NAME", "MOST_TRIES", "class_name", "own_id", "report_of", "shared_words"]

LONGEST_NAME = 40
"""Characters of a name on the board."""

MOST_TRIES = 9_999
"""The most tries of an exercise that are counted."""

FILE = "board.json"
"""The file in the learner's folder that keeps the random id."""


def class_name(name: str) -> str:
    """Return a name as the board shows it, in one line.

    Raises:
        UsageError: It is empty or too long, or has characters that are invisible or pile up.
    """
    # Before anything else, because to normalize takes time.
    if len(name) > 4 * LONGEST_NAME:
        raise UsageError(_WRONG)
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(name) <= LONGEST_NAME or visible(name, one_line=True) != name or _piles_up(name):
        raise UsageError(_WRONG)
    return name


_WRONG = f"A name on the board has 1 to {LONGEST_NAME} visible characters, with a letter or a digit. Choose another."

MOST_MARKS = 4
"""Marks on one letter: more than any script needs, and fewer than cover the lines above and below."""


def _piles_up(name: str) -> bool:
    """Return whether a name has no letter or digit, or more marks on one letter than writing needs."""
    kinds = "".join(unicodedata.category(character)[0] for character in name)
    return "M" * (MOST_MARKS + 1) in kinds or not set(kinds) & {"L", "N"}


def own_id() -> str:
    """Return the learner's random id, which stays in the learner's folder; it is made if it is missing.

    Raises:
        OSError: It cannot be written.
    """
    file = course_folder() / FILE
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))["id"]
        if isinstance(kept, str) and re.fullmatch("[0-9a-f]{32}", kept):
            return kept
    except (OSError, ValueError, KeyError, TypeError):
        pass
    made = uuid4().hex
    draft = file.with_name(f".board-{uuid4().hex}.json")
    write_whole(draft, json.dumps({"id": made}).encode(), mode=0o600)
    try:
        put_in_place(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    return made


def report_of(progress: Progress, learner: str, name: str) -> dict[str, Any]:
    """Return all that is sent: the arguments of the board's tool."""
    done = {number: progress.exercises[number] for number in exercises() if number in progress.exercises}
    known = predictions()
    made = {number: chosen for number, chosen in progress.predictions.items() if number in known}
    return {
        "learner": learner,
        "name": name,
        "exercises": {
            number: {"tries": min(work.tries, MOST_TRIES), "passed": work.passed}
            for number, work in done.items()
            if work.tries or work.passed
        },
        "right": sum(chosen == known[number].right for number, chosen in made.items()),
    }


def shared_words(report: dict[str, Any]) -> str:
    """Say in one line what a report has."""
    passed = sum(work["passed"] for work in report["exercises"].values())
    tried = len(report["exercises"])
    return (
        f"sent: the name {report['name']!r}, {look.counted(tried, 'exercise')} tried and {passed or 'none'} passed, "
        f"{look.counted(report['right'], 'prediction')} right, and a random id; nothing else"
    )
