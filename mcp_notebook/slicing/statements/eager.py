"""What of a statement runs when the statement does: all but the bodies of the functions in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["awaits", "eager_nodes"]


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
