"""Make the learner's copy of the notebooks."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["copy_course", "course_source"]

FIRST = "00-welcome.ipynb"


def course_source() -> Path:
    """Return the folder of the course's notebooks: inside an installed package, or next to it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def copy_course(folder: Path, *, fresh: bool = False) -> str:
    """Copy the course into `folder`, and keep notebooks that the learner has changed.

    Args:
        folder: The folder, made if it is missing.
        fresh: Whether to copy everything again; changed notebooks are moved into a dated folder first.

    Returns:
        A line about the copied, kept and moved notebooks.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"kept-{datetime.now():%Y-%m-%d-%H%M%S}"
    copied: list[Path] = []
    stayed = moved = 0
    for source in sorted(course_source().glob("*.ipynb")):
        target = folder / source.name
        if target.exists() and _content(target) != _content(source):
            if not fresh:
                stayed += 1
                continue
            kept.mkdir(exist_ok=True)
            shutil.move(target, kept / source.name)
            moved += 1
        if not target.exists():
            target.write_text(_for_this_python(source), encoding="utf-8")
            copied.append(target)
    _trust(copied)
    words = [f"The course is in {folder}"]
    words += [f"{len(copied)} copied"] if copied else []
    words += [f"{stayed} kept with your changes (to start over: --fresh)"] if stayed else []
    words += [f"{moved} with your changes moved to {kept}"] if moved else []
    return "; ".join(words) + "."


def _content(notebook: Path) -> Any:
    """Return what a notebook says, without the Python that opened it; None if it is not a notebook any more."""
    try:
        content = _not_run(json.loads(notebook.read_text(encoding="utf-8")))
        content["metadata"].pop("language_info", None)
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return content


def _for_this_python(notebook: Path) -> str:
    """Return a notebook as JupyterLab writes it with this Python, so that opening it does not change it."""
    from ipykernel.ipkernel import IPythonKernel

    content = _not_run(json.loads(notebook.read_text(encoding="utf-8")))
    content["metadata"]["language_info"] = IPythonKernel.language_info
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _not_run(content: Any) -> Any:
    """Count no cell as run: the learner has run none, though the stored outputs can be read."""
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            for each in (cell, *(output for output in cell["outputs"] if "execution_count" in output)):
                each["execution_count"] = None
    return content


def _trust(notebooks: Iterable[Path]) -> None:
    """Sign notebooks for this user's Jupyter, which otherwise removes the style of their outputs until they are run."""
    import nbformat
    from jupyter_core.paths import jupyter_data_dir
    from nbformat.sign import NotebookNotary

    # Without a data directory that can be written, the notebooks work as well: they only look plain at first.
    with suppress(OSError, sqlite3.Error):
        Path(jupyter_data_dir()).mkdir(parents=True, exist_ok=True)
        notary = NotebookNotary()
        with closing(notary.store):
            for notebook in notebooks:
                notary.sign(nbformat.read(notebook, as_version=4))
