"""Finds the statements that only try the server: they call its own functions, or work through a client of it.

The effects of a trial belong to the session of the person who tries, and not to the server.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.statements import Statement, eager_nodes

__all__ = ["trials"]

_CLIENTS = ("mcp.Client", "mcp.client.", "mcp_notebook.connect", "mcp_notebook.client.")
_CHECKS = ("mcp_notebook.course.",)
_REQUESTS = {
    "call_tool", "complete", "get_prompt", "list_prompts", "list_resource_templates", "list_resources", "list_tools",
    "read_resource",
}  # fmt: skip
"""The methods of a server that answer a request, as of a client."""


def trials(
    statements: Sequence[Statement], names: Sequence[Names], *, server: str | None, functions: Collection[str]
) -> set[int]:
    """Return the indexes of the trials; `functions` are registered on the server in the variable `server`."""
    origins: dict[str, str] = {}
    clients: set[str] = set()
    found = set()

    def comes_from(node: ast.expr, modules: tuple[str, ...]) -> bool:
        first, _, rest = ast.unparse(node).partition(".")
        return f"{origins.get(first, '?')}.{rest}".startswith(modules)

    def is_client(value: ast.expr | None) -> bool:
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(value, ast.Call):
            return comes_from(value.func, _CLIENTS)
        return isinstance(value, ast.Name) and value.id in clients

    def is_trial(node: ast.AST, nodes: Collection[ast.AST]) -> bool:
        if isinstance(node, ast.withitem):
            return is_client(node.context_expr)
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Name):
            own = node.func.id in functions and node.func in nodes
            return own or comes_from(node.func, _CHECKS)
        root: ast.AST = node.func
        while isinstance(root, ast.Attribute | ast.Call | ast.Subscript | ast.Await):
            root = root.func if isinstance(root, ast.Call) else root.value
        name = getattr(root, "id", None)
        asks = getattr(node.func, "attr", "") in _REQUESTS and name is not None and name == server
        return asks or name in clients or comes_from(node.func, _CHECKS)

    for statement in statements:
        node, one = statement.node, names[statement.index]
        clients -= one.binds
        for name in one.binds:
            origins.pop(name, None)
        is_definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        parts = [] if is_definition else [node, *eager_nodes(node)]
        for part in parts:
            if isinstance(part, ast.Import | ast.ImportFrom):
                module = f"{part.module}." if isinstance(part, ast.ImportFrom) else ""
                origins |= {
                    alias.asname or alias.name.partition(".")[0]: module
                    + (alias.name if alias.asname or module else alias.name.partition(".")[0])
                    for alias in part.names
                }
            target = getattr(part, "optional_vars", None) or getattr(part, "target", None)
            target = part.targets[0] if isinstance(part, ast.Assign) else target
            if target is not None and is_client(getattr(part, "context_expr", None) or getattr(part, "value", None)):
                clients |= {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}
        if any(is_trial(part, one.nodes) for part in parts):
            found.add(statement.index)
    return found
