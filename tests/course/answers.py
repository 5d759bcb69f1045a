"""The answers to the exercises of a chapter, right and wrong, from its file in ``exercises``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.support import ROOT

ANSWER = re.compile(r"^(?:Passed|Not yet: ([^\n]+))\n+```python\n(.*?)```$", re.MULTILINE | re.DOTALL)


@dataclass
class Answer:
    """An answer to an exercise, and what the check has to say about it; nothing if it has to pass."""

    source: str
    message: str = ""

    @classmethod
    def of(cls, exercise: str) -> list[Answer]:
        """Read the answers of one section of a chapter's file, in the order of the file."""
        return [cls(source, message.strip()) for message, source in ANSWER.findall(exercise)]


def answers_of(stem: str) -> dict[str, list[Answer]]:
    """Return the answers of a chapter by exercise."""
    chapter = (ROOT / "exercises" / f"{stem}.md").read_text(encoding="utf-8")
    sections = re.split(r"^## (\S+)$", chapter, flags=re.MULTILINE)
    return {name: Answer.of(text) for name, text in zip(sections[1::2], sections[2::2], strict=True)}


def source_files() -> list[Path]:
    """Return the sources of the chapters."""
    return sorted((ROOT / "chapters").glob("*.py"))
