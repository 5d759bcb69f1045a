"""Keep what a learner has done, in one file beside the notebooks: predictions, tries, and answers that passed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from mcp_notebook.course.folder import course_folder
from mcp_notebook.files import put_in_place, write_whole

__all__ = ["Done", "Progress"]

VERSION = 1


@dataclass
class Done:
    """The work on one exercise.

    Attributes:
        tries: The number of times that an answer was checked.
        passed: Whether one has passed.
        source: The text of the cell that passed last.
        hints: The number of hints that were shown.
    """

    tries: int = 0
    passed: bool = False
    source: str = ""
    hints: int = 0


@dataclass
class Progress:
    """The progress of a learner.

    Attributes:
        file: The file that keeps it.
        exercises: The work on each exercise, by its number.
        predictions: The option that was chosen, by the number of the prediction.
    """

    file: Path
    exercises: dict[str, Done] = field(default_factory=dict)
    predictions: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Progress:
        """Read the learner's file. One that cannot be read counts as empty; it is kept under another name.

        Raises:
            OSError: There is no place for the file.
        """
        file = course_folder() / "progress.json"
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            done = {str(number): _done(each) for number, each in kept["exercises"].items()}
            return cls(file, done, {str(number): int(chosen) for number, chosen in kept["predictions"].items()})
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            with suppress(OSError):
                file.replace(file.with_suffix(".unreadable.json"))
        return cls(file)

    def done(self, number: str) -> Done:
        """Return what was done on an exercise; changes to it count."""
        return self.exercises.setdefault(number, Done())

    def save(self) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: It cannot be written.
        """
        draft = self.file.with_name(f".progress-{uuid4().hex}.json")
        write_whole(draft, json.dumps({"version": VERSION, **self.as_json()}, indent=1).encode())
        try:
            put_in_place(draft, self.file)
        finally:
            draft.unlink(missing_ok=True)

    def as_json(self) -> Mapping[str, Any]:
        """Return the progress as JSON."""
        return {
            "exercises": {number: asdict(done) for number, done in self.exercises.items()},
            "predictions": dict(self.predictions),
        }


def _done(kept: Mapping[str, Any]) -> Done:
    return Done(int(kept["tries"]), bool(kept["passed"]), str(kept["source"]), int(kept["hints"]))
