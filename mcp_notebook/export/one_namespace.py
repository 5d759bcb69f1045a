"""Another name for what one module calls as another module calls something else: a notebook has one namespace."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from mcp_notebook.slicing import names

__all__ = ["another_name", "can_be_renamed", "with_names"]

QUIET_DECORATORS = ("cache", "lru_cache", "contextmanager", "asynccontextmanager", "wraps")
"""Decorators that make nothing of a function's name."""


def can_be_renamed(name: str, tree: ast.Module) -> bool:
    """Whether nobody outside hears of a name of a module: it is not a tool's, and not in a schema as a class's is."""
    bound = [node for node in tree.body if name in names.of(node).binds]
    for node in bound:
        if isinstance(node, ast.ClassDef):
            return False
        for decorator in getattr(node, "decorator_list", ()):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called).rpartition(".")[2] not in QUIET_DECORATORS:
                return False
    if any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(tree)):
        return False  # its places in that function are not told apart from a local variable's
    # mcp.add_tool(add) and mcp.tool()(add) make a tool of that name.
    given = [a for node in ast.walk(tree) if isinstance(node, ast.Call) for a in node.args if "." in ast.unparse(node)]
    return bool(bound) and not any(isinstance(arg, ast.Name) and arg.id == name for arg in given)


def another_name(name: str, module: Path, taken: Collection[str]) -> str:
    """Return what `name` of a module is called where another module has that name: ``core_add``."""
    words = " ".join(taken)
    new = f"{module.parent.name if module.stem == '__init__' else module.stem}_{name.lstrip('_')}"
    while re.search(rf"\b{re.escape(new)}\b", words):
        new += "_"
    return new


def with_names(text: str, renames: Mapping[str, str]) -> str:
    """Return a module's text with other names for some of its variables; variables of functions stay as they are.

    Raises:
        LookupError: One is read within an f-string, and Python before 3.12 does not know where.
    """
    if not renames:
        return text
    lines = [line.encode() for line in text.split("\n")]
    found = names.of_all(ast.parse(text).body)
    edits = {edit for one in found for node in one.nodes for edit in _edits(node, renames, lines)}
    for line, start, end, new in sorted(edits, reverse=True):
        lines[line] = lines[line][:start] + new.encode() + lines[line][end:]
    return b"\n".join(lines).decode()


def _edits(node: ast.AST, renames: Mapping[str, str], lines: list[bytes]) -> list[tuple[int, int, int, str]]:
    """Return what changes for one node: line, from, to, the new text."""
    if isinstance(node, ast.Name) and node.id in renames:
        start, end = node.col_offset, node.col_offset + len(node.id.encode())
        if lines[node.lineno - 1][start:end] != node.id.encode():
            raise LookupError(node.id)
        return [(node.lineno - 1, start, end, renames[node.id])]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in renames:
        word = re.compile(rb"\bdef\s+(" + re.escape(node.name.encode()) + rb")\b")
        found = word.search(lines[node.lineno - 1], node.col_offset)
        if found is None:
            raise LookupError(node.name)
        return [(node.lineno - 1, *found.span(1), renames[node.name])]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [
            (alias.lineno - 1, alias.col_offset, alias.end_col_offset or 0, f"{alias.name} as {renames[bound]}")
            for alias in node.names
            if (bound := alias.asname or alias.name) in renames
        ]
    return []
