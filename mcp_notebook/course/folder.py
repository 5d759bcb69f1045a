"""The learner's folder: the library's database, and what has been done so far."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["FOLDER", "course_folder"]

FOLDER = "my-library"
"""The name of the folder, beside the notebooks."""

VARIABLE = "MCP_NOTEBOOK_COURSE"


def course_folder() -> Path:
    """Return the folder, made if it is missing: the one that ``MCP_NOTEBOOK_COURSE`` names, or one beside the notebook.

    Raises:
        OSError: It cannot be made.
    """
    named = os.environ.get(VARIABLE)
    folder = Path(named) if named else Path.cwd() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder
