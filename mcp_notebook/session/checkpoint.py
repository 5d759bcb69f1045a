"""Check the exercises of the course, and bring a notebook to where a chapter begins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.utils.capture import capture_output
from mcp.server.mcpserver import MCPServer

from mcp_notebook.cells import cell_of
from mcp_notebook.course.checking.checks import MAGICS, CheckResult, check
from mcp_notebook.course.exercises import Exercise, exercise_of
from mcp_notebook.course.library import library_file
from mcp_notebook.course.progress import Progress
from mcp_notebook.course.project import Piece, pieces_before
from mcp_notebook.errors import CellError, ExportError
from mcp_notebook.export.drafting import draft
from mcp_notebook.export.options import ExportOptions
from mcp_notebook.server import definitions
from mcp_notebook.session.attaching import within_a_cell
from mcp_notebook.session.choosing import subject_of
from mcp_notebook.session.session import Session

__all__ = ["Restored", "check_exercise", "restore", "source_of_answer"]


def check_exercise(session: Session, exercise: Exercise, after: Sequence[str] = ()) -> CheckResult:
    """Check the answer that is in the notebook now; `after` is shown below one that passes."""
    server = _server(session, exercise)
    if server is None:
        if exercise.kind != "code":
            return CheckResult("not attempted", [f"There is no server {exercise.server!r} yet: run the cells above."])
        server = MCPServer(exercise.server, log_level="WARNING")
    if (stale := _not_on_the_server(session, exercise, server)) is not None:
        return stale

    async def checked(server: MCPServer[Any]) -> CheckResult:
        return await check(
            server,
            exercise.name,
            exercise.cases,
            read=exercise.read,
            kind=exercise.kind,
            namespace=session.namespace,
            file=library_file(),
            after=after,
            settings=lambda: _settings_of_a_package(session, exercise.server),
        )

    return session.portal.run(checked, server)


def _settings_of_a_package(session: Session, server: str) -> dict[str, str]:
    """Return the settings that a package of a server would have, in words.

    Raises:
        ExportError: No package could be written.
    """
    options = ExportOptions(name="package", dry_run=True, calls=False)
    made = draft(subject_of(session, server), Path("package"), (), options, os.environ)
    if made.is_stopped:
        raise ExportError(str(made.findings[0]))
    return {s.name: "a secret" if s.secret else s.default or "required" for s in made.package.module.settings}


def _not_on_the_server(session: Session, exercise: Exercise, server: MCPServer[Any]) -> CheckResult | None:
    """Return the outcome if the function was defined again since, but the server still has the earlier version."""
    newest = cell_of(session.namespace.get(exercise.name))
    live = next((d.cell for d in definitions(server) if d.name == exercise.name), None)
    if newest is None or live is None or newest.execution_count <= live.execution_count:
        return None
    lines = [
        f"You have defined {exercise.name} again, but {exercise.server!r} still has the earlier version: the cell "
        f"failed, or it does not begin with {MAGICS[exercise.kind]}."
    ]
    return CheckResult("not yet", lines, read=exercise.read)


def _server(session: Session, exercise: Exercise) -> MCPServer[Any] | None:
    session.sync()
    live = session.registry.servers.get(exercise.server)
    return live.server if live is not None else None


def source_of_answer(session: Session, exercise: Exercise) -> str:
    """Return the text of the cell with the learner's answer; "" if no cell in the history has it."""
    history: list[str] = session.shell.history_manager.input_hist_raw
    server = _server(session, exercise)
    named = [d for d in definitions(server) if d.name == exercise.name] if server is not None else []
    cell = named[0].cell if named else cell_of(session.namespace.get(exercise.name))
    if cell is not None and cell.execution_count < len(history):
        return history[cell.execution_count]
    # A class or another object: its cell is the last one that names it.
    return next((raw for raw in reversed(history) if exercise.name in raw and not raw.startswith("%mcp ")), "")


@dataclass
class Restored:
    """The answers that a checkpoint restored.

    Attributes:
        own: The exercises whose answers are the learner's own.
        given: The exercises whose answers are the course's.
        replaced: The exercises whose own answers do not pass any more, so that they are the course's.
    """

    own: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)


def restore(session: Session, chapter: str, *, own: bool = True) -> Restored:
    """Run the cells of the earlier chapters that the chapter builds on, without their output.

    An answer of the learner's that passed takes the place of the course's if it passes here, too; not with `own` False.

    Raises:
        CellError: A cell of the course failed.
    """
    progress, restored = Progress.load(), Restored()
    for piece in pieces_before(chapter):
        done = progress.exercises.get(piece.exercise)
        if own and done is not None and done.passed and done.source:
            if _runs(session, Piece(done.source, piece.exercise)) and _passes(session, piece.exercise):
                restored.own.append(piece.exercise)
                continue
            restored.replaced.append(piece.exercise)
        elif piece.exercise:
            restored.given.append(piece.exercise)
        if not _runs(session, piece):
            first = piece.source.strip().splitlines()[0]
            raise CellError(f"A cell of the course failed. It begins with {first!r}. Restart the kernel and try again.")
    return restored


def _passes(session: Session, number: str) -> bool:
    return check_exercise(session, exercise_of(number)).state == "passed"


def _runs(session: Session, piece: Piece) -> bool:
    """Run a cell as if it was typed, so that the export and tracebacks find it in the history."""
    with capture_output(), within_a_cell(session.shell):
        return bool(session.shell.run_cell(piece.source, store_history=True).success)
