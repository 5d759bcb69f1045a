"""A notebook's file to a package, without a front end."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mcp_notebook.export.exporting import export
from mcp_notebook.export.options import ExportOptions
from mcp_notebook.export.report import Exported
from mcp_notebook.formatting import require_ruff
from mcp_notebook.headless.running import run
from mcp_notebook.session.choosing import subject_of

__all__ = ["export_notebook"]


def export_notebook(
    notebook: Path,
    destination: Path,
    options: ExportOptions,
    *,
    server: str | None,
    on_progress: Callable[[str], None],
    stopped: Callable[[], bool] = bool,
) -> Exported:
    """Run a notebook from top to bottom, and make a package of the server that it defines.

    Args:
        notebook: The ``.ipynb`` file.
        destination: The package's directory.
        options: The options of the export.
        server: Which server is meant; the only one with definitions if None.
        on_progress: Told of each step in a line.
        stopped: As of `run`.

    Raises:
        McpNotebookError: `ruff` is not installed.
        NotebookError: The notebook cannot be run, or a cell raised.
        UnknownNameError: There is no server of that name.
        UsageError: It is not clear which server is meant.
        ExportError: The directory cannot be written, or an option cannot be honored.
    """
    require_ruff()  # before cells run
    place = destination.absolute()  # the notebook runs in its own folder
    with run(notebook, on_progress=on_progress, stopped=stopped) as ran:
        exported = export(
            subject_of(ran.session, server),
            place,
            ran.session.registry.recorder.calls,
            options=options,
            portal=ran.session.portal,
            environment=os.environ,
            on_progress=on_progress,
        )
    return replace(exported, destination=destination)
