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
    reading = _Reader(server, functions)
    return {one.index for one in statements if reading.is_trial(one.node, names[one.index])}


class _Reader:
    """Reads statements in their order, and remembers the variables that hold modules and clients."""

    def __init__(self, server: str | None, functions: Collection[str]) -> None:
        self._server = server
        self._functions = functions
        self._origins: dict[str, str] = {}
        self._clients: set[str] = set()

    def is_trial(self, node: ast.stmt, names: Names) -> bool:
        """Read a statement, and return whether it tries the server."""
        self._clients -= names.binds
        for name in names.binds:
            self._origins.pop(name, None)
        is_definition = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        parts = [] if is_definition else [node, *eager_nodes(node)]
        for part in parts:
            self._remember(part)
        return any(self._tries(part, names.nodes) for part in parts)

    def _remember(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                first = alias.name.partition(".")[0]
                bound = alias.asname or first
                self._origins[bound] = module + (alias.name if alias.asname or module else first)
        target = getattr(node, "optional_vars", None) or getattr(node, "target", None)
        target = node.targets[0] if isinstance(node, ast.Assign) else target
        value = getattr(node, "context_expr", None) or getattr(node, "value", None)
        if target is not None and self._is_client(value):
            self._clients |= {each.id for each in ast.walk(target) if isinstance(each, ast.Name)}

    def _comes_from(self, node: ast.expr, modules: tuple[str, ...]) -> bool:
        first, _, rest = ast.unparse(node).partition(".")
        return f"{self._origins.get(first, '?')}.{rest}".startswith(modules)

    def _is_client(self, value: ast.expr | None) -> bool:
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(value, ast.Call):
            return self._comes_from(value.func, _CLIENTS)
        return isinstance(value, ast.Name) and value.id in self._clients

    def _tries(self, node: ast.AST, nodes: Collection[ast.AST]) -> bool:
        if isinstance(node, ast.withitem):
            return self._is_client(node.context_expr)
        if not isinstance(node, ast.Call):
            return False
        if isinstance(node.func, ast.Name):
            own = node.func.id in self._functions and node.func in nodes
            return own or self._comes_from(node.func, _CHECKS)
        root: ast.AST = node.func
        while isinstance(root, ast.Attribute | ast.Call | ast.Subscript | ast.Await):
            root = root.func if isinstance(root, ast.Call) else root.value
        name = getattr(root, "id", None)
        asks = getattr(node.func, "attr", "") in _REQUESTS and name is not None and name == self._server
        return asks or name in self._clients or self._comes_from(node.func, _CHECKS)
