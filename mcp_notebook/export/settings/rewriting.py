"""Replace values in a module by settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from mcp_notebook.export.module.edits import replaced
from mcp_notebook.export.module.writing import Setting
from mcp_notebook.formatting import formatted

__all__ = ["Rewriting"]

New = str | list[ast.expr]
"""The replacement of an expression; a text in an f-string becomes several parts."""


class Rewriting:
    """The text of a module, with replacements.

    Attributes:
        source: The text before.
        tree: Its syntax tree.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self._new: dict[ast.AST, New] = {}
        taken = {
            getattr(node, field, None) for node in ast.walk(self.tree) for field in ("id", "arg", "asname", "name")
        }
        self._settings = "settings" if "settings" not in taken else "app_settings"

    def staying(self, node: ast.AST | None = None) -> Iterator[ast.AST]:
        """Yield the nodes that are not replaced, each before the nodes in it."""
        for child in ast.iter_child_nodes(node or self.tree):
            if child not in self._new:
                yield child
                yield from self.staying(child)

    def put(self, node: ast.AST, new: New) -> None:
        """Replace an expression by source, or a text in an f-string by parts."""
        self._new[node] = new

    def value_of(self, setting: Setting) -> str:
        """Return the source of a setting's value."""
        text = f"{self._settings}.{setting.name}"
        if not setting.secret:
            return text
        value = f"{text}.get_secret_value()"
        return f"({value} if {text} is not None else None)" if setting.default == "None" else value

    def done(self, module: str) -> str:
        """Return the new text, which imports its settings from this module beside it."""
        if not self._new:
            return self.source
        text = replaced(self.source, list(self._changes(self.tree)))
        name = "settings" if self._settings == "settings" else f"settings as {self._settings}"
        return formatted(_with_import(text, f"from .{module} import {name}"))

    def _changes(self, tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
        """Yield the new text of each expression; for an f-string all of it, since its parts have no exact place."""
        for child in ast.iter_child_nodes(tree):
            new = self._new.get(child)
            if isinstance(new, str) and isinstance(child, ast.expr):
                yield child, new
            elif isinstance(child, ast.JoinedStr):
                if any(node in self._new for node in ast.walk(child)):
                    yield child, ast.unparse(_Substituting(self._new).visit(child))
            else:
                yield from self._changes(child)


class _Substituting(ast.NodeTransformer):
    def __init__(self, new: Mapping[ast.AST, New]) -> None:
        self._new = new

    def visit(self, node: ast.AST) -> Any:
        new = self._new.get(node)
        if new is None:
            return self.generic_visit(node)
        return ast.parse(new, mode="eval").body if isinstance(new, str) else new


def _with_import(text: str, line: str) -> str:
    """Insert an import after the docstring and the imports from ``__future__``."""
    behind = 0
    for i, node in enumerate(ast.parse(text).body):
        is_docstring = i == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            break
        behind = node.end_lineno or 0
    lines = text.split("\n")
    return "\n".join([*lines[:behind], line, *lines[behind:]])
