"""Which of the places that register made a definition that is live now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mcp_notebook.export.module.registrations.registration import Key, Registration, cell_of
from mcp_notebook.server import Definition
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["home_of", "maker_of"]


def maker_of(
    key: Key, definition: Definition, sites: Sequence[Registration], notebook: Notebook
) -> Registration | None:
    """Return the latest place that may have made it: first that with its code, then one with its name."""
    kind, name = key
    home = home_of(definition, notebook)
    fitting = [site for site in reversed(sites) if kind in site.kinds and site.name in (None, name)]
    tests: tuple[Callable[[Registration], bool], ...] = (
        lambda site: site.statement is home,
        lambda site: site.name == name,
        lambda site: True,
    )
    return next((site for test in tests for site in fitting if test(site)), None)


def home_of(definition: Definition, notebook: Notebook) -> Statement | None:
    """Return the statement that has the code of a definition's function."""
    code = getattr(definition.function, "__code__", None)
    cell = cell_of(definition)
    if code is None or cell is None:
        return None
    same = [s for s in notebook.statements if s.cell == cell]
    at_line = [s for s in same if s.first <= code.co_firstlineno <= s.last and _has(s, code.co_name)]
    return next(iter([*at_line, *(s for s in reversed(same) if _has(s, code.co_name))]), None)


def _has(statement: Statement, function: str) -> bool:
    return function == "<lambda>" or function in statement.text
