"""Reports a cell that raised: the cell, the line and the error, without our own frames."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

from IPython.core.error import UsageError

from mcp_notebook.cells import execution_count, hint_for
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.headless.notebook import CodeCell
from mcp_notebook.recording import Call

__all__ = ["CellTimeout", "earlier_cause", "failure", "report"]

MISSING_MAGIC = re.compile(r"(?:Line|Cell) magic (?:function )?`%.*` not found\.")
"""IPython's message about an unknown magic. If the name is a magic of the other kind, IPython says what to do."""


class CellTimeout(BaseException):
    """A cell took too long; not an `Exception`, which a cell may catch."""


def report(notebook: Path, cell: CodeCell, error: BaseException, ran: Mapping[int, CodeCell]) -> str:
    """Say which cell raised what, and each of the author's lines on the way there, the last one last.

    Args:
        notebook: Its file; modules beside it are the author's too.
        cell: The cell.
        error: The exception.
        ran: The cell behind each ``In [n]``.
    """
    said = [f"{notebook.name}: cell {cell.number}, which begins {cell.first_line!r}, ended with an error:"]
    said += [f"  {place}\n    {line}" for place, line in _way(notebook.parent, cell, error, ran)]
    return "\n".join([*said, _in_words(error)])


def earlier_cause(error: BaseException, let_through: Mapping[CodeCell, BaseException]) -> Iterator[str]:
    """Say which cell that may raise ended before it came to a name that is missing now."""
    name = error.name if isinstance(error, NameError) else None
    for cell, earlier in let_through.items():
        if name and re.search(rf"\b{re.escape(name)}\b", cell.source):
            yield f"The cause is cell {cell.number}, which ended before it came to {name}: {_in_words(earlier)}"
            return


def failure(notebook: Path, call: Call, ran: Mapping[int, CodeCell]) -> str | None:
    """Say what a call raised, and the author's lines on the way there; None where there is nothing but the answer.

    The client is not told of it, and no notebook is there to show it.
    """
    if call.running or call.raised is None:
        return None
    said = [f"{notebook.name}: call {call.number}, {call.name}, ended with an error:"]
    said += [f"  {place}\n    {line}" for place, line in _way(notebook.parent, None, call.raised, ran)]
    return "\n".join([*said, _in_words(call.raised)])


def _in_words(error: BaseException) -> str:
    if isinstance(error, UsageError) and (missing := MISSING_MAGIC.match(str(error))):
        return f"{missing[0]} Load the extension that has it in a cell above, or tag this cell skip-execution."
    if isinstance(error, McpNotebookError | UsageError | CellTimeout):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    words = [line.rstrip() for line in traceback.format_exception_only(type(error), error)]
    members = [f"  {_in_words(member)}" for member in getattr(error, "exceptions", ())]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if (hint := hint_for(error)) is not None:
        words.append(hint)
    return "\n".join([*words, *members, *([f"because of {_in_words(cause)}"] if cause is not None else [])])


def _way(
    folder: Path, cell: CodeCell | None, error: BaseException, ran: Mapping[int, CodeCell]
) -> Iterator[tuple[str, str]]:
    if isinstance(error, SyntaxError) and error.lineno:
        place = "" if _is_cell(error.filename) else f"{Path(error.filename or '?').name}, "
        yield f"{place}line {error.lineno}", (error.text or "").strip()
        return
    for frame in traceback.extract_tb(error.__traceback__):
        place = f"line {frame.lineno}{_inside(frame.name)}"
        running = ran.get(execution_count(frame.filename) or 0)
        if running is not None:
            # A magic is called by a line that IPython wrote; the author's is in the source.
            line = running.source.split("\n")[(frame.lineno or 1) - 1]
            yield place if running is cell else f"cell {running.number}, {place}", line.strip()
        elif Path(frame.filename).is_relative_to(folder):
            yield f"{Path(frame.filename).relative_to(folder)}, {place}", frame.line or ""


def _is_cell(filename: str | None) -> bool:
    return filename is not None and (execution_count(filename) is not None or filename.startswith("<"))


def _inside(name: str) -> str:
    return "" if name == "<module>" or name.startswith("<cell line") else f", in {name}"
