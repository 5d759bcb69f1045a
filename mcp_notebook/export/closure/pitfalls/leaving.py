"""What stays behind: statements with effects outside one by one, definitions in one line."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Set

from mcp_notebook.export.closure import names
from mcp_notebook.export.closure.pitfalls import setting_up
from mcp_notebook.export.closure.pitfalls.subject import line_of
from mcp_notebook.export.closure.statements import Notebook, Statement
from mcp_notebook.export.findings import Finding

__all__ = ["LEFT_OUT", "left_out"]

LEFT_OUT = "left out: nothing that the server needs uses it."

MOST = 10
"""Names that one line lists."""


def left_out(notebook: Notebook, carried: Collection[Statement], outside: Set[int]) -> Iterator[Finding]:
    """Give what stays behind; `outside` are the statements that do something outside the notebook's own objects."""
    yield from _with_effects(notebook, carried, outside)
    yield from setting_up.environment(notebook, carried)
    yield from setting_up.working_directory(notebook, carried)
    yield from _definitions(notebook, carried)
    yield from _unparsed(notebook)


def _with_effects(notebook: Notebook, carried: Collection[Statement], outside: Set[int]) -> Iterator[Finding]:
    here = {statement.index for statement in carried}
    for index in sorted(outside - here):
        statement = notebook.statements[index]
        line = line_of(statement)
        if "get_ipython" not in line:  # for the kernel alone
            what = "nothing that the server needs depends on this line, so it is left out."
            yield Finding("notes", statement.cell, line, what, "If it prepares something, do so in the lifespan.")


def _definitions(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Name the functions, classes and values that are not carried; what cells do otherwise is no news to anybody."""
    here = {statement.index for statement in carried}
    defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    left = [s for s in notebook.statements if s.index not in here and isinstance(s.node, defining) and not s.raised]
    bound = frozenset[str]().union(*(names.of(statement.node).binds for statement in carried))
    found = sorted({name for s in left for name in names.of(s.node).binds if name[0] != "_"} - bound)
    if found:
        more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
        yield Finding("notes", None, ", ".join(found[:MOST]) + more, LEFT_OUT)


def _unparsed(notebook: Notebook) -> Iterator[Finding]:
    for number, reason in notebook.unparsed:
        yield Finding("warns", number, "the cell", f"it does not parse as Python ({reason}), so it is left out.")
