"""Files that carried code uses and a package does not have: those of this machine, those that cells left out make."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.paths import HERE, Paths
from mcp_notebook.export.pitfalls.subject import code_of, line_of
from mcp_notebook.file_calls import makes_file, name_of, removes_file
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["directories", "files", "removals", "working_directory"]

WAY_OUT = "put the file into the package and read it with importlib.resources, or make it in the lifespan."

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def files(notebook: Notebook, carried: Collection[Statement], paths: Paths) -> Iterator[Finding]:
    """Warn of each file that carried code names; once, and not of a directory if a file in it is named."""
    named = {statement: list(dict.fromkeys(paths.named(statement.node))) for statement in carried}
    every = {text for texts in named.values() for text in texts}
    # A file that a carried statement makes is there in the package too.
    said = {t for s, ts in named.items() if not isinstance(s.node, _FUNCTIONS) and _makes(s.node) for t in ts}
    said |= {text for text in every if any(other.startswith(f"{text.rstrip('/')}/") for other in every)}
    made = {magic.text.split("\n")[0].split()[-1]: magic.cell for magic in notebook.magics if magic.name == "writefile"}
    for statement in notebook.statements:
        if statement not in named and _makes(statement.node):
            made |= {text: statement.cell for text in paths.named(statement.node) if "." in text.strip(".")}
    for statement, texts in named.items():
        for text in texts:
            here = _is_here(text)
            if text in said or not (here or text in made):
                continue
            said.add(text)
            if Path(text).name.startswith(".env") and here:
                what, way_out = (
                    "this file is on this machine, and no package has it.",
                    "Read os.environ, which becomes settings.",
                )
            elif text in made:
                what = f"cell {made[text]} makes this file and is left out, so the package does not have it."
                way_out = WAY_OUT[0].upper() + WAY_OUT[1:]
            else:
                what = "this file or directory is on this machine, and not in the package."
                way_out = f"Make the path a setting, or {WAY_OUT}"
            yield Finding("warns", statement.cell, repr(text), what, way_out)


def working_directory(notebook: Notebook, carried: Collection[Statement], paths: Paths) -> Iterator[Finding]:
    """Warn of a change of the working directory that a relative path depends on."""
    moves = [(magic.cell, magic.text) for magic in notebook.magics if magic.name == "cd"]
    left_out = (s for s in notebook.statements if s not in carried)
    moves += [(s.cell, line_of(s)) for s in left_out if code_of(s).startswith("os.chdir(")]
    if not moves:
        return
    relative = [repr(text) for s in carried for text in paths.named(s.node) if not text.startswith(("/", "~"))]
    asks = any(isinstance(n, ast.Call) and name_of(n) in HERE for s in carried for n in ast.walk(s.node))
    depending = next(iter(relative), "its files" if asks else None)
    for cell, text in moves if depending else []:
        what = f"a package does not do this, so it looks for {depending} in the directory that it is started in."
        yield Finding("warns", cell, text, what, "Use paths that do not depend on the directory.")


def directories(statements: Sequence[Statement], carried: Collection[int]) -> Iterator[int]:
    """Yield the statements, not carried, that make a directory of carried ones unless it is there."""
    making = [s for s in statements if s.index not in carried and _makes_sure_of_a_directory(s.node)]
    if not making:
        return
    imports = (ast.Import, ast.ImportFrom)
    bound = {s.index: names.of(s.node).binds for s in statements if not isinstance(s.node, imports)}
    every = frozenset[str]().union(*bound.values())
    here = frozenset[str]().union(*(bound.get(index, ()) for index in carried))
    for statement in making:
        read = names.of(statement.node).reads & every
        if read and read <= here:
            yield statement.index


def _makes_sure_of_a_directory(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        inside = node.body[0] if len(node.body) == 1 and not node.orelse else node
        return "exists" in ast.unparse(node.test) and _makes_directory(inside)
    return _makes_directory(node) and "exist_ok=True" in ast.unparse(node)


def _makes_directory(node: ast.stmt) -> bool:
    call = getattr(node, "value", None)
    return isinstance(call, ast.Call) and name_of(call) in {"mkdir", "makedirs"}


def removals(statements: Sequence[Statement], carried: Collection[int]) -> Iterator[int]:
    """Yield the statements, not carried, that remove a file which a carried one before them makes."""
    removing = [s for s in statements if s.index not in carried and _removes(s.node)]
    if not removing:
        return
    paths = Paths(statement.node for statement in statements)
    makers = {s.node.name for s in statements if isinstance(s.node, _FUNCTIONS) and _makes(s.node)}
    made: dict[str, int] = {}
    for statement in statements:
        if statement.index in carried and not isinstance(statement.node, _FUNCTIONS):
            calls = (part for part in ast.walk(statement.node) if isinstance(part, ast.Call))
            if any(makes_file(call) or name_of(call) in makers for call in calls):
                made |= dict.fromkeys(paths.named(statement.node), statement.index)
    for statement in removing:
        if any(made.get(text, statement.index) < statement.index for text in paths.named(statement.node)):
            yield statement.index


def _removes(node: ast.stmt) -> bool:
    """Return whether a statement only removes a file, perhaps if it is there."""
    if isinstance(node, ast.If) and len(node.body) == 1 and not node.orelse:
        return _removes(node.body[0])
    return isinstance(node, ast.Expr) and removes_file(node.value)


def _makes(node: ast.stmt) -> bool:
    return any(map(makes_file, ast.walk(node)))


def _is_here(text: str) -> bool:
    try:
        if text.rstrip("/") in {"", "/dev/null", "/tmp", "~"}:
            return False
        place = Path(text).expanduser()
        if "*" in text or "?" in text:
            pattern = str(place.relative_to(place.anchor))
            return any(True for _ in Path(place.anchor or ".").glob(pattern))
        return place.exists()
    except (OSError, RuntimeError, ValueError):
        return False
