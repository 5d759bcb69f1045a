"""Write cells as a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcp_notebook.errors import NotebookError

__all__ = ["new_notebook_at", "write_notebook"]


def new_notebook_at(path: Path) -> Path:
    """Return the path of a notebook that does not exist yet.

    Raises:
        NotebookError: It exists.
    """
    if path.exists():
        raise NotebookError(f"{path.name} already exists, and is not overwritten. Name another notebook.")
    return path


def write_notebook(notebook: Path, cells: Sequence[tuple[str, str]]) -> None:
    """Write cells, each by its kind (``code`` or ``markdown``) and text, as a new notebook.

    Raises:
        NotebookError: It exists, or cannot be written.
    """
    # Imported here, because it takes half a second and only this function needs it.
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    make: dict[str, Any] = {"code": new_code_cell, "markdown": new_markdown_cell}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = [make[kind](text, id=f"cell-{number}") for number, (kind, text) in enumerate(cells, 1)]
    text = nbformat.writes(new_notebook(cells=made, metadata={"kernelspec": kernel}))
    try:
        with notebook.open("x", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise NotebookError(f"Cannot write {notebook} ({error.strerror}). Name another notebook.") from None
