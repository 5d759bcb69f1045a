"""Write what a board has as CSV, for a teacher's records."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timezone
from pathlib import Path
from uuid import uuid4

from mcp_notebook.errors import UsageError
from mcp_notebook.files import put_in_place, write_whole
from mcp_notebook.rendering.board import Standing

__all__ = ["board_as_csv", "save_board"]

FIRST = "learner"
"""The first column, by which a file of an earlier time is recognized."""

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""The first characters of a cell that a spreadsheet would compute."""


def board_as_csv(standing: Standing) -> str:
    """Write the board as CSV: a line for each learner, with two columns for each exercise."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    numbers = [number for number, _ in standing.exercises]
    columns = [column for number in numbers for column in (f"{number} passed", f"{number} tries")]
    writer.writerow([FIRST, "exercises passed", "predictions right", "reported (UTC)", *columns])
    for row in standing.rows:
        reported = datetime.fromtimestamp(row.reported, timezone.utc).isoformat(timespec="seconds")
        work = [cell for number in numbers for cell in (int(row.on(number).passed), row.on(number).tries)]
        writer.writerow([_harmless(row.name), row.passed, row.right, reported, *work])
    return file.getvalue()


def save_board(standing: Standing, path: Path) -> None:
    """Write the board to a file; an earlier one of a board is replaced.

    Raises:
        UsageError: There is another file of that name, or it cannot be written.
    """
    try:
        if path.exists() and not path.read_text(encoding="utf-8-sig", errors="replace").startswith(f"{FIRST},"):
            raise UsageError(f"{path} exists, and is not a file of a board. Choose another name.")
        draft = path.with_name(f".{path.name}-{uuid4().hex}")
        # Spreadsheets take a file for UTF-8 only if it begins with this mark.
        write_whole(draft, board_as_csv(standing).encode("utf-8-sig"))
        try:
            put_in_place(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot write {path} ({error.strerror}). Choose another file.") from error


def _harmless(name: str) -> str:
    """Keep a spreadsheet from computing a name."""
    return f"'{name}" if name.startswith(_FORMULAS) else name
