"""A constant of a notebook as a setting: its type, and what it is where nothing is set."""

from __future__ import annotations

import ast
import builtins
import json
from collections.abc import Mapping
from typing import Any

from mcp_notebook.export.module.writing import Setting
from mcp_notebook.export.settings.fields import type_of

__all__ = ["Constant", "imports_for", "plain", "setting_of", "text_of"]

Constant = ast.Assign | ast.AnnAssign

PLAIN = (str, bytes, bool, int, float)


def setting_of(
    name: str, statement: Constant, tree: ast.Module, namespace: Mapping[str, Any], *, secret: bool, description: str
) -> Setting | None:
    """Return the setting that a constant is; None where its value is nothing that an environment can give.

    Args:
        name: What it is called.
        statement: Where it gets its value.
        tree: The module that it is in.
        namespace: The variables of the notebook: the values of those that are computed.
        secret: Whether it is one.
        description: What it is for.
    """
    assert statement.value is not None
    value = plain(statement.value)
    live = namespace.get(name) if value is None else value
    is_plain = _is_plain(live) and live is not None
    if secret:
        return Setting(name, _secret_type(live), None, True, "", description, text_of(live)) if is_plain else None
    annotation = _annotation(statement, tree, namespace) or (type_of(live) if is_plain else None)
    if value is not None or (_carries(statement.value, tree) and not is_plain):
        default: str | None = ast.unparse(statement.value)
    else:
        default = repr(live) if is_plain else None
    return None if annotation is None or default is None else Setting(name, annotation, default, False, "", description)


def plain(node: ast.expr) -> Any:
    """Return the value of a literal; None for every other expression."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
    return value if _is_plain(value) else None


def imports_for(setting: Setting, tree: ast.Module) -> set[str]:
    """Return the imports of a module that the type and the default of a setting need."""
    known = _imports(tree)
    parsed = [ast.parse(text, mode="eval") for text in (setting.annotation, setting.default) if text]
    return {known[n.id] for node in parsed for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in known}


def _annotation(statement: Constant, tree: ast.Module, namespace: Mapping[str, Any]) -> str | None:
    """Return the type that the author wrote, or the class that is called, where the settings' module can have it."""
    if isinstance(statement, ast.AnnAssign):
        annotation = statement.annotation
        if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Final"):
            annotation = annotation.slice
        if not ast.unparse(annotation).endswith("Final") and _carries(annotation, tree):
            return ast.unparse(annotation)
    value = statement.value
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and isinstance(namespace.get(value.func.id), type)
    ):
        return value.func.id
    return None


def _carries(node: ast.AST, tree: ast.Module) -> bool:
    """Whether an expression means the same in another module, with the imports of this one."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} <= set(dir(builtins)) | set(_imports(tree))


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return the absolute imports at the top of a module, by the name that each binds."""
    return {
        (alias.asname or alias.name).partition(".")[0]: ast.unparse(
            ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
        )
        for node in tree.body
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
        for alias in node.names
    }


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple | set):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, PLAIN)


def _secret_type(value: Any) -> str:
    if isinstance(value, str):
        return "SecretStr"
    return f"Secret[{type_of(value)}]" if isinstance(value, PLAIN) else f"Secret[Json[{type_of(value)}]]"


def text_of(value: Any) -> str:
    """Return a value as an environment has it."""
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    return value if isinstance(value, str) else json.dumps(value, default=list)
