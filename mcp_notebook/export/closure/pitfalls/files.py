"""Files that carried code reads and a package does not have: those of this machine, those that cells left out make."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from mcp_notebook.export.closure.statements import Notebook, Statement
from mcp_notebook.export.findings import Finding

__all__ = ["files", "makes_sure_of_a_directory", "paths"]

MAKING = {
    "dump", "makedirs", "mkdir", "save", "savefig", "savetxt", "symlink", "touch", "urlretrieve", "write_bytes",
    "write_text",
}  # fmt: skip
"""Calls that make a file, beside `open` for writing and the methods named ``to_...``."""

WAY_OUT = "put the file into the package and read it with importlib.resources, or make it in the lifespan."


def files(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Warn of each file that carried code names; once for each statement."""
    here = {statement.index for statement in carried}
    made = dict(_made(notebook, here))
    for statement in carried:
        for text in dict.fromkeys(paths(statement.node)):
            if Path(text).name.startswith(".env") and _is_here(text):
                what = "this file is on this machine, and what it holds is no part of a package."
                yield Finding("warns", statement.cell, repr(text), what, "Read os.environ, which becomes settings.")
            elif text in made:
                what = f"cell {made[text]} makes this file and is left out, so the package does not have it."
                yield Finding("warns", statement.cell, repr(text), what, WAY_OUT[0].upper() + WAY_OUT[1:])
            elif _is_here(text):
                what = "this file or directory is on this machine, and not in the package."
                yield Finding("warns", statement.cell, repr(text), what, f"Make the path a setting, or {WAY_OUT}")


def makes_sure_of_a_directory(node: ast.stmt) -> bool:
    """Whether all that a statement does is to make a directory, unless it is there."""
    if isinstance(node, ast.If) and len(node.body) == 1 and not node.orelse and "exists" in ast.unparse(node.test):
        return _makes_a_directory(node.body[0])
    return _makes_a_directory(node) and "exist_ok=True" in ast.unparse(node)


def _makes_a_directory(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and getattr(call.func, "attr", "") in {"mkdir", "makedirs"}


def _made(notebook: Notebook, carried: Collection[int]) -> Iterator[tuple[str, int]]:
    """Yield the files that what is left out makes, each with its cell."""
    for magic in notebook.magics:
        if magic.name == "writefile":
            yield magic.text.split("\n")[0].split()[-1], magic.cell
    for statement in notebook.statements:
        if statement.index not in carried and any(map(_makes, ast.walk(statement.node))):
            yield from ((text, statement.cell) for text in paths(statement.node) if "." in text.strip("."))


def _makes(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name == "open":
        modes = [*node.args[-1:], *(word.value for word in node.keywords if word.arg == "mode")]
        return any(isinstance(mode, ast.Constant) and {*str(mode.value)} & {*"wax"} for mode in modes if _is_mode(mode))
    return name in MAKING or name.startswith("to_")


def _is_mode(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and {*str(node.value)} <= {*"rwaxbt+"}


def paths(node: ast.AST) -> Iterator[str]:
    """Yield the literals of a statement that may be paths."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _may_be_path(part.value):
            yield part.value


def _may_be_path(text: str) -> bool:
    if not 1 < len(text) < 250 or any(character in text for character in "\n\0 *?<>|{}") or "://" in text:
        return False
    return ("/" in text or "." in text) and bool(text.strip("."))


def _is_here(text: str) -> bool:
    try:
        return text not in {"/", "/dev/null", "/tmp"} and Path(text).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False
