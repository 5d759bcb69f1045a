"""Turn a constant of the notebook into a setting: its mark, its type and its default."""

from __future__ import annotations

import ast
import builtins
import io
import json
import re
import tokenize
from collections.abc import Mapping
from typing import Any, NamedTuple

from mcp_notebook.export.module.writing import Setting
from mcp_notebook.export.settings.fields import type_of

__all__ = ["Constant", "Mark", "imports_for", "marks", "plain", "setting_of", "target", "text_of", "unmarked"]

Constant = ast.Assign | ast.AnnAssign

MARK = re.compile(r"#+\s*(setting|secret)\s*(?::\s*(\S.*?)\s*)?$", re.IGNORECASE)
PLAIN = (str, bytes, bool, int, float)


class Mark(NamedTuple):
    """A comment that makes the constant of its line a setting: ``# setting``, ``# secret: for the API``.

    Attributes:
        secret: Whether it is a secret.
        description: The author's description; "" for none.
        line: Its line, from 1.
        column: Its first column, from 0.
    """

    secret: bool
    description: str
    line: int
    column: int

    def __str__(self) -> str:
        return "# secret" if self.secret else "# setting"


def marks(source: str) -> dict[int, Mark]:
    """Return the marks in a module, by the number of their line."""
    comments = (t for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.COMMENT)
    found = ((token.start, MARK.match(token.string)) for token in comments)
    return {
        line: Mark(match[1].lower() == "secret", match[2] or "", line, column)
        for (line, column), match in found
        if match
    }


def unmarked(source: str, lines: Mapping[int, Mark]) -> str:
    """Return the source without these marks; everything else keeps its place."""
    return "\n".join(
        text[: lines[n].column].rstrip() if n in lines else text for n, text in enumerate(source.split("\n"), 1)
    )


def target(statement: Constant) -> str:
    """Return the name that a statement binds; "" if it is not a plain name."""
    found = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    return found.id if isinstance(found, ast.Name) else ""


def setting_of(
    name: str, statement: Constant, tree: ast.Module, namespace: Mapping[str, Any], *, secret: bool, description: str
) -> Setting | None:
    """Return the setting for a constant; None if an environment variable cannot give its value.

    Args:
        name: Its name.
        statement: The statement that binds it.
        tree: The module of the statement.
        namespace: The variables of the notebook, for values that are computed.
        secret: Whether it is a secret.
        description: The author's description.
    """
    assert statement.value is not None
    value = plain(statement.value)
    live = namespace.get(name) if value is None else value
    is_plain = live is not None and _is_plain(live)
    if secret:
        return Setting(name, _secret_type(live), None, True, "", description, text_of(live)) if is_plain else None
    annotation = _annotation(statement, tree, namespace) or (type_of(live) if is_plain else None)
    as_written = value is not None or (_carries(statement.value, tree) and not is_plain)
    default = ast.unparse(statement.value) if as_written else repr(live) if is_plain else None
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


def text_of(value: Any) -> str:
    """Return a value as an environment variable has it."""
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    return value if isinstance(value, str) else json.dumps(value, default=list)


def _annotation(statement: Constant, tree: ast.Module, namespace: Mapping[str, Any]) -> str | None:
    """Return the type that the author wrote, or the class that is called, if the settings' module can import it."""
    if isinstance(statement, ast.AnnAssign):
        annotation = statement.annotation
        if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).endswith("Final"):
            annotation = annotation.slice
        if not ast.unparse(annotation).endswith("Final") and _carries(annotation, tree):
            return ast.unparse(annotation)
    match statement.value:
        case ast.Call(func=ast.Name(id=called)) if isinstance(namespace.get(called), type):
            return called
    return None


def _carries(node: ast.AST, tree: ast.Module) -> bool:
    """Return whether an expression means the same in another module, with the imports of this one."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} <= set(dir(builtins)) | set(_imports(tree))


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return the absolute imports at the top level of a module, by the name that each binds."""
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
