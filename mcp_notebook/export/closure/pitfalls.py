"""What a slice of a notebook cannot carry, and what it leaves out: each by cell and name, with the way out."""

from __future__ import annotations

import ast
import builtins
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from mcp_notebook.export.closure import magic_findings
from mcp_notebook.export.closure.magics_text import Magic
from mcp_notebook.export.closure.statements import Notebook, Statement
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.settings.secrets import hide

__all__ = ["awaits", "changed_later", "eager", "in_statements", "left_out", "line_of", "not_followed", "unbound"]

_OF_A_MODULE = {"__name__", "__file__", "__doc__", "__builtins__", "__annotations__", "__debug__", "__path__"}
_KERNEL = {"get_ipython", "display", "In", "Out", "exit", "quit", "_dh"}
_HISTORY = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_dh|_oh|_ih")


def unbound(name: str, cell: int | None, notebook: Notebook) -> Finding | None:
    """Return the finding for a name that is read where no cell has bound it; None where Python itself knows it."""
    if name in _KERNEL or _HISTORY.fullmatch(name):
        way_out = {
            "display": "Return the value, or take the line out of the function.",
            "get_ipython": "Take the line out, or guard it in a cell of its own.",
        }.get(name, "Keep the value in a variable of your own: name = ... in a cell.")
        return Finding("stops", cell, name, "only a kernel has this name; a package has not.", way_out)
    if hasattr(builtins, name) or name in _OF_A_MODULE:
        return None
    made = next((magic for magic in notebook.magics if re.search(rf"\b{re.escape(name)}\b", magic.text)), None)
    if made is not None:
        what = (
            f"only the line {made.text.splitlines()[0]!r} of cell {made.cell} makes it, and a package runs no magics."
        )
        return Finding("stops", cell, name, what, "Make it by Python code in a cell.")
    failed = ", ".join(str(number) for number, _ in notebook.unparsed)
    what = "no cell that ran binds this name, so only the live session has it."
    hint = f" Cell {failed} does not parse as Python." if failed else ""
    for magic in notebook.magics:
        if magic.name in {"run", "load_ext"} and "mcp_notebook" not in magic.text:
            hint += f" It may come from {magic.text!r} in cell {magic.cell}, and a package runs no magics."
    return Finding("stops", cell, name, what + hint, "Define or import it in a cell, run that, and export again.")


def in_statements(notebook: Notebook, carried: Sequence[Statement]) -> Iterator[Finding]:
    """Give what is wrong with carried statements in themselves: magics, awaits, paths, modules of this place."""
    magics = {(magic.cell, magic.line): magic for magic in notebook.magics}
    for statement in carried:
        for line in range(statement.first, statement.last + 1):
            if (magic := magics.get((statement.cell, line))) and not magic.is_python:
                yield _magic(statement, magic)
        name = _subject(statement)
        if statement.raised:
            what = "this statement raised when it ran, so that it may have run in part; in a package it raises again."
            yield Finding("stops", statement.cell, name, what, "Mend the cell and run it again.")
        if awaits(statement.node):
            what = "it comes from a top-level await, which a module cannot do."
            way_out = "Make it in a function, in the server's lifespan, or by asyncio.run(...) of a function."
            yield Finding("stops", statement.cell, name, what, way_out)
        yield from _asks(statement)
        yield from _imports(statement)
        yield from _paths(statement)


def _magic(statement: Statement, magic: Magic) -> Finding:
    what = f"the line {magic.text.splitlines()[0]!r} is no Python, and what the server needs contains it."
    return Finding("stops", statement.cell, _subject(statement), what, "Write it as Python, or take it out.")


def not_followed(statement: Statement, names: Sequence[str], *, is_trial: bool) -> Finding:
    """Return the finding for a statement that is not carried, though it may have changed what is."""
    reason = "is a trial" if is_trial else "raised" if statement.raised else "awaits at the top level"
    what = f"{line_of(statement)!r} may change it, but {reason} and is not carried, so the package begins without that."
    way_out = "If it belongs to the server, change it in a statement of its own, or in the lifespan."
    return Finding("warns", statement.cell, ", ".join(names), what, way_out)


