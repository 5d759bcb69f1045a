"""Write a module with an MCPServer, and the author's other modules that it imports, as a notebook."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mcp_notebook.errors import NotebookError
from mcp_notebook.importing.fastmcp_renaming import fastmcp_import, renamed
from mcp_notebook.importing.flattening import Flat, FlatStatement, flatten
from mcp_notebook.importing.made_servers import MadeServer, made_servers, why_none
from mcp_notebook.importing.writing import new_notebook_at, write_notebook

__all__ = ["Imported", "import_server"]


@dataclass(frozen=True)
class Imported:
    """The outcome of an import.

    Attributes:
        notebook: The file that was written.
        source: The module with the server.
        variable: The variable with the server.
        cells: The number of code cells.
        notes: The differences from the module, a sentence each.
    """

    notebook: Path
    source: Path
    variable: str
    cells: int
    notes: tuple[str, ...]

    @property
    def about(self) -> str:
        """A line on what it has."""
        return f"{self.cells} cells from {self.source.name}, server {self.variable!r}."

    def __str__(self) -> str:
        return "\n".join([f"{self.notebook.name}: {self.about}", *(f"  {note}" for note in self.notes)])


def import_server(path: Path, to: Path | None, folder: Path, *, rename_fastmcp: bool = False) -> Imported:
    """Write a server's modules as a notebook with the same definitions.

    Args:
        path: A module that makes an `MCPServer`, a package that has a ``server.py``, or the folder of its project.
        to: The notebook to write; defaults to the module's or package's name in `folder`.
        folder: The folder for the notebook.
        rename_fastmcp: Whether to replace the names of ``FastMCP`` by those of the SDK.

    Raises:
        NotebookError: There is no such server, its modules do not fit into one namespace, or the notebook exists.
    """
    source = _server_module(path)
    notebook = new_notebook_at(folder / (to or f"{_name(source)}.ipynb"))
    notes: list[str] = []

    def rewrite(text: str, module: str) -> str:
        new, said = renamed(text, module)
        notes.extend(said)
        return new

    flat = flatten(source, rewrite) if rename_fastmcp else flatten(source)
    nodes = [*flat.import_nodes(), *(part.node for part in flat.parts)]
    found = made_servers(nodes, flat.guards)
    if not found:
        raise NotebookError(_why_none(source, flat, nodes))
    server, *others = (replace(made, index=_part(made.index, flat)) for made in found)
    notes = [*dict.fromkeys(notes), *flat.notes]
    if server.index is None:
        notes.append(f"An added cell makes the server: {server.cell}.")
    notes += [f"{other.variable!r} is also a server; to work on it: %mcp use {other.variable}." for other in others]
    cells = list(_cells(flat, server))
    if any(isinstance(node, ast.Name) and node.id == "__file__" for part in flat.parts for node in ast.walk(part.node)):
        place = Path(os.path.relpath(source, notebook.parent)).as_posix()
        cells.insert(1, ("code", f"# A notebook has no __file__. This is the module's.\n__file__ = {place!r}"))
        notes.append(f"__file__ is used; in the notebook it is {place!r} for all modules.")
    write_notebook(notebook, cells)
    return Imported(notebook, source, server.variable, sum(kind == "code" for kind, _ in cells), tuple(notes))


def _part(index: int | None, flat: Flat) -> int | None:
    """Convert an index into all statements to one into the parts, without the imports at the top."""
    return None if index is None else index - len(flat.import_nodes())


def _why_none(source: Path, flat: Flat, nodes: Sequence[ast.stmt]) -> str:
    if old := fastmcp_import(ast.Module([*nodes, *flat.guards], [])):
        return (
            f"{source.name}: FastMCP ({old}) is not the SDK's class. Write 'from mcp.server.mcpserver import "
            "MCPServer' and MCPServer(...) instead, or let the import do that with --rename-fastmcp."
        )
    if why := why_none(nodes, flat.guards):
        return f"{source.name}, {why}"
    return f"{source} makes no MCPServer at its top level. Name the module that does."


def _server_module(path: Path) -> Path:
    if path.is_file():
        return path.resolve()
    found = [*path.glob("server.py"), *path.glob("src/*/server.py"), *path.glob("*/server.py")]
    for pattern in ("*.py", "src/*/*.py", "*/*.py"):
        found = found or [file for file in sorted(path.glob(pattern)) if _names_a_server(file)]
    if not path.is_dir() or not found:
        raise NotebookError(f"There is no module with an MCPServer at {path}. Give a module, NAME.py, or its folder.")
    if len(found) > 1 and found[0].parent != path:
        raise NotebookError(
            f"There are several servers: {', '.join(str(file) for file in found)}. Name one of these files."
        )
    return found[0].resolve()


def _names_a_server(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    return not file.name.startswith("test_") and ("MCPServer(" in text or "FastMCP(" in text)


def _name(source: Path) -> str:
    """Name the notebook after the module, or after the package if the module is in one."""
    return source.parent.name if (source.parent / "__init__.py").exists() else source.stem


def _cells(flat: Flat, server: MadeServer) -> Iterator[tuple[str, str]]:
    """Yield the kind and text of each cell: the imports, then the statements, each definition in its own cell."""
    if flat.title:
        yield "markdown", flat.title
    yield "code", "%load_ext mcp_notebook"
    if flat.imports:
        yield "code", "\n".join(flat.imports)
    use = [("code", text) for text in (server.cell, f"%mcp use {server.variable}") if text]
    gathered: list[FlatStatement] = []
    for index, part in enumerate(flat.parts):
        if gathered and not (_together(gathered[-1], part) and index != server.index):
            yield "code", "\n".join(one.text for one in gathered)
            gathered = []
        gathered.append(part)
        if index == server.index:
            yield "code", "\n".join(one.text for one in gathered)
            yield from use
            gathered = []
    if gathered:
        yield "code", "\n".join(one.text for one in gathered)
    if server.index is None:
        yield from use


def _together(one: FlatStatement, next_one: FlatStatement) -> bool:
    """Return whether two statements share a cell: plain ones do, and the overloads of a function."""
    return getattr(one.node, "name", None) == getattr(next_one.node, "name", None)
