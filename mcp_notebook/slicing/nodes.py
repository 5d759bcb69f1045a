"""Questions about parts of the source: what runs when, what it is called, what its parameters are."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from mcp_notebook.slicing import known

__all__ = ["awaits", "eager_nodes", "is_type", "name_of", "parameters_of"]


def eager_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes below a statement that run with it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from eager_nodes(child)


def awaits(node: ast.stmt) -> bool:
    """Whether a statement awaits when it runs, which only a cell can do."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any(
        isinstance(part, ast.Await | ast.AsyncFor | ast.AsyncWith) or getattr(part, "is_async", 0)
        for part in [node, *eager_nodes(node)]
    )


def name_of(node: ast.AST) -> str:
    """Return what is called, or decorates: ``cache`` of ``functools.cache(size=1)``."""
    while isinstance(node, ast.Call):
        node = node.func
    return str(getattr(node, "attr", getattr(node, "id", "")))


def parameters_of(node: ast.AST) -> list[ast.arg]:
    """Return the parameters of a function; none of another node."""
    arguments = getattr(node, "args", None)
    if not isinstance(arguments, ast.arguments):
        return []
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*every, *filter(None, (arguments.vararg, arguments.kwarg))]


def is_type(node: ast.expr) -> bool:
    """Return whether an expression is a class, by its name."""
    name = name_of(node)
    return (name[:1].isupper() and not name.isupper()) or name in known.BUILT_IN_TYPES
