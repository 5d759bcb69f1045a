"""What statements do with a server other than register by a decorator, call or magic: change it, or start it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Set
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.module.registrations.sites import ADDERS, DECORATORS, method_of
from mcp_notebook.slicing import known, names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["changes", "changes_one_of", "holders", "is_main", "makes_app", "removing", "root", "runs"]

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


def changes(
    statement: Statement,
    aliases: frozenset[str],
    notebook: Notebook,
    namespace: Mapping[str, Any],
    tried: Set[str] = frozenset(),
) -> bool:
    """Whether running a statement changes the server, as far as reading it tells; `tried` are functions on it."""
    node = statement.node
    if not is_main(node) and _calls_a_changer(statement, aliases, notebook, tried):
        return True
    if not any(alias in statement.text for alias in aliases) or is_main(node):
        return False
    if not names.of(node).reads & aliases:
        return False
    return any(_change(part, aliases, notebook, namespace) for part in _without_removals(node, aliases))


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
    if _changes_in_it(part, aliases):
        return True
    if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in aliases:
        return part.attr not in READING or not isinstance(part.ctx, ast.Load)
    return isinstance(part, ast.Call) and _registers(part, aliases, notebook, namespace)


REMOVING = {"clear", "pop", "popitem", "remove_tool"}


def removing(part: ast.AST, known_by: Set[str]) -> bool:
    """Whether a part of a statement takes something off the server: what is gone is written by itself."""
    if isinstance(part, ast.Subscript):
        return isinstance(part.ctx, ast.Del) and root(part.value) in known_by
    is_method = isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in REMOVING
    return is_method and root(part) in known_by  # type: ignore[arg-type]


def _without_removals(node: ast.AST, known_by: Set[str]) -> list[ast.AST]:
    """Return the parts of a statement that have to do with another thing than taking something off."""
    parts = [*ast.walk(node)]
    gone = {id(inside) for part in parts if removing(part, known_by) for inside in ast.walk(part)}
    return [part for part in parts if id(part) not in gone]


def _changes_in_it(part: ast.AST, known_by: Set[str]) -> bool:
    """Whether something is changed that is reached from the server: ``mcp.settings.debug = True``."""
    if isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
        return root(part.value) in known_by
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
        inside = isinstance(part.func.value, ast.Attribute | ast.Subscript)
        return inside and part.func.attr in known.CHANGING and root(part.func.value) in known_by
    return False


def root(node: ast.expr) -> str:
    """Return the variable that an attribute or item is reached from; "" for another expression."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _registers(call: ast.Call, aliases: Set[str], notebook: Notebook, namespace: Mapping[str, Any]) -> bool:
    """Whether what is called with the server may register on it, or change it in another way."""
    passed = [*call.args, *(keyword.value for keyword in call.keywords)]
    if not any(isinstance(value, ast.Name) and value.id in aliases for value in passed):
        return False
    name = next((n.id for n in ast.walk(call.func) if isinstance(n, ast.Name)), "")
    defining = _defining(name, notebook)
    if isinstance(defining, ast.ClassDef):
        return any(isinstance(n, ast.Attribute) and n.attr in CHANGING for n in ast.walk(defining))
    if defining is not None:
        return _changes_what_it_knows(defining, _parameters(defining, call, aliases), notebook)
    called = namespace.get(name)
    module = str(getattr(called, "__module__", None) or getattr(called, "__name__", ""))
    return bool(module) and not module.startswith(("builtins", "IPython", "mcp.", "mcp_notebook", "asyncio", "anyio"))


_Function = ast.FunctionDef | ast.AsyncFunctionDef


def _defining(name: str, notebook: Notebook) -> _Function | ast.ClassDef | None:
    """Return the function or class of the cells that has a name; None where something else has."""
    found = [s.node for s in notebook.statements if name in s.text and name in names.of(s.node).binds]
    return found[-1] if found and isinstance(found[-1], _Function | ast.ClassDef) else None


def _parameters(function: _Function, call: ast.Call, aliases: Set[str]) -> set[str]:
    """Return the parameters by which a function is given the server."""
    arguments = function.args
    own = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    given = dict(zip(own, call.args, strict=False)) | {word.arg: word.value for word in call.keywords if word.arg}
    found = {name for name, value in given.items() if isinstance(value, ast.Name) and value.id in aliases}
    return found or {argument.arg for argument in (*arguments.args, arguments.vararg, arguments.kwarg) if argument}


def _changes_what_it_knows(
    function: _Function, known_by: Set[str], notebook: Notebook, passed: frozenset[str] = frozenset()
) -> bool:
    """Whether a function changes the server that it knows by these names; what it calls with it counts."""
    parts = _without_removals(function, known_by)
    if any(isinstance(part, ast.Attribute) and part.attr in CHANGING for part in parts):
        return True
    if any(_changes_in_it(part, known_by) for part in parts):
        return True
    of_server = [
        part for part in parts if isinstance(part, ast.Attribute) and getattr(part.value, "id", "") in known_by
    ]
    if any(part.attr not in READING for part in of_server) and any(map(_writes, parts)):
        return True
    for part in parts:
        name = getattr(part.func, "id", "") if isinstance(part, ast.Call) else ""
        if not isinstance(part, ast.Call) or name in passed:
            continue
        handed = any(isinstance(value, ast.Name) and value.id in known_by for value in part.args)
        if handed and name in _WRITING:
            return True
        called = _defining(name, notebook) if handed and name else None
        if isinstance(called, _Function) and _changes_what_it_knows(
            called, _parameters(called, part, known_by), notebook, passed | {name}
        ):
            return True
    return False


_WRITING = {"setattr", "delattr", "vars"}


def _writes(part: ast.AST) -> bool:
    """Whether a part of a function changes an object that it has not made itself."""
    if isinstance(part, ast.Attribute | ast.Subscript):
        return not isinstance(part.ctx, ast.Load)
    if not isinstance(part, ast.Call):
        return False
    name = getattr(part.func, "attr", getattr(part.func, "id", ""))
    return name in _WRITING or name in known.CHANGING


def _calls_a_changer(statement: Statement, aliases: frozenset[str], notebook: Notebook, tried: Set[str]) -> bool:
    """Whether a statement calls a function of the cells that changes the server which it finds by its variable."""
    node = statement.node
    if isinstance(node, _Function | ast.ClassDef):
        return False
    for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
        name = getattr(call.func, "id", "")
        function = _defining(name, notebook) if name and name not in tried else None
        knows = isinstance(function, _Function) and aliases & names.of(function).late
        if isinstance(function, _Function) and knows and _changes_what_it_knows(function, aliases, notebook):
            return True
    return False
