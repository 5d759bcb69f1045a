"""What stays behind: statements with effects outside one by one, definitions in one line."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls import setting_up
from mcp_notebook.export.pitfalls.files import paths
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["LEFT_OUT", "left_out"]

LEFT_OUT = "left out: nothing that the server needs uses it."

_EXECUTED = re.compile(r"exec\(|(globals|locals|vars)\(\)(\[|\.(update|setdefault)\b)")

MOST = 10
"""Names that one line lists."""


def left_out(
    notebook: Notebook, carried: Collection[Statement], outside: Mapping[int, Collection[str]]
) -> Iterator[Finding]:
    """Give what stays behind; `outside` is what statements do outside the notebook's own objects, by their index."""
    yield from _marked(notebook, carried)
    yield from _executed(notebook, carried)
    yield from _with_effects(notebook, carried, outside)
    yield from setting_up.environment(notebook, carried)
    yield from setting_up.working_directory(notebook, carried)
    yield from _definitions(notebook, carried)
    yield from _unparsed(notebook)


def _marked(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Warn of statements that the author wants kept and that no module can have."""
    here = {statement.index for statement in carried}
    for statement in notebook.statements:
        if statement.mark == "keep" and statement.index not in here:
            what = "is marked # keep, but it awaits, which a module cannot do while it is imported."
            yield Finding("warns", statement.cell, line_of(statement), what, "Await it in the lifespan.")


def _executed(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Warn of statements that may bind or change anything, by a text or a name that is only known when they run."""
    here = {statement.index for statement in carried}
    for statement in notebook.statements:
        if statement.index not in here and _EXECUTED.match(line_of(statement)):
            what = "what this line does to variables cannot be read from it, so it is left out."
            yield Finding("warns", statement.cell, line_of(statement), what, "Write it as statements in a cell.")


def _variables(statements: Collection[Statement]) -> set[str]:
    """Return the variables that statements bind, functions and what is imported not among them."""
    code = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    nodes = (node for s in statements if not isinstance(s.node, code) for node in ast.walk(s.node))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _with_effects(
    notebook: Notebook, carried: Collection[Statement], outside: Mapping[int, Collection[str]]
) -> Iterator[Finding]:
    here = {statement.index for statement in carried}
    variables = _variables(carried)
    read = {path for statement in carried for path in paths(statement.node)}
    for index in sorted(outside.keys() - here):
        statement = notebook.statements[index]
        line = line_of(statement)
        if "get_ipython" in line or _EXECUTED.match(line):  # for the kernel alone, or said already
            continue
        if "a file" in outside[index] and read.intersection(paths(statement.node)):  # said of what reads it
            continue
        shared = {n.id for n in ast.walk(statement.node) if isinstance(n, ast.Name)} & variables
        if "a file" in outside[index] and shared:
            what = f"writes a file by {min(shared)}, which the server uses; it is left out, and so is the file."
            yield Finding(
                "warns",
                statement.cell,
                line,
                what,
                "If the server needs the file, mark the line # keep, or write it in the lifespan.",
            )
        else:
            what = "left out: nothing that the server needs depends on it."
            yield Finding(
                "notes",
                statement.cell,
                line,
                what,
                "If it prepares something, mark the line # keep, or do so in the lifespan.",
            )


def _definitions(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Name the functions, classes and values that are not carried; what cells do otherwise is no news to anybody."""
    here = {statement.index for statement in carried}
    defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    left = [s for s in notebook.statements if s.index not in here and isinstance(s.node, defining) and not s.raised]
    bound = frozenset[str]().union(*(names.of(statement.node).binds for statement in carried))
    found = sorted({name for s in left for name in names.of(s.node).binds if name[0] != "_"} - bound)
    if found:
        more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
        yield Finding("notes", None, ", ".join(found[:MOST]) + more, LEFT_OUT, "The mark # keep on a line carries it.")


def _unparsed(notebook: Notebook) -> Iterator[Finding]:
    for number, reason in notebook.unparsed:
        yield Finding("warns", number, "the cell", f"it does not parse as Python ({reason}), so it is left out.")
