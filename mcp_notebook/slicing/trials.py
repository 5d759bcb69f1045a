"""Which statements only try the server: they call its own functions, or work through a client of it.

What a trial leaves behind belongs to the session of whoever tries, and not to the server.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from mcp_notebook.slicing.names import Names
from mcp_notebook.slicing.nodes import eager_nodes
from mcp_notebook.slicing.statements import Statement

__all__ = ["trials"]

_CLIENTS = ("mcp.Client", "mcp.client.", "mcp_notebook.connect", "mcp_notebook.client.")
_CHECKS = ("mcp_notebook.course.",)
_REQUESTS = {
    "call_tool", "complete", "get_prompt", "list_prompts", "list_resource_templates", "list_resources", "list_tools",
    "read_resource",
}  # fmt: skip
"""What of a server answers a request, as of a client."""


def trials(
    statements: Sequence[Statement], names: Sequence[Names], *, servers: Collection[str], functions: Collection[str]
) -> frozenset[int]:
    """Return the indexes of the trials among statements.

    Args:
        statements: In the order in which they ran.
        names: Of each statement.
        servers: The variables that hold the server.
        functions: The functions that are registered on it.
    """
    reading = _Reading(servers, functions)
    return frozenset(s.index for s in statements if reading.tries(s.node, names[s.index]))


class _Reading:
    """What is known, from the statements so far, of imports and of variables that hold clients."""

    def __init__(self, servers: Collection[str], functions: Collection[str]) -> None:
        self._servers = servers
        self._functions = functions
        self._origins: dict[str, str] = {}
        self._clients: set[str] = set()

    def tries(self, node: ast.stmt, names: Names) -> bool:
        """Whether the next statement is a trial."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self._forget(names)
            return False
        parts = [node, *eager_nodes(node)]
        self._forget(names)
        for part in parts:
            self._import(part)
            self._bind(part)
        return any(self._is_trial(part, names) for part in parts)

    def _forget(self, names: Names) -> None:
        for name in names.binds:
            self._origins.pop(name, None)
            self._clients.discard(name)

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            self._origins |= {a.asname or a.name.partition(".")[0]: _top(a) for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            self._origins |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.withitem):
            target, value = node.optional_vars, node.context_expr
        elif isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            target, value = node.target, node.value  # type: ignore[assignment]
        else:
            return
        if target is not None and value is not None and self._is_client(value):
            self._clients |= {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}

    def _is_client(self, value: ast.expr) -> bool:
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(value, ast.Call):
            return self._comes_from(value.func, _CLIENTS)
        return isinstance(value, ast.Name) and value.id in self._clients

    def _comes_from(self, node: ast.expr, origins: tuple[str, ...]) -> bool:
        first, _, rest = ast.unparse(node).partition(".")
        return f"{self._origins.get(first, '?')}.{rest}".startswith(origins)

    def _is_trial(self, node: ast.AST, names: Names) -> bool:
        if isinstance(node, ast.withitem):
            return self._is_client(node.context_expr)
        if not isinstance(node, ast.Call):
            return False
        function = node.func
        if isinstance(function, ast.Name):
            own = function.id in self._functions and function in names.nodes
            return own or self._comes_from(function, _CHECKS)
        root = _root(function)
        on_server = isinstance(function, ast.Attribute) and function.attr in _REQUESTS and root in self._servers
        return on_server or root in self._clients or self._comes_from(function, _CHECKS)


def _top(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.partition(".")[0]


def _root(node: ast.expr) -> str:
    """Return the name at the root of an attribute, call or item; "" for another expression."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript | ast.Await):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
