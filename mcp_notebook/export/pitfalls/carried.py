"""What is wrong with carried statements in themselves: magics, awaits, questions, modules of this place."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator, Sequence

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.files import files
from mcp_notebook.export.pitfalls.subject import subject
from mcp_notebook.slicing.statements import Magic, Notebook, Statement, awaits, eager_nodes

__all__ = ["in_statements"]


def in_statements(notebook: Notebook, carried: Sequence[Statement]) -> Iterator[Finding]:
    """Give what is wrong with carried statements in themselves: magics, awaits, paths, modules of this place."""
    magics = {(magic.cell, magic.line): magic for magic in notebook.magics}
    for statement in carried:
        for line in range(statement.first, statement.last + 1):
            if (magic := magics.get((statement.cell, line))) and not magic.is_python:
                yield _magic(statement, magic)
        name = subject(statement)
        if statement.raised:
            what = "this statement raised when it ran, so that it may have run in part; in a package it raises again."
            yield Finding("stops", statement.cell, name, what, "Fix the cell and run it again.")
        if awaits(statement.node):
            what = "it comes from a top-level await, which a module cannot do."
            way_out = "Make it in a function, in the server's lifespan, or by asyncio.run(...) of a function."
            yield Finding("stops", statement.cell, name, what, way_out)
        yield from _asks(statement)
        yield from _looks_up(statement)
        yield from _imports(statement)
    yield from files(notebook, carried)


def _magic(statement: Statement, magic: Magic) -> Finding:
    what = f"the line {magic.text.splitlines()[0]!r} is not Python, and what the server needs contains it."
    return Finding("stops", statement.cell, subject(statement), what, "Write it as Python, or take it out.")


def _asks(statement: Statement) -> Iterator[Finding]:
    match statement.node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return
        case ast.Assign(targets=[ast.Name(), *_]) | ast.AnnAssign(target=ast.Name()):
            return  # which becomes a setting
    for part in eager_nodes(statement.node):
        if isinstance(part, ast.Call) and ast.unparse(part.func) in {"input", "getpass", "getpass.getpass"}:
            what = "a person typed this value; a server that starts has nobody to ask."
            way_out = "Read it from os.environ, or give it a name in a line of its own."
            yield Finding("stops", statement.cell, subject(statement), what, way_out)
            return


def _looks_up(statement: Statement) -> Iterator[Finding]:
    """Warn of names that are only known when the code runs: what nothing else needs is not in the package."""
    if not isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for part in ast.walk(statement.node):
        text = ast.unparse(part) if isinstance(part, ast.Call | ast.Subscript) else ""
        if text in _ALL_NAMES or (text.startswith(("eval(", "exec(")) and _alone(part)):
            what = f"{text} finds names of the notebook when it runs, and only what is named elsewhere is carried."
            yield Finding(
                "warns", statement.cell, subject(statement), what, "Give it a dict of the names that it may use."
            )


_ALL_NAMES = {"globals()", "sys.modules[__name__]"}


def _alone(call: ast.AST) -> bool:
    return isinstance(call, ast.Call) and len(call.args) == 1


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
