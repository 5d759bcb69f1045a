"""Reads what a statement does when it runs, and what a function does when it is called."""

from __future__ import annotations

import ast

from mcp_notebook.slicing import known
from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.nodes import name_of, parameters_of
from mcp_notebook.slicing.uses import Function, Uses, outside
from mcp_notebook.slicing.walking import uses_of

__all__ = ["eager", "late"]


def eager(node: ast.stmt, names: Names, *, dropped: bool = True) -> Uses:
    """Return what a statement does when it runs; `dropped` says whether its value is not shown."""
    return outside(uses_of([node], names, inside=False, dropped=dropped), frozenset())


def late(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.GeneratorExp,
    names: Names,
    *,
    in_class: bool = False,
) -> Function:
    """Return what a function does when it is called, or a generator expression when it is read."""
    if isinstance(node, ast.GeneratorExp):
        return Function("", outside(uses_of([node], names, inside=True), frozenset()), is_implicit=True)
    noted = uses_of([node.body] if isinstance(node, ast.Lambda) else node.body, names, inside=True)
    inside = {argument.arg for part in ast.walk(node) for argument in parameters_of(part)}
    own = [argument.arg for argument in parameters_of(node)]
    name = getattr(node, "name", "")
    marks = {name_of(part).split(".")[-1] for part in getattr(node, "decorator_list", [])}
    is_implicit = in_class and (bool(marks & known.PROPERTIES) or (name[:2] == "__" and name not in known.CONSTRUCTING))
    is_method = in_class and own and "staticmethod" not in marks
    with_default = [*own[len(own) - len(node.args.defaults) :], *(one.arg for one in node.args.kwonlyargs)]
    kept = {root for root in noted.inner if root[0] == "."}
    uses = outside(noted, frozenset(inside))
    if node.args.defaults or node.args.kw_defaults:
        touched = uses.changes.union(*(call.on for call in uses.calls))
        kept |= {f".{one}" for one in with_default} & touched
    is_once = any(isinstance(part, ast.Return) and _may_be_iterator(part.value) for part in ast.walk(node))
    of_class = bool(marks & {"classmethod"}) or name in {"__new__", "__init_subclass__"}
    return Function(
        name, uses, frozenset(inside), own[0] if is_method else "", of_class, is_implicit, bool(kept), is_once
    )


def _may_be_iterator(node: ast.AST | None) -> bool:
    if isinstance(node, ast.Call):
        return name_of(node) not in known.CONTAINERS | known.FRESH | known.FRESH_METHODS
    return isinstance(node, ast.GeneratorExp)
