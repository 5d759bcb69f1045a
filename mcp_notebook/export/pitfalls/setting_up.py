"""Cells that set variables of the environment, or the working directory: said where what is carried depends on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.subject import code_of, line_of
from mcp_notebook.export.settings import environment_reads
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["environment", "working_directory"]

_SETS = re.compile(r"%(?:set_)?env\s+(\w+)(?:\s*=|\s+)\s*\S")
_OPENING = {"Path", "connect", "create_engine", "glob", "listdir", "loadtxt", "makedirs", "mkdir", "open", "scandir"}
_HERE = {"cwd", "getcwd"}
_FILE = re.compile(r"(?:sqlite:///)?(?!/|~|\w+:)[\w .\-/]*(?:/[\w .\-]+|\.\w{1,8})|\.{1,2}")


def environment(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Name the variables that cells set: a package reads them from its own environment. Values are never named."""
    way_out = "Set it where the package is started."
    what = "is set here for the notebook; the package reads it from its own environment."
    for statement in notebook.statements:
        for name in dict.fromkeys(environment_reads.only_sets(statement.node)):
            yield Finding("notes", statement.cell, name, what, way_out)
    read = {name for statement in carried for name in environment_reads.variables(statement.node)}
    for magic in notebook.magics:
        if (found := _SETS.match(magic.text)) and read & {found[1], "*"}:
            yield Finding("notes", magic.cell, found[1], what, way_out)


def working_directory(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Warn of a change of the working directory that a relative path depends on."""
    depending = next((path for s in carried for path in _relative(s.node)), None)
    if depending is None:
        return
    moves = [(magic.cell, magic.text) for magic in notebook.magics if magic.name == "cd"]
    left_out = (s for s in notebook.statements if s not in carried)
    moves += [(s.cell, line_of(s)) for s in left_out if code_of(s).startswith("os.chdir(")]
    for cell, text in moves:
        what = f"a package does not do this, so {depending} is looked for in the directory that it is started in."
        yield Finding("warns", cell, text, what, "Use paths that do not depend on the directory.")


def _relative(node: ast.stmt) -> Iterator[str]:
    """Yield what in a statement depends on the working directory."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in _HERE:
            yield ast.unparse(call)
        if name in _OPENING or name.startswith("read_"):
            texts = (arg.value for arg in call.args if isinstance(arg, ast.Constant))
            yield from (repr(text) for text in texts if isinstance(text, str) and _FILE.fullmatch(text))
