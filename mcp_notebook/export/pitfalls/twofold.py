"""Names that a notebook defines in two ways: what ran last runs in the package, and a reader may expect the other."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from mcp_notebook.export.findings import Finding
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["findings"]


class _Definition(NamedTuple):
    statement: Statement
    kind: str
    text: str


def findings(notebook: Notebook, carried: Collection[int]) -> Iterator[Finding]:
    """Warn of names that cells define as two kinds of thing, or that a cell which ran again has defined once more.

    A cell that ran again in the place of its former self is not worth a word.
    """
    defined: dict[str, list[_Definition]] = defaultdict(list)
    for statement in notebook.statements:
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
        elif (between := _between(definitions, last, notebook.ids)) is not None:
            what = (
                f"its cell ran again after cell {between.statement.cell} had defined it in another way; this one runs "
                "in the package, and the other would if the notebook ran from top to bottom."
            )
            yield Finding("warns", last.statement.cell, name, what, "Remove the one that is not meant.")


def _between(definitions: list[_Definition], last: _Definition, ids: Mapping[int, str]) -> _Definition | None:
    """Return the latest other definition since the same cell ran before."""
    before = definitions[: definitions.index(last)]
    first = next((i for i, one in enumerate(before) if one.text == last.text and _is_cell_of(one, last, ids)), None)
    if first is None:
        return None
    after = before[first + 1 :]
    return next(
        (one for one in reversed(after) if one.text != last.text and one.statement.cell != last.statement.cell), None
    )


def _is_cell_of(one: _Definition, last: _Definition, ids: Mapping[int, str]) -> bool:
    """Whether two definitions are of one cell; where cells have no ids, as far as the same text tells."""
    numbers = one.statement.cell, last.statement.cell
    if any(number in ids for number in numbers):
        return ids.get(numbers[0]) == ids.get(numbers[1])
    return last.kind in ("a function", "a class")  # a value may well be set to what it was once


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