def changed_later(name: str, statement: Statement) -> Finding:
    """Return the finding for a variable that a statement of another cell than its own changes, which is carried."""
    what = f"{line_of(statement)!r} changes it in another cell than its own; carried, so the package begins with it."
    return Finding("notes", statement.cell, name, what, "If it was a trial, restart and export without it.")


def left_out(notebook: Notebook, carried: Collection[Statement], outside: Collection[int]) -> Iterator[Finding]:
    """Give what stays behind: statements with effects one by one, the other cells in one line."""
    here = {statement.index for statement in carried}
    named = set()
    for index in sorted(outside):
        if index not in here and "get_ipython" not in line_of(notebook.statements[index]):  # for the kernel alone
            statement = notebook.statements[index]
            named.add(statement.cell)
            what = "nothing that the server needs depends on this line, so it is left out."
            yield Finding(
                "notes", statement.cell, line_of(statement), what, "If it prepares something, do so in the lifespan."
            )
    yield from magic_findings.environment(notebook, carried)
    yield from magic_findings.working_directory(notebook, carried)
    numbers = [number for number in notebook.cells if not any(statement.cell == number for statement in carried)]
    if numbers:
        listed = ", ".join(map(str, numbers))
        yield Finding(
            "notes", None, f"cells {listed}" if len(numbers) > 1 else f"cell {listed}", "left out: not needed."
        )
    for number, reason in notebook.unparsed:
        yield Finding("warns", number, "the cell", f"it does not parse as Python ({reason}), so it is left out.")


def _subject(statement: Statement) -> str:
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
    return line_of(statement)


def line_of(statement: Statement) -> str:
    """Return the first line of a statement, cut short, and without secrets."""
    text = hide(ast.unparse(statement.node).splitlines()[0], {}, path="line.py")  # what is cut cannot be found later
    return text if len(text) <= 60 else text[:57] + "..."


def eager(node: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes that run with a statement, function bodies left out."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from eager(child)


def awaits(node: ast.stmt) -> bool:
    """Whether a statement awaits when it runs, which only a cell can do."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any(
        isinstance(part, ast.Await | ast.AsyncFor | ast.AsyncWith) or getattr(part, "is_async", 0)
        for part in [node, *eager(node)]
    )


def _asks(statement: Statement) -> Iterator[Finding]:
    if isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for part in eager(statement.node):
        if isinstance(part, ast.Call) and ast.unparse(part.func) in {"input", "getpass", "getpass.getpass"}:
            what = "a person typed this value; a server that starts has nobody to ask."
            yield Finding(
                "stops", statement.cell, _subject(statement), what, "Read it from os.environ, or mark it as a setting."
            )
            return


def _imports(statement: Statement) -> Iterator[Finding]:
    for part in ast.walk(statement.node):
        if isinstance(part, ast.Import):
            modules = [alias.name for alias in part.names]
        elif isinstance(part, ast.ImportFrom):
            modules = ["." * part.level + (part.module or "")]
        else:
            continue
        for module in modules:
            top = module.split(".")[0]
            if top != "mcp_notebook" and _is_local(top):  # ours: the writer of the module says who uses what
                what = "this module is a file of this place, which no package installs."
                way_out = "Paste it into a cell, or make it a package and install it."
                yield Finding("stops", statement.cell, module, what, way_out)


def _is_local(module: str) -> bool:
    """Whether a module is found, but neither Python's nor of an installed distribution."""
    if not module or module in sys.stdlib_module_names or module in sys.builtin_module_names:
        return not module
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    origin = found.origin if found is not None else None
    if origin is None or "site-packages" in origin:
        return False
    return module not in importlib.metadata.packages_distributions()  # asked last: it reads all that is installed


def _paths(statement: Statement) -> Iterator[Finding]:
    for part in ast.walk(statement.node):
        if not (isinstance(part, ast.Constant) and isinstance(part.value, str)) or not _is_path(part.value):
            continue
        what = "this file or directory is on this machine, and not in the package."
        way_out = "Make the path a setting, or put the file into the package and read it with importlib.resources."
        yield Finding("warns", statement.cell, repr(part.value), what, way_out)


def _is_path(text: str) -> bool:
    if not 1 < len(text) < 250 or any(character in text for character in "\n\0 *?<>|{}") or "://" in text:
        return False
    if "/" not in text and "." not in text.strip("."):
        return False
    try:
        return text not in {"/", ".", "..", "/dev/null", "/tmp"} and Path(text).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False
