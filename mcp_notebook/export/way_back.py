"""The way back: a module with an MCPServer, and those of its own that it imports, as the cells of a notebook."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_notebook.errors import NotebookError
from mcp_notebook.export.flattening import Flat, Part, flatten

__all__ = ["Imported", "import_server"]


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes:
        notebook: The file that was written.
        source: The module with the server.
        variable: What holds the server.
        cells: How many code cells there are.
        notes: What is not as it was in the module; a sentence each.
    """

    notebook: Path
    source: Path
    variable: str
    cells: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.notebook.name}: {self.cells} cells from {self.source.name}, server {self.variable!r}.",
                *(f"  {note}" for note in self.notes),
            ]
        )


def import_server(path: Path, to: Path | None, folder: Path) -> Imported:
    """Write a server's modules as a notebook, which defines the same when it runs.

    Args:
        path: A module that makes an `MCPServer`, a package that has a ``server.py``, or the folder of its project.
        to: The notebook to write; if not given, one in `folder` that is called as the module or package is.
        folder: Where the notebook goes.

    Raises:
        NotebookError: There is no such server, its modules do not fit into one namespace, or the notebook is there.
    """
    source = _server_module(path)
    notebook = folder / (to or f"{_name(source)}.ipynb")
    if notebook.exists():
        raise NotebookError(f"{notebook.name} is there already, and is not overwritten. Name another notebook.")
    flat = flatten(source)
    makers = {maker for part in flat.parts for maker in _makers(part.node)}
    servers = [(name, part) for part in flat.parts if (name := _made_by(part.node, makers))]
    if not servers:
        raise NotebookError(f"{source} makes no MCPServer at its top level, so there is nothing to work on.")
    (variable, made), *others = servers
    notes = list(flat.notes)
    notes += [f"{other!r} is a server too; to work on it: %mcp use {other}." for other, _ in others]
    cells = list(_cells(flat, variable, made))
    if any(isinstance(node, ast.Name) and node.id == "__file__" for part in flat.parts for node in ast.walk(part.node)):
        place = Path(os.path.relpath(source, notebook.parent)).as_posix()
        cells.insert(1, ("code", f"# A notebook has no __file__; this is the module's.\n__file__ = {place!r}"))
        notes.append(f"__file__ is used, and is {place!r} in the notebook, whichever module asked.")
    try:
        _write(notebook, cells)
    except OSError as error:
        raise NotebookError(f"{notebook} cannot be written ({error.strerror}). Name another notebook.") from None
    return Imported(notebook, source, variable, sum(kind == "code" for kind, _ in cells), tuple(notes))


def _server_module(path: Path) -> Path:
    if path.is_file():
        return path.resolve()
    found = [*path.glob("server.py"), *path.glob("src/*/server.py"), *path.glob("*/server.py")]
    if not found:
        found = [
            file for file in path.glob("*.py") if "MCPServer" in file.read_text(encoding="utf-8", errors="replace")
        ]
    if not path.is_dir() or not found:
        raise NotebookError(f"There is no module with an MCPServer at {path}. Name a module, NAME.py, or its folder.")
    if len(found) > 1 and found[0].parent != path:
        raise NotebookError(f"There are several: {', '.join(str(file) for file in found)}. Name the one that is meant.")
    return found[0].resolve()


def _name(source: Path) -> str:
    """What the notebook is called: a package's server is known by the package."""
    return source.parent.name if (source.parent / "__init__.py").exists() else source.stem


def _makers(node: ast.stmt) -> Iterator[str]:
    """Yield the function that a statement defines, where it makes a server."""
    calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    if isinstance(node, ast.FunctionDef) and any(ast.unparse(call).endswith("MCPServer") for call in calls):
        yield node.name


def _made_by(node: ast.stmt, makers: Collection[str] = ()) -> str | None:
    """Return the variable that a statement puts a new server into; `makers` are functions that make one."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
        return None
    made = node.value.func.value if isinstance(node.value.func, ast.Subscript) else node.value.func
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    makes = ast.unparse(made)
    return target.id if isinstance(target, ast.Name) and (makes.endswith("MCPServer") or makes in makers) else None


def _cells(flat: Flat, variable: str, made: Part) -> Iterator[tuple[str, str]]:
    """Yield kind and text of each cell: the imports, then statement by statement, each definition in one of its own."""
    if flat.title:
        yield "markdown", flat.title
    yield "code", "%load_ext mcp_notebook"
    if flat.imports:
        yield "code", "\n".join(flat.imports)
    gathered: list[Part] = []
    for part in flat.parts:
        if gathered and not _together(gathered[-1], part):
            yield "code", "\n".join(one.text for one in gathered)
            gathered = []
        gathered.append(part)
        if part is made:
            yield "code", "\n".join(one.text for one in gathered)
            yield "code", f"%mcp use {variable}"
            gathered = []
    if gathered:
        yield "code", "\n".join(one.text for one in gathered)


def _together(one: Part, next_one: Part) -> bool:
    """Whether two statements share a cell: plain ones, and the overloads of one function."""
    names = [getattr(part.node, "name", None) for part in (one, next_one)]
    return names[0] == names[1] and _made_by(next_one.node) is None


def _write(notebook: Path, cells: list[tuple[str, str]]) -> None:
    # Half a second to import, and only this needs it.
    import nbformat
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    make: dict[str, Any] = {"code": new_code_cell, "markdown": new_markdown_cell}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = [make[kind](text, id=f"cell-{number}") for number, (kind, text) in enumerate(cells, 1)]
    text = nbformat.writes(new_notebook(cells=made, metadata={"kernelspec": kernel}))
    with notebook.open("x", encoding="utf-8") as file:
        file.write(text + "\n")
