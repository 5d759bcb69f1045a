"""Names that no cell binds, and names that cells define in two ways."""

from __future__ import annotations

import ast
import builtins
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

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


class _Definition(NamedTuple):
    statement: Statement
    kind: str
    text: str


def redefined(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    """Warn of names that cells define as two kinds of thing, or that a cell which ran again has defined once more."""
    defined: dict[str, list[_Definition]] = defaultdict(list)
    for statement in notebook.statements:
        for name, kind in _defined(statement.node):
            defined[name].append(_Definition(statement, kind, ast.dump(statement.node)))
    for name, definitions in defined.items():
        last = next((one for one in reversed(definitions) if one.statement in carried), None)
        if last is None:
            continue
        kinds = {one.kind for one in definitions if one.statement in carried}
        others = (one.statement for one in reversed(definitions) if one.kind not in kinds)
        other = next((one for one in others if one.cell != last.statement.cell), None)
        between = _between(definitions, last, notebook.ids)
        if other is not None:
            kind = next(one.kind for one in definitions if one.statement is other)
            what = f"{last.kind} here, and {kind} in cell {other.cell}; this one runs in the package."
            yield Finding("warns", last.statement.cell, name, what, "Give one of them another name.")
        elif between is not None:
            what = (
                f"its cell ran again after cell {between.cell} had defined it in another way; this one runs in the "
                "package, and the other would if the notebook ran from top to bottom."
            )
            yield Finding("warns", last.statement.cell, name, what, "Remove the one that is not meant.")


def _between(definitions: list[_Definition], last: _Definition, ids: Mapping[int, str]) -> Statement | None:
    """Return the latest other definition since the same cell ran before."""
    before = definitions[: definitions.index(last)]
    runs = [i for i, one in enumerate(before) if one.text == last.text and _is_one_cell(one, last, ids)]
    after = [one for one in before[runs[0] + 1 :] if one.text != last.text] if runs else []
    return next((one.statement for one in reversed(after) if one.statement.cell != last.statement.cell), None)


def _is_one_cell(one: _Definition, last: _Definition, ids: Mapping[int, str]) -> bool:
    """Return whether two definitions are of one cell; if cells have no ids, as far as the same text shows."""
    numbers = one.statement.cell, last.statement.cell
    if any(number in ids for number in numbers):
        return ids.get(numbers[0]) == ids.get(numbers[1])
    return last.kind in ("a function", "a class")  # a value may well be set to what it was once


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
