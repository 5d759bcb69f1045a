"""Uses of a server in statements: to register on it, to change it in another way, to start it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.server.changes import Kind
from mcp_notebook.slicing.statements import Notebook

__all__ = ["METHODS", "ServerUses", "is_main", "makes_app", "method_of", "removed_names", "root", "run_now", "runs"]

METHODS: dict[str, tuple[Kind, ...]] = {
    "tool": ("tool",),
    "resource": ("resource", "resource template"),
    "prompt": ("prompt",),
    "add_tool": ("tool",),
    "add_resource": ("resource",),
    "add_prompt": ("prompt",),
}
"""The methods that register one definition, and the kinds that each can make."""

CHANGING = {*METHODS, "completion", "custom_route", "middleware"}
APPS = {"sse_app", "streamable_http_app"}
REQUESTS = {
    "call_tool", "get_prompt", "read_resource",
    "list_prompts", "list_resource_templates", "list_resources", "list_tools",
}  # fmt: skip

READING = {
    *APPS, *REQUESTS, "run", "run_stdio_async", "run_sse_async", "run_streamable_http_async",
    "name", "title", "description", "instructions", "version", "icons", "website_url", "settings",
    "session_manager", "runtime", "dependencies", "remove_tool", "emit",
}  # fmt: skip
"""Attributes that leave a server as it is, and `remove_tool`: the package does not register what is gone."""

REMOVING = {"clear", "pop", "popitem", "remove_tool"}
SETTING = {"append", "delattr", "extend", "insert", "setattr", "update", "vars"}

NEW = (ast.Constant, ast.Dict, ast.DictComp, ast.List, ast.ListComp, ast.Set, ast.SetComp)

HARMLESS = ("builtins", "IPython", "mcp.", "mcp_notebook", "asyncio", "anyio")
"""Modules whose functions do not register on a server that they are given."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class ServerUses:
    """Finds the statements that change a server: their code mentions it, and does more than look.

    Args:
        notebook: All that ran.
        server: The server.
        aliases: The variables that hold it.
        namespace: The notebook's variables.
        tried: The functions on the server: a call of one in a cell only tries it.
    """

    def __init__(
        self,
        notebook: Notebook,
        server: MCPServer[Any],
        aliases: Set[str],
        namespace: Mapping[str, Any],
        tried: Set[str],
    ) -> None:
        self._aliases = aliases
        holders = {name for name, value in namespace.items() if any(item is server for item in _items(value))}
        self._known = aliases | holders
        self._namespace = namespace
        nodes = (statement.node for statement in notebook.statements)
        self._defined = {n.name: n for n in nodes if isinstance(n, _Function | ast.ClassDef) and n.name not in tried}

    def change(self, node: ast.stmt) -> bool:
        """Return whether running a statement changes the server."""
        if is_main(node):
            return False
        parts = [*run_now(ast.Module([node], []))]
        if any(isinstance(part, ast.Await | ast.AsyncFor | ast.AsyncWith) for part in parts):
            return False  # no module can have it
        parts = self._run_by(parts)
        gone = {id(inside) for part in parts if removes(part, self._aliases) for inside in ast.walk(part)}
        parts = [part for part in parts if id(part) not in gone]
        if not self._known & set(_names(parts)):
            return False
        if any(isinstance(part, ast.Call) and _is_request(part) for part in parts):
            return False
        assigned = (part for part in parts if isinstance(part, ast.Assign) and isinstance(part.value, NEW))
        own = {target.id for part in assigned for target in part.targets if isinstance(target, ast.Name)}
        return any(self._changes(part, own) for part in parts)

    def _run_by(self, parts: list[ast.AST]) -> list[ast.AST]:
        """Return the parts, and those of the functions and classes of the cells that they call, and so on."""
        called: set[str] = set()
        work = parts
        while work:
            new = {p.func.id for p in work if isinstance(p, ast.Call) and isinstance(p.func, ast.Name)} - called
            called |= new
            bodies = [self._defined[name].body for name in new & self._defined.keys()]
            work = [part for body in bodies for statement in body for part in ast.walk(statement)]
            parts = [*parts, *work]
        return parts

    def _changes(self, part: ast.AST, own: Set[str]) -> bool:
        """Return whether a part may change the server; `own` are variables of new objects."""
        if isinstance(part, ast.Attribute | ast.Subscript):
            on_server = isinstance(part.value, ast.Name) and part.value.id in self._aliases
            attribute = getattr(part, "attr", "")
            changing = attribute in CHANGING or (on_server and attribute not in READING)
            return changing or not (isinstance(part.ctx, ast.Load) or root(part) in own)
        if not isinstance(part, ast.Call):
            return False
        if getattr(part.func, "attr", getattr(part.func, "id", "")) in SETTING:
            return root(part) not in own
        name = root(part.func)
        if name in self._defined or not any(_hands_over(value, self._aliases) for value in _given(part)):
            return False
        value = self._namespace.get(name, getattr(builtins, name, None))
        return not str(getattr(value, "__module__", None) or getattr(value, "__name__", "")).startswith(HARMLESS)


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    return list(vars(value).values()) if type(value).__module__ == "__main__" and hasattr(value, "__dict__") else ()


