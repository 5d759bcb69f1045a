"""Name a statement in a finding: by what it defines, or by its first line.

A finding shows the author's own text. `ast.unparse` would not do: it writes the same statement differently from one
Python to the next, since 3.12 with other quotes within f-strings.
"""

from __future__ import annotations

import ast

from mcp_notebook.export.settings.secrets import hide
from mcp_notebook.slicing.statements import Statement

__all__ = ["code_of", "line_of", "subject"]


def subject(statement: Statement) -> str:
    """Return the name that a statement defines, or its first line where it defines none."""
    node = ast.parse(statement.text).body[0]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        return _in_one_line(ast.get_source_segment(statement.text, target))
    return line_of(statement)


def line_of(statement: Statement) -> str:
    """Return the first line of a statement, cut short, and without secrets."""
    text = hide(code_of(statement), {}, path="line.py")  # what is cut cannot be found later
    return text if len(text) <= 60 else text[:57] + "..."


def code_of(statement: Statement) -> str:
    """Return a statement as its author wrote it, in one line and without comments; of a block, its first line."""
    node = ast.parse(statement.text).body[0]
    text = ast.get_source_segment(statement.text, node)
    block = getattr(node, "body", None) or getattr(node, "cases", None)
    return (text or "").splitlines()[0] if block else _in_one_line(text)


def _in_one_line(text: str | None) -> str:
    return " ".join(line.strip() for line in (text or "").splitlines())
