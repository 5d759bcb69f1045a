"""Where cells register: by a decorator of the server, by a call of one of its methods, by a magic."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mcp_notebook.export.module.magic_lines import lines
from mcp_notebook.export.module.registrations.registration import Registration
from mcp_notebook.server.changes import Kind
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["ADDERS", "DECORATORS", "by_magics", "in_statement", "method_of"]

DECORATORS: dict[str, tuple[Kind, ...]] = {
    "tool": ("tool",),
    "resource": ("resource", "resource template"),
    "prompt": ("prompt",),
}
ADDERS: dict[str, tuple[Kind, ...]] = {
    "add_tool": ("tool",),
    "add_resource": ("resource",),
    "add_prompt": ("prompt",),
}


def in_statement(statement: Statement, aliases: frozenset[str], namespace: Mapping[str, Any]) -> Iterator[Registration]:
    """Yield the registrations that a statement is, by a decorator or by a call."""
    node = statement.node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for place, decorator in enumerate(node.decorator_list):
            if (method := method_of(decorator, aliases)) in DECORATORS:
                yield Registration(statement, DECORATORS[method], _decorated_name(method, decorator, node.name), place)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if (method := method_of(call, aliases)) in ADDERS:
            yield Registration(statement, ADDERS[method], _added_name(method, call, namespace))
        elif isinstance(call.func, ast.Call) and (method := method_of(call.func, aliases)) in DECORATORS and call.args:
            name = _decorated_name(method, call.func, _function_name(call.args[0], namespace))
            yield Registration(statement, DECORATORS[method], name)


def method_of(node: ast.expr, aliases: frozenset[str]) -> str:
    """Return the method of the server that a decorator or call is of; "" for another."""
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in aliases:
        return function.attr
    return ""


def _decorated_name(method: str, node: ast.expr, function: str | None) -> str | None:
    call = node if isinstance(node, ast.Call) else ast.Call(node, [], [])
    option = "uri" if method == "resource" else "name"
    given = call.args[0] if call.args else _keyword(call, option)
    return _text(given) if given is not None or method == "resource" else function


def _added_name(method: str, call: ast.Call, namespace: Mapping[str, Any]) -> str | None:
    if not call.args:
        return None
    added = call.args[0]
    if method == "add_tool":
        given = call.args[1] if len(call.args) > 1 else _keyword(call, "name")
        return _text(given) if given is not None else _function_name(added, namespace)
    option = "uri" if method == "add_resource" else "name"
    if isinstance(added, ast.Name):
        value = getattr(namespace.get(added.id), option, None)
        return str(value) if value is not None else None
    if isinstance(added, ast.Call):
        given = _keyword(added, option)
        if given is None and option == "name" and added.args:
            return _function_name(added.args[0], namespace)
        return _text(given)
    return None


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _function_name(node: ast.expr, namespace: Mapping[str, Any]) -> str | None:
    if isinstance(node, ast.Name):
        name = getattr(namespace.get(node.id), "__name__", None)
        return str(name) if name is not None else node.id
    return None


def by_magics(notebook: Notebook, servers: Iterable[str]) -> Iterator[Registration]:
    """Yield what the magics registered, on this server as far as their line tells."""
    for line in lines(notebook.magics):
        if line.options.get("server", next(iter(servers))) not in servers:
            continue
        here = _functions(s for s in notebook.statements if s.cell == line.cell)
        earlier = _functions(s for s in notebook.statements if s.cell < line.cell)
        public = [name for name in here if not name.startswith("_")]
        chosen = line.functions or public
        for function, key in zip(chosen, line.keys(public), strict=False):
            statement = here.get(function) or earlier.get(function)
            if statement is not None:
                yield Registration(statement, line.kinds, key, line=line)


def _functions(statements: Iterable[Statement]) -> dict[str, Statement]:
    """Return the statements that bind functions, in the branches of an ``if`` too, by the functions' names."""
    return {name: statement for statement in statements for name in _defined(statement.node)}


def _defined(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif not isinstance(node, ast.ClassDef | ast.expr):
        for child in ast.iter_child_nodes(node):
            yield from _defined(child)
