"""What statements do with a server other than register by a decorator, call or magic: change it, or start it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Set
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.closure import names
from mcp_notebook.export.closure.statements import Notebook, Statement
from mcp_notebook.export.module.registrations.sites import ADDERS, DECORATORS, method_of

__all__ = ["changes", "changes_one_of", "holders", "is_main", "makes_app", "runs"]

CHANGING = {*DECORATORS, *ADDERS, "completion", "custom_route", "middleware"}
"""What of a server changes it where it is used in a function."""

APPS = {"sse_app", "streamable_http_app"}
READING = {
    *APPS, "run", "run_stdio_async", "run_sse_async", "run_streamable_http_async",
    "list_tools", "list_resources", "list_resource_templates", "list_prompts", "call_tool", "read_resource",
    "get_prompt", "name", "title", "description", "instructions", "version", "icons", "website_url", "settings",
    "session_manager", "runtime", "dependencies", "remove_tool",
}  # fmt: skip
"""What of a server leaves it as it is, or (the last) takes off what the package never registers."""


def changes(statement: Statement, aliases: frozenset[str], notebook: Notebook, namespace: Mapping[str, Any]) -> bool:
    """Whether running a statement changes the server, as far as reading it tells."""
    node = statement.node
    if not any(alias in statement.text for alias in aliases) or is_main(node):
        return False
    if not names.of(node).reads & aliases:
        return False
    return any(_change(part, aliases, notebook, namespace) for part in ast.walk(node))


def holders(server: MCPServer[Any], namespace: Mapping[str, Any]) -> set[str]:
    """Return the variables whose value has the server in it: a list, a dict, an object of a class of the cells."""
    return {name for name, value in namespace.items() if any(item is server for item in _items(value))}


def _items(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    return list(vars(value).values()) if type(value).__module__ == "__main__" and hasattr(value, "__dict__") else []


def changes_one_of(statement: Statement, holders: Set[str]) -> bool:
    """Whether a statement may register on a server that it takes out of one of these variables."""
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or is_main(node):
        return False
    registers = any(isinstance(part, ast.Attribute) and part.attr in CHANGING for part in ast.walk(node))
    return registers and not holders.isdisjoint(names.of(node).reads)


def is_main(node: ast.stmt) -> bool:
    """Whether a statement is the end of a script: ``if __name__ == "__main__"``."""
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def runs(node: ast.stmt, aliases: frozenset[str]) -> bool:
    """Whether a statement starts the server, as the last line of a script does."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and method_of(node.value, aliases) == "run"


def makes_app(node: ast.stmt, aliases: frozenset[str]) -> bool:
    """Whether a statement makes an ASGI app of the server, or a function that it defines does."""
    return any(method_of(part, aliases) in APPS for part in ast.walk(node) if isinstance(part, ast.Call))


def _change(part: ast.AST, aliases: frozenset[str], notebook: Notebook, namespace: Mapping[str, Any]) -> bool:
    if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in aliases:
        return part.attr not in READING or not isinstance(part.ctx, ast.Load)
    if isinstance(part, ast.Call):
        passed = [*part.args, *(keyword.value for keyword in part.keywords)]
        if any(isinstance(value, ast.Name) and value.id in aliases for value in passed):
            return _registers(part.func, notebook, namespace)
    return False


def _registers(function: ast.expr, notebook: Notebook, namespace: Mapping[str, Any]) -> bool:
    """Whether what is called with the server may register on it."""
    name = next((n.id for n in ast.walk(function) if isinstance(n, ast.Name)), "")
    defining = [s for s in notebook.statements if name in s.text and name in names.of(s.node).binds]
    if defining and isinstance(defining[-1].node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return any(isinstance(n, ast.Attribute) and n.attr in CHANGING for n in ast.walk(defining[-1].node))
    called = namespace.get(name)
    module = str(getattr(called, "__module__", None) or getattr(called, "__name__", ""))
    return bool(module) and not module.startswith(("builtins", "IPython", "mcp.", "mcp_notebook", "asyncio", "anyio"))
