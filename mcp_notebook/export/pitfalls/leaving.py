"""Statements that a package does not have: those with effects one by one, definitions in one line."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.paths import Paths
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.export.settings import environment_reads
from mcp_notebook.slicing import names
from mcp_notebook.slicing.slicer import Slice
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["LEFT_OUT", "changes", "left_out"]

LEFT_OUT = "left out: nothing that the server needs uses it."

_EXECUTED = re.compile(r"exec\(|(globals|locals|vars)\(\)(\[|\.(update|setdefault)\b)")
_SETS = re.compile(r"%(?:set_)?env\s+(\w+)(?:\s*=|\s+)\s*\S")

MOST = 10
"""Names that one line lists."""


def changes(found: Slice) -> Iterator[Finding]:
    """Name the changes of carried values that a reader may not expect: not carried, or made in another cell."""
    for each in found.not_followed:
        statement = each.statement
        reason = "is a trial" if each.is_trial else "raised" if statement.raised else "awaits at the top level"
        line = line_of(statement)
        what = f"{line!r} may change it, but {reason} and is not carried, so the package begins without that."
        keep = "" if reason.startswith("awaits") else "mark the line # keep, or "
        way_out = f"If it belongs to the server, {keep}make the change in the lifespan."
        yield Finding("warns", statement.cell, ", ".join(each.names), what, way_out)
    for name, statement in found.changed_later.items():
        what = f"{line_of(statement)!r} changes it in another cell than its own; the package begins with that change."
        yield Finding("notes", statement.cell, name, what, "If it was a trial, mark the line # leave out.")


def left_out(notebook: Notebook, found: Slice, paths: Paths, told: Collection[str]) -> Iterator[Finding]:
    """Name what the package does not have.

    Args:
        notebook: All that ran.
        found: The slice.
        paths: The paths of its statements.
        told: Names that other findings are about.
    """
    carried = found.statements
    left = [statement for statement in notebook.statements if statement not in carried]
    for statement in left:
        line = line_of(statement)
        if statement.mark == "keep":
            what = "is marked # keep, but it awaits, which a module cannot do while it is imported."
            yield Finding("warns", statement.cell, line, what, "Await it in the lifespan.")
        if _EXECUTED.match(line):
            what = "the text of this line does not show what it does to variables, so it is left out."
            yield Finding("warns", statement.cell, line, what, "Write it as statements in a cell.")
    yield from _with_effects(notebook, found, paths, told)
    yield from _environment(notebook, carried)
    defining = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    left = [statement for statement in left if isinstance(statement.node, defining) and not statement.raised]
    bound = frozenset[str]().union(*(names.of(statement.node).binds for statement in carried))
    unused = sorted({name for s in left for name in names.of(s.node).binds if name[0] != "_"} - bound)
    if unused:
        more = f" and {len(unused) - MOST} more" if len(unused) > MOST else ""
        named = ", ".join(unused[:MOST]) + more
        yield Finding("notes", None, named, LEFT_OUT, "The mark # keep on a line carries it.")
    for number, reason in notebook.unparsed:
        yield Finding("warns", number, "the cell", f"it does not parse as Python ({reason}), so it is left out.")


def _with_effects(notebook: Notebook, found: Slice, paths: Paths, told: Collection[str]) -> Iterator[Finding]:
    here = {statement.index for statement in found.statements}
    code = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    nodes = (node for s in found.statements if not isinstance(s.node, code) for node in ast.walk(s.node))
    variables = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for index in sorted(found.outside.keys() - here):
        statement = notebook.statements[index]
        line = line_of(statement)
        if "get_ipython" in line or _EXECUTED.match(line):  # for the kernel alone, or named already
            continue
        writes = "a file" in found.outside[index]
        if writes and any(repr(path) in told for path in paths.named(statement.node)):
            continue
        shared = {n.id for n in ast.walk(statement.node) if isinstance(n, ast.Name)} & variables
        if writes and shared:
            what = f"writes a file by {min(shared)}, which the server uses; it is left out, and so is the file."
            way_out = "If the server needs the file, mark the line # keep, or write it in the lifespan."
            yield Finding("warns", statement.cell, line, what, way_out)
        else:
            what = "left out: nothing that the server needs depends on it."
            way_out = "If it prepares something, mark the line # keep, or do so in the lifespan."
            yield Finding("notes", statement.cell, line, what, way_out)


def _environment(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Name the variables that cells set. Values are never named."""
    what = "is set here for the notebook; the package reads it from its own environment."
    way_out = "Set it where the package is started."
    for statement in notebook.statements:
        for name in dict.fromkeys(environment_reads.only_sets(statement.node)):
            yield Finding("notes", statement.cell, name, what, way_out)
    read = {name for statement in carried for name in environment_reads.variables(statement.node)}
    for magic in notebook.magics:
        if (found := _SETS.match(magic.text)) and read & {found[1], "*"}:
            yield Finding("notes", magic.cell, found[1], what, way_out)
