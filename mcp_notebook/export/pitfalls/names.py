"""Names that no cell binds, and names that cells define in two ways."""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.slicing.names import of as names_of
from mcp_notebook.slicing.statements import Failed, Notebook, Statement

__all__ = ["redefined", "unbound"]

_OF_A_MODULE = {"__name__", "__file__", "__doc__", "__builtins__", "__annotations__", "__debug__", "__path__"}
_KERNEL = re.compile(r"get_ipython|display|In|Out|exit|quit|_{1,3}|_i{1,3}|_i?\d+|_dh|_oh|_ih")


def unbound(missing: Mapping[str, int | None], notebook: Notebook) -> Iterator[Finding]:
    """Stop at names that no cell binds; one line names all that one cell failed to bind.

    Args:
        missing: The names, each with the cell that reads it.
        notebook: All that ran.
    """
    failed: dict[Failed, list[str]] = defaultdict(list)
    for name, cell in missing.items():
        if not _KERNEL.fullmatch(name) and (hasattr(builtins, name) or name in _OF_A_MODULE):
            continue
        cause = next((each for each in reversed(notebook.failed) if name in each.binds), None)
        if cause is None:
            yield Finding("stops", cell, name, *_why(name, notebook))
        else:
            failed[cause].append(name)
    for cause, lost in failed.items():
        what = f"this line raised, so the package cannot have what it and the lines below it define: {', '.join(lost)}."
        yield Finding("stops", cause.cell, cause.line, what, "Fix the cell and run it again.")


def _why(name: str, notebook: Notebook) -> tuple[str, str]:
    """Say why no cell binds a name, and what to do."""
    if _KERNEL.fullmatch(name):
        way_out = {
            "display": "Return the value, or take the line out of the function.",
            "get_ipython": "Take the line out, or guard it in a cell of its own.",
        }.get(name, "Keep the value in a variable of your own: name = ... in a cell.")
        return "only a kernel has this name; a package has not.", way_out
    left_out = next((s for s in notebook.statements if s.mark == "leave out" and name in names_of(s.node).binds), None)
    if left_out is not None:
        what = f"{line_of(left_out)!r} of cell {left_out.cell} binds it, and is left out by the author's mark."
        return what, "Take the mark away, or bind the name in another line."
    made = next((magic for magic in notebook.magics if re.search(rf"\b{re.escape(name)}\b", magic.text)), None)
    if made is not None:
        line = made.text.splitlines()[0]
        what = f"only the line {line!r} of cell {made.cell} makes it, and a package runs no magics."
        return what, "Make it by Python code in a cell."
    what = "no cell that ran binds this name, so only the live session has it."
    if notebook.unparsed:
        what += f" Cell {', '.join(str(number) for number, _ in notebook.unparsed)} does not parse as Python."
    for magic in notebook.magics:
        if magic.name in {"run", "load_ext"} and "mcp_notebook" not in magic.text:
            what += f" It may come from {magic.text!r} in cell {magic.cell}, and a package runs no magics."
    return what, "Define or import it in a cell, run that, and export again."


def redefined(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Warn of names that cells define as two kinds of thing, or that a cell which ran again has defined once more."""
    defined: dict[str, list[tuple[Statement, str]]] = defaultdict(list)
    for statement in notebook.statements:
        for name, kind in _defined(statement.node):
            defined[name].append((statement, kind))
    for name, definitions in defined.items():
        runs = [(statement, kind) for statement, kind in definitions if statement in carried]
        if not runs:
            continue
        last, kind = runs[-1]
        kinds = {kind for _, kind in runs}
        others = [(s, other) for s, other in definitions if other not in kinds and s.cell != last.cell]
        between = _between([statement for statement, _ in definitions], last, kind, notebook.ids)
        if others:
            what = f"{kind} here, and {others[-1][1]} in cell {others[-1][0].cell}; this one runs in the package."
            yield Finding("warns", last.cell, name, what, "Give one of them another name.")
        elif between is not None:
            what = (
                f"its cell ran again after cell {between.cell} had defined it in another way; this one runs in the "
                "package, and the other would if the notebook ran from top to bottom."
            )
            yield Finding("warns", last.cell, name, what, "Remove the one that is not meant.")


def _between(every: list[Statement], last: Statement, kind: str, ids: Mapping[int, str]) -> Statement | None:
    """Return the latest other definition since the same cell ran before."""
    before = every[: every.index(last)]
    text = ast.dump(last.node)
    for i, one in enumerate(before):
        # Without ids of cells, the same text counts; but a value may well be set to what it was once.
        known = one.cell in ids or last.cell in ids
        same_cell = ids.get(one.cell) == ids.get(last.cell) if known else kind in ("a function", "a class")
        if same_cell and ast.dump(one.node) == text:
            after = [s for s in before[i + 1 :] if s.cell != last.cell and ast.dump(s.node) != text]
            return after[-1] if after else None
    return None


def _defined(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield the names that a statement certainly defines, each with its kind."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, "a function"
    elif isinstance(node, ast.ClassDef):
        yield node.name, "a class"
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name.partition(".")[0], "an import") for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        kind = "a function" if isinstance(node.value, ast.Lambda) else "a value"
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = (part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))
        yield from ((part.id, kind) for part in parts if isinstance(part.ctx, ast.Store))
