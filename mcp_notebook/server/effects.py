"""Whether a function writes, judged by its source.

A heuristic for a hint, and it errs on the side of silence: it sees what a function does itself to names from
outside (variables of the notebook, files, SQL), not what the functions that it calls do.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["writes"]

MUTATORS = frozenset(
    "add append appendleft clear discard extend insert pop popitem popleft remove reverse setdefault sort update "  # noqa: SIM905
    "to_csv to_json to_parquet to_sql write write_bytes write_text writelines".split()
)
"""Methods that change the object they are called on, or a file, where that object comes from outside."""

REMOVERS = frozenset({"mkdir", "rename", "replace", "rmdir", "rmtree", "touch", "unlink"})
"""Methods of `pathlib`, `os` and `shutil` that change the file system; `replace` counts on those modules only."""

SQL = re.compile(r"\s*(insert|update|delete|drop|create|alter|replace|truncate)\b", re.IGNORECASE)


def writes(function: Callable[..., Any]) -> str | None:
    """Return the first thing that `function` seems to write, as it stands in the source, or None."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # no source: a builtin, or a function made by exec
        return None
    return next(_writes(tree.body[0]), None)


def _writes(function: ast.AST) -> Iterator[str]:
    outside = _names_from_outside(function)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
            for target in targets:
                if _root(target) in outside:
                    yield ast.unparse(node).splitlines()[0]
        elif isinstance(node, ast.Call) and _call_writes(node, outside):
            yield ast.unparse(node.func) + "()"


def _names_from_outside(function: ast.AST) -> set[str]:
    """Names that the function reads or declares ``global``/``nonlocal`` and does not bind itself."""
    bound: set[str] = set()
    used: set[str] = set()
    declared: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Global | ast.Nonlocal):
            declared.update(node.names)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
    return (used - bound) | declared


def _root(node: ast.AST) -> str | None:
    """Return the name that an attribute, subscript or call chain starts from."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _call_writes(call: ast.Call, outside: set[str]) -> bool:
    text = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if isinstance(call.func, ast.Name):
        return call.func.id == "open" and any(
            isinstance(value, ast.Constant) and isinstance(value.value, str) and set(value.value) & set("wax+")
            for value in [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
        )
    if not isinstance(call.func, ast.Attribute):
        return False
    method, root = call.func.attr, _root(call.func)
    if method.startswith("execute") and isinstance(text, str):
        return bool(SQL.match(text))
    if method in REMOVERS and (method != "replace" or root in ("os", "shutil")):
        return True
    return method in MUTATORS and root in outside
