"""Keep the history of cells: the shell's own, with the exceptions, tags and ids that it lacks."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from mcp_notebook.cells import execution_count
from mcp_notebook.session.identity import cell_id

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mcp_notebook.export.ran import RanCell

# Modules that import the SDK are imported inside functions, because loading the extension must not wait for it.

__all__ = ["History", "history_of"]

_HISTORY = "_mcp_notebook_history"


def history_of(shell: InteractiveShell) -> History:
    """Return the history of a shell, which survives ``%reload_ext``."""
    if not hasattr(shell, _HISTORY):
        setattr(shell, _HISTORY, History(shell))
    found: History = getattr(shell, _HISTORY)
    return found


class _Ended(NamedTuple):
    raised_at: int | None
    shown: bool
    id: str | None = None
    tags: frozenset[str] = frozenset()


class History:
    """The history of one shell. Cells that ran before the extension was loaded count as run without an exception."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._ended: dict[int, _Ended] = {}
        self._bodies: list[tuple[str, int | None]] = []

    def ended(self, result: Any, *, within: bool) -> None:
        """Record that a cell has ended.

        Args:
            result: IPython's `ExecutionResult`.
            within: Whether it ran inside another cell, as the body of a cell magic does.
        """
        source: str = result.info.raw_cell or ""
        error = result.error_before_exec or result.error_in_exec
        raised_at = None if error is None else self._raised_at(error, source)
        if within:
            self._bodies.append((source.strip("\n"), raised_at and raised_at - _lines_above(source)))
            return
        bodies, self._bodies = self._bodies, []
        if bodies and _is_magic(source):  # which may hide the body's exception, or raise one after the body
            body, line = bodies[0]
            at = source.find(body)  # our magics run a different text, with the magic's line as a comment
            above = _lines_above(source) if at < 0 else source.count("\n", 0, at)
            raised_at = None if line is None else above + line
        if result.execution_count is not None:  # else the history does not have it either
            self._remember(result.execution_count, source, getattr(result.info, "transformed_cell", None))
            self._ended[result.execution_count] = _Ended(
                raised_at, result.result is not None, cell_id(self._shell), _tags(self._shell)
            )

    def _remember(self, number: int, source: str, transformed: str | None) -> None:
        """Add a cell to the shell's history that IPython left out.

        IPython takes any cell with a line magic and the letters "paste" for the magic `%paste`. Later cells would then
        have different numbers in the history and in their tracebacks.
        """
        history = self._shell.history_manager
        if len(history.input_hist_raw) == number:
            history.input_hist_raw.append(source.rstrip("\n"))
            history.input_hist_parsed.append((transformed or source).rstrip("\n"))
            self._shell.execution_count = max(self._shell.execution_count, number + 1)

    def cells(self) -> tuple[RanCell, ...]:
        """Return the cells in the order in which they ran; the running one up to its current statement."""
        from mcp_notebook.export.ran import RanCell

        history: list[str] = self._shell.history_manager.input_hist_raw
        found = []
        for number, source in enumerate(history):
            ended = self._ended.get(number)
            if ended is None:
                ended = _Ended(self._runs_at(source) if number == len(history) - 1 else None, shown=False)
            if source.strip():
                found.append(RanCell(number, source, *ended))
        return tuple(found)

    def _raised_at(self, error: BaseException, source: str) -> int:
        """Return the line of the top-level statement that raised the exception; 1 if none had begun."""
        trace = error.__traceback__
        line = 0
        while trace is not None:
            filename = trace.tb_frame.f_code.co_filename
            if not line and self._is_cell(filename):
                line = self._statement_at(source, trace.tb_lineno)
            elif line and filename in ("<timed exec>", "<timed eval>"):  # the body of %%time
                body = source.lstrip().partition("\n")[2]
                return _lines_above(source) + 1 + self._statement_at(body, trace.tb_lineno)
            trace = trace.tb_next
        return line or 1

    def _runs_at(self, source: str) -> int | None:
        """Return the line of the running statement; None if no cell runs."""
        frame: Any = sys._getframe()
        line = None
        while frame is not None:  # take the outermost frame of a cell: it may have called functions of other cells
            line = frame.f_lineno if self._is_cell(frame.f_code.co_filename) else line
            frame = frame.f_back
        return None if line is None else self._statement_at(source, line)

    def _is_cell(self, filename: str) -> bool:
        return execution_count(filename) is not None

    def _statement_at(self, source: str, line: int) -> int:
        """Return the line in the stored source where a statement begins, from a line in the source as it ran."""
        try:
            body = ast.parse(self._shell.transform_cell(source)).body
        except SyntaxError:
            return 1
        starts = [min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) for node in body]
        return _lines_above(source) + max((start for start in starts if start <= line), default=1)


def _is_magic(source: str) -> bool:
    return source.lstrip().startswith("%%")


def _lines_above(source: str) -> int:
    """Count the empty lines at the top, which IPython drops when it runs a cell."""
    return source.count("\n", 0, len(source) - len(source.lstrip()))


def _tags(shell: InteractiveShell) -> frozenset[str]:
    """Return the tags of the running cell: from the kernel's request, or from the shell of a headless run."""
    kernel: Any = getattr(shell, "kernel", None)
    found = getattr(shell, "tags", ()) if kernel is None else kernel.get_parent().get("metadata", {}).get("tags")
    return frozenset(map(str, found)) if isinstance(found, list | frozenset) else frozenset()
