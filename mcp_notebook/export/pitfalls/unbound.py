"""Names that are read where no cell has bound them: the kernel's own, a magic's, or only the live session's."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.slicing.names import of as names_of
from mcp_notebook.slicing.statements import Failed, Notebook

__all__ = ["unbound"]

_OF_A_MODULE = {"__name__", "__file__", "__doc__", "__builtins__", "__annotations__", "__debug__", "__path__"}
_KERNEL = {"get_ipython", "display", "In", "Out", "exit", "quit", "_dh"}
_HISTORY = re.compile(r"_{1,3}|_i{1,3}|_i?\d+|_dh|_oh|_ih")


def unbound(missing: Mapping[str, int | None], notebook: Notebook) -> Iterator[Finding]:
    """Stop where names are read that no cell has bound; those that one cell failed to bind are named in one line.

    Args:
        missing: The names, each with the cell that reads it.
        notebook: All that ran.
    """
    failed: dict[Failed, list[str]] = {}
    for name, cell in missing.items():
        cause = next((each for each in reversed(notebook.failed) if name in each.binds), None)
        found = _unbound(name, cell, notebook)
        if found is not None and cause is not None:
            failed.setdefault(cause, []).append(name)
        elif found is not None:
            yield found
    for cause, names in failed.items():
        what = (
            f"this line raised, so the package cannot have what it and the lines below it define: {', '.join(names)}."
        )
        yield Finding("stops", cause.cell, cause.line, what, "Fix the cell and run it again.")


def _unbound(name: str, cell: int | None, notebook: Notebook) -> Finding | None:
    """Return the finding for a name that is read where no cell has bound it; None where Python itself knows it."""
    if name in _KERNEL or _HISTORY.fullmatch(name):
        way_out = {
            "display": "Return the value, or take the line out of the function.",
            "get_ipython": "Take the line out, or guard it in a cell of its own.",
        }.get(name, "Keep the value in a variable of your own: name = ... in a cell.")
        return Finding("stops", cell, name, "only a kernel has this name; a package has not.", way_out)
    if hasattr(builtins, name) or name in _OF_A_MODULE:
        return None
    left_out = next((s for s in notebook.statements if s.mark == "leave out" and name in names_of(s.node).binds), None)
    if left_out is not None:
        what = f"{line_of(left_out)!r} of cell {left_out.cell} binds it, and is left out by the author's mark."
        return Finding("stops", cell, name, what, "Take the mark away, or bind the name in another line.")
    made = next((magic for magic in notebook.magics if re.search(rf"\b{re.escape(name)}\b", magic.text)), None)
    if made is not None:
        what = (
            f"only the line {made.text.splitlines()[0]!r} of cell {made.cell} makes it, and a package runs no magics."
        )
        return Finding("stops", cell, name, what, "Make it by Python code in a cell.")
    what = "no cell that ran binds this name, so only the live session has it." + _hint(notebook)
    return Finding("stops", cell, name, what, "Define or import it in a cell, run that, and export again.")


def _hint(notebook: Notebook) -> str:
    """Say where in the notebook the name may come from after all."""
    failed = ", ".join(str(number) for number, _ in notebook.unparsed)
    hint = f" Cell {failed} does not parse as Python." if failed else ""
    for magic in notebook.magics:
        if magic.name in {"run", "load_ext"} and "mcp_notebook" not in magic.text:
            hint += f" It may come from {magic.text!r} in cell {magic.cell}, and a package runs no magics."
    return hint
