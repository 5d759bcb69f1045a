"""The statements that definitions need: a slice of the trace, in the order in which it ran.

Each name that a carried statement reads brings every statement that may have bound it by then, and every one that may
have changed its object. So whatever runs in the slice finds what it found in the notebook: the latest binding before an
eager read, and the last of all, as the notebook left it, for what a function reads when it is called at the end.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from mcp_notebook.export import names as scopes
from mcp_notebook.export.bindings import Bindings
from mcp_notebook.export.findings import Finding
from mcp_notebook.export.statements import Notebook, Statement

__all__ = ["Slice", "close"]


@dataclass(frozen=True)
class Slice:
    """What a package carries.

    Attributes:
        statements: In execution order.
        findings: What could not be carried, what was left out.
        future: The features that ``from __future__`` imports turned on for them.
    """

    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...] = ()
    future: frozenset[str] = frozenset()


def close(
    notebook: Notebook,
    wanted: Iterable[Statement],
    names: Iterable[str],
    *,
    server: str | None,
    leave_out: Iterable[Statement] = (),
) -> Slice:
    """Return the statements that `wanted` and `names` need, transitively.

    Args:
        notebook: All that ran.
        wanted: Statements that must be carried, such as registrations.
        names: Variables that are needed as they are at the end.
        server: The variable of the server; only its binding is carried, and `wanted`.
        leave_out: Statements that are never carried, such as registrations that another took the place of.
    """
    closing = _Closing(notebook, leave_out)
    for statement in wanted:
        closing.carry(statement.index)
        closing.call_later(statement.index, closing.end)
    for name in names:
        closing.need(name, closing.end)
    carried = sorted(closing.carried)
    return Slice(tuple(notebook.statements[i] for i in carried), (), _future(notebook, max(carried, default=0)))


def _future(notebook: Notebook, last: int) -> frozenset[str]:
    """Return what future imports before the last carried statement turned on: IPython keeps that for later cells."""
    nodes = (statement.node for statement in notebook.statements[:last])
    imports = (node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == "__future__")
    return frozenset(alias.name for node in imports for alias in node.names)


class _Closing:
    """The work of one closure; a moment is the index of the statement that is about to run."""

    def __init__(self, notebook: Notebook, leave_out: Iterable[Statement]) -> None:
        self.end = len(notebook.statements)
        self.carried: set[int] = set()
        self._left_out = {statement.index for statement in leave_out}
        self._names = scopes.of_all([statement.node for statement in notebook.statements])
        self._bindings = Bindings()
        for index, found in enumerate(self._names):
            if not notebook.statements[index].raised:
                self._bindings.add(index, found)
        self._needed: set[tuple[str, int]] = set()
        self._called: set[tuple[int, int]] = set()
        self._work: list[tuple[str, int]] = []

    def need(self, name: str, moment: int) -> None:
        """Carry what gives `name` the value that it has at `moment`, and what that value needs to be used then."""
        self._work.append((name, moment))
        while self._work:
            wanted = self._work.pop()
            if wanted not in self._needed:
                self._needed.add(wanted)
                for binding in self._bindings.reaching(*wanted):
                    self._carry(binding.index)
                    self._call(binding.index, wanted[1])

    def carry(self, index: int) -> None:
        """Carry a statement, and all that it needs to run."""
        self._carry(index)
        self.call_later(index, index)

    def call_later(self, index: int, moment: int) -> None:
        """Carry what the functions that a statement defined need to be called at `moment`."""
        self._call(index, moment)
        if self._work:
            self.need(*self._work.pop())

    def _carry(self, index: int) -> None:
        if index in self.carried or index in self._left_out:
            return
        self.carried.add(index)
        self._work += [(name, index) for name in self._names[index].reads | self._names[index].hints]
        self._call(index, index)

    def _call(self, index: int, moment: int) -> None:
        if (index, moment) in self._called:
            return
        self._called.add((index, moment))
        found = self._names[index]
        self._work += [(name, moment) for name in found.late | found.hints]
