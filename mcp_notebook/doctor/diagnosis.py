"""Findings, as data and as text."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from mcp_notebook.rendering import look

__all__ = ["STATUSES", "Diagnosis", "Status", "report", "summary"]

Status = Literal["problem", "note", "ok"]

STATUSES: tuple[Status, ...] = ("problem", "note", "ok")
"""The weights of a finding, worst first: it does not work; it works with a limit; it is fine."""

_WIDTH = 100


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check: a description, its status, and the fix."""

    what: str
    status: Status = "ok"
    fix: str = ""


def summary(diagnoses: Collection[Diagnosis]) -> str:
    """Return the number of diagnoses of each status, in words."""
    problems, notes, good = (sum(found.status == status for found in diagnoses) for status in STATUSES)
    return f"{look.counted(problems, 'problem')}, {look.counted(notes, 'note')}, {good} ok"


def report(diagnoses: Collection[Diagnosis]) -> str:
    """Return the diagnoses as text, each fix below its finding."""
    lines = [f"doctor: {summary(diagnoses)}"]
    for found in diagnoses:
        lead = f"  {found.status:<9}"
        for part in [found.what, *([f"fix: {found.fix}"] if found.fix else [])]:
            # People copy a fix, so it is wrapped only at spaces.
            lines += textwrap.wrap(
                part,
                _WIDTH,
                initial_indent=lead,
                subsequent_indent=" " * len(lead),
                break_on_hyphens=False,
                break_long_words=False,
            )
            lead = " " * len(lead)
    return "\n".join(lines)
