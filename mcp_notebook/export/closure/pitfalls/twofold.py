"""Names that a notebook defines in two ways: what ran last runs in the package, and a reader may expect the other."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from mcp_notebook.export.closure.statements import Statement
from mcp_notebook.export.findings import Finding

__all__ = ["findings"]


class _Definition(NamedTuple):
    statement: Statement
    kind: str
    text: str


def findings(statements: Sequence[Statement], carried: Collection[int]) -> Iterator[Finding]:
    """Warn of names that cells define as two kinds of thing, or that a cell which ran again defined anew.

    A cell that ran again in the place of its former self is not worth a word.
    """
    defined: dict[str, list[_Definition]] = defaultdict(list)
    for statement in statements:
        for name, kind in _defined(statement.node):
            defined[name].append(_Definition(statement, kind, ast.dump(statement.node)))
    for name, definitions in defined.items():
        runs = [one for one in definitions if one.statement.index in carried]
        others = [one for one in definitions if one.statement.index not in carried]
        if not runs:
            continue
        last = runs[-1]
        other = next((one for one in reversed(others) if one.kind not in {run.kind for run in runs}), None)
        if other is not None and other.statement.cell != last.statement.cell:
            what = f"{last.kind} here, and {other.kind} in cell {other.statement.cell}; this one runs in the package."
            yield Finding("warns", last.statement.cell, name, what, "Give one of them another name.")
        elif (between := _between(definitions, last)) is not None:
            what = (
                f"its cell ran again after cell {between.statement.cell} had defined it in another way; this one runs "
                "in the package, and the other would if the notebook ran from top to bottom."
            )
            yield Finding("warns", last.statement.cell, name, what, "Remove the one that is not meant.")


def _between(definitions: list[_Definition], last: _Definition) -> _Definition | None:
    """Return the latest other definition since the same one ran before."""
    before = definitions[: definitions.index(last)]
    if last.text not in [one.text for one in before]:
        return None
    after = [one for one in before if one.text != last.text and one.statement.cell != last.statement.cell]
    first = next(i for i, one in enumerate(before) if one.text == last.text)
    return next((one for one in reversed(after) if before.index(one) > first), None)


def _defined(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Yield what a statement certainly defines: the name, and what kind of thing it is."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, "a function"
    elif isinstance(node, ast.ClassDef):
        yield node.name, "a class"
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0], "an import"
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        kind = "a function" if isinstance(node.value, ast.Lambda) else "a value"
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = (part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))
        yield from ((part.id, kind) for part in parts if isinstance(part.ctx, ast.Store))
