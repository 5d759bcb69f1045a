"""What stays behind: statements with effects outside one by one, the other cells in one line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set

from mcp_notebook.export.closure.pitfalls import setting_up
from mcp_notebook.export.closure.pitfalls.subject import line_of
from mcp_notebook.export.closure.statements import Notebook, Statement
from mcp_notebook.export.findings import Finding

__all__ = ["left_out"]


def left_out(notebook: Notebook, carried: Collection[Statement], outside: Set[int]) -> Iterator[Finding]:
    """Give what stays behind; `outside` are the statements that do something outside the notebook's own objects."""
    yield from _with_effects(notebook, carried, outside)
    yield from setting_up.environment(notebook, carried)
    yield from setting_up.working_directory(notebook, carried)
    yield from _cells(notebook, carried)


def _with_effects(notebook: Notebook, carried: Collection[Statement], outside: Set[int]) -> Iterator[Finding]:
    here = {statement.index for statement in carried}
    for index in sorted(outside - here):
        statement = notebook.statements[index]
        line = line_of(statement)
        if "get_ipython" not in line:  # for the kernel alone
            what = "nothing that the server needs depends on this line, so it is left out."
            yield Finding("notes", statement.cell, line, what, "If it prepares something, do so in the lifespan.")


def _cells(notebook: Notebook, carried: Collection[Statement]) -> Iterator[Finding]:
    here = {statement.cell for statement in carried}
    numbers = [number for number in notebook.cells if number not in here]
    if numbers:
        listed = ", ".join(map(str, numbers))
        yield Finding(
            "notes", None, f"cells {listed}" if len(numbers) > 1 else f"cell {listed}", "left out: not needed."
        )
    for number, reason in notebook.unparsed:
        yield Finding("warns", number, "the cell", f"it does not parse as Python ({reason}), so it is left out.")