def _names(parts: Iterable[ast.AST]) -> Iterator[str]:
    yield from (part.id for part in parts if isinstance(part, ast.Name))


def run_now(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a statement that run with it, and not when a function is called."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, _Function):
            now = (*child.decorator_list, *child.args.defaults, *filter(None, child.args.kw_defaults))
            yield from (part for expression in now for part in ast.walk(expression))
        elif not isinstance(child, ast.Lambda):
            yield from run_now(child)


def _is_request(call: ast.Call) -> bool:
    """Return whether a call asks a server or a client, as a trial does."""
    function = call.func
    return isinstance(function, ast.Attribute) and function.attr in REQUESTS and isinstance(function.value, ast.Name)


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(word.value for word in call.keywords)]


def _hands_over(value: ast.expr, known_by: Set[str]) -> bool:
    if isinstance(value, ast.Tuple | ast.List | ast.Starred):
        return any(isinstance(part, ast.expr) and _hands_over(part, known_by) for part in ast.iter_child_nodes(value))
    return isinstance(value, ast.Name) and value.id in known_by


def removes(part: ast.AST, aliases: Set[str]) -> bool:
    """Return whether a part of a statement takes something off the server."""
    if isinstance(part, ast.Subscript):
        return isinstance(part.ctx, ast.Del) and root(part.value) in aliases
    method = isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in REMOVING
    return method and root(part) in aliases  # type: ignore[arg-type]


def removed_names(notebook: Notebook, aliases: Set[str]) -> Iterator[str]:
    """Yield the texts in statements that take something off the server: the names of tools are among them."""
    for node in (statement.node for statement in notebook.statements):
        if any(removes(part, aliases) for part in ast.walk(node)):
            yield from (str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant))


def method_of(node: ast.expr, aliases: Set[str]) -> str:
    """Return the method of the server that a decorator or call uses; "" for another function."""
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in aliases:
        return function.attr
    return ""


def root(node: ast.expr) -> str:
    """Return the variable that an attribute, item or call begins with; "" for another expression."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def is_main(node: ast.stmt) -> bool:
    """Return whether a statement is the end of a script: ``if __name__ == "__main__"``."""
    return isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test))


def runs(node: ast.stmt, aliases: Set[str]) -> bool:
    """Return whether a statement starts the server, as the last line of a script does."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and method_of(node.value, aliases) == "run"


def makes_app(node: ast.stmt, aliases: Set[str]) -> bool:
    """Return whether a statement, or a function in it, makes an ASGI app of the server."""
    return any(method_of(part, aliases) in APPS for part in ast.walk(node) if isinstance(part, ast.Call))
