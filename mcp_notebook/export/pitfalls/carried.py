"""Faults of carried statements in themselves: magics, awaits, questions, and modules that are not installed."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator, Sequence

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.subject import subject
from mcp_notebook.slicing.statements import Notebook, Statement, awaits, eager_nodes

__all__ = ["in_statements"]

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_ALL_NAMES = {"globals()", "sys.modules[__name__]"}


def in_statements(notebook: Notebook, carried: Sequence[Statement]) -> Iterator[Finding]:
    """Yield the faults of carried statements, one statement after the other."""
    magics = {(magic.cell, magic.line): magic for magic in notebook.magics if not magic.is_python}
    for statement in carried:
        name = subject(statement)
        for line in range(statement.first, statement.last + 1):
            if (magic := magics.get((statement.cell, line))) is not None:
                what = f"the line {magic.text.splitlines()[0]!r} is not Python, and what the server needs contains it."
                yield Finding("stops", statement.cell, name, what, "Write it as Python, or take it out.")
        if statement.raised:
            what = "this statement raised when it ran, so that it may have run in part; in a package it raises again."
            yield Finding("stops", statement.cell, name, what, "Fix the cell and run it again.")
        if awaits(statement.node):
            what = "it comes from a top-level await, which a module cannot do."
            way_out = "Make it in a function, in the server's lifespan, or by asyncio.run(...) of a function."
            yield Finding("stops", statement.cell, name, what, way_out)
        if _asks(statement.node):
            what = "a person typed this value; a server that starts has nobody to ask."
            way_out = "Read it from os.environ, or give it a name in a line of its own."
            yield Finding("stops", statement.cell, name, what, way_out)
        for text in _looks_up(statement.node):
            what = f"{text} finds names of the notebook when it runs, and a package has only names that are used."
            yield Finding("warns", statement.cell, name, what, "Give it a dict of the names that it may use.")
        for module in _imported(statement.node):
            if module.split(".")[0] != "mcp_notebook" and _is_local(module.split(".")[0]):
                what = "this module is a file of this place, which no package installs."
                way_out = "Paste it into a cell, or make it a package and install it."
                yield Finding("stops", statement.cell, module, what, way_out)


def _asks(node: ast.stmt) -> bool:
    """Return whether a statement asks a person; the value of a variable becomes a setting instead."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if isinstance(node, _FUNCTIONS) or (isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name)):
        return False
    calls = (part for part in eager_nodes(node) if isinstance(part, ast.Call))
    return any(ast.unparse(call.func) in {"input", "getpass", "getpass.getpass"} for call in calls)


def _looks_up(node: ast.stmt) -> Iterator[str]:
    """Yield calls of a definition that find names by a text."""
    for part in ast.walk(node) if isinstance(node, _FUNCTIONS | ast.ClassDef) else ():
        if isinstance(part, ast.Call | ast.Subscript):
            text = ast.unparse(part)
            alone = isinstance(part, ast.Call) and len(part.args) == 1
            if text in _ALL_NAMES or (alone and text.startswith(("eval(", "exec("))):
                yield text


def _imported(node: ast.stmt) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            yield "." * part.level + (part.module or "")


def _is_local(module: str) -> bool:
    """Return whether a module exists, but neither in Python nor in an installed distribution."""
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
