"""How a finding names a statement: by what it defines, or by its first line."""

from __future__ import annotations

import ast

from mcp_notebook.export.closure.statements import Statement
from mcp_notebook.export.settings.secrets import hide

__all__ = ["line_of", "subject"]


def subject(statement: Statement) -> str:
    """Return the name that a statement defines, or its first line where it defines none."""
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
    return line_of(statement)


def line_of(statement: Statement) -> str:
    """Return the first line of a statement, cut short, and without secrets."""
    text = hide(ast.unparse(statement.node).splitlines()[0], {}, path="line.py")  # what is cut cannot be found later
    return text if len(text) <= 60 else text[:57] + "..."
