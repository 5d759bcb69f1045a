"""Guess from its source whether a function writes.

This is a heuristic for a hint and prefers to say nothing: it sees what a function itself does to names from outside
(variables of the notebook, files, SQL), but not what the functions it calls do.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from mcp_notebook.file_calls import makes_file, removes_file
from mcp_notebook.server.variables import variables_with

__all__ = ["writes"]

CHANGE_IN_PLACE = frozenset(
    "add append appendleft clear discard extend insert pop popitem popleft remove reverse setdefault sort update "  # noqa: SIM905
    "write writelines".split()
)
"""Methods that change the object they are called on; they count if that object comes from outside."""

SQL = re.compile(r"\s*(insert|update|delete|drop|create|alter|replace|truncate)\b", re.IGNORECASE)
"""The beginning of a statement that writes, for a method such as ``execute``."""

SQL_FOR_SURE = re.compile(
    r"\s*(insert\s+into|insert\s+or\s+\w+\s+into|replace\s+into|update\s+\S+\s+set|delete\s+from|"
    r"(create|drop|alter|truncate)\s+table)\s",
    re.IGNORECASE,
)
"""The same for a function of any name: a sentence may begin with the word *insert*."""


def writes(function: Callable[..., Any]) -> str | None:
    """Return the source text of the first thing that `function` seems to write; None if there is none."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):  # no source: a builtin, or a function made by exec
        return None
    variables = getattr(function, "__globals__", {})
    modules = set(variables_with(ModuleType, variables))
    # Only the body: decorators and default values run once, in the cell.
    body = ast.Module(body=getattr(tree.body[0], "body", []), type_ignores=[])
    parameters = set(inspect.signature(function).parameters)
    found = next(_writes(body, _names_from_outside(body) - parameters, modules), None)
    if found is None:
        return None
    shown = found.func if isinstance(found, ast.Call) else found
    first, *_ = (ast.get_source_segment(source, shown) or "").splitlines()
    return f"{first}()" if isinstance(found, ast.Call) else first


def _writes(body: ast.AST, outside: set[str], modules: set[str]) -> Iterator[ast.AST]:
    for node in ast.walk(body):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else [node.target]
            if any(_root(target) in outside for target in targets):
                yield node
        elif isinstance(node, ast.Call) and _call_writes(node, outside, modules):
            yield node


def _names_from_outside(body: ast.AST) -> set[str]:
    """Return names that are read, or declared ``global`` or ``nonlocal``, and not bound in the body itself."""
    bound: set[str] = set()
    used: set[str] = set()
    declared: set[str] = set()
    for node in ast.walk(body):
        if isinstance(node, ast.Global | ast.Nonlocal):
            declared.update(node.names)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
    return (used - bound) | declared


def _root(node: ast.AST) -> str | None:
    """Return the name that a chain of attributes, subscripts and method calls starts from.

    A chain that starts with a call, such as ``sorted(x).pop()``, works on a new object, so the result is None.
    """
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return None
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _call_writes(call: ast.Call, outside: set[str], modules: set[str]) -> bool:
    if makes_file(call) or removes_file(call):
        return True
    if not isinstance(call.func, ast.Attribute):
        return _has_sql(call, SQL_FOR_SURE)
    method, root = call.func.attr, _root(call.func)
    if root in modules and isinstance(call.func.value, ast.Name):
        return False
    return (method in CHANGE_IN_PLACE and root in outside) or _has_sql(
        call, SQL if method.startswith("execute") else SQL_FOR_SURE
    )


def _has_sql(call: ast.Call, pattern: re.Pattern[str]) -> bool:
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and bool(pattern.match(first.value))
