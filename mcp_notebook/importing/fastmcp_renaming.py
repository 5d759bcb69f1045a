"""Rename ``FastMCP``, of the SDK before 2 or the package ``fastmcp``, in a module to the SDK's `MCPServer`."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

from mcp_notebook.export.module.edits import Node, replaced

__all__ = ["fastmcp_import", "renamed"]

OLD, NEW = "FastMCP", "MCPServer"

PACKAGES = {"mcp.server.fastmcp": "of the SDK before 2", "fastmcp": "of the package fastmcp"}

HOME = "mcp.server.mcpserver"
PLACES = (HOME, f"{HOME}.exceptions", f"{HOME}.utilities.types", f"{HOME}.prompts.base", f"{HOME}.prompts",
          f"{HOME}.resources", f"{HOME}.tools", "mcp.types", "mcp.server.auth.provider")  # fmt: skip
"""The modules of the SDK in which to look for names that have moved."""

POSITIONAL = ("name", "instructions", "website_url", "icons", "auth_server_provider", "token_verifier")
"""The parameters of ``FastMCP`` in order; `MCPServer` has another order."""

OF_RUN = {*("host", "port", "mount_path", "sse_path", "message_path", "streamable_http_path", "json_response"),
          *("stateless_http", "transport_security", "event_store", "retry_interval")}  # fmt: skip
"""Arguments of ``FastMCP`` that go to `MCPServer.run` instead."""


def fastmcp_import(tree: ast.AST) -> str | None:
    """Return the origin of an imported ``FastMCP``; None if it is not imported."""
    for node in ast.walk(tree):
        for module in _modules(node):
            whose = "of the SDK before 2" if module == "mcp.server" else PACKAGES.get(_package(module) or "")
            if whose is not None:
                return whose
    return None


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level and node.module:
        old = any(alias.name == OLD for alias in node.names)
        return [node.module] if node.module != "mcp.server" or old else []
    return []


def _package(module: str) -> str | None:
    """Return the one of `PACKAGES` to which a module belongs."""
    return next((package for package in PACKAGES if f"{module}.".startswith(f"{package}.")), None)


def renamed(text: str, where: str) -> tuple[str, list[str]]:
    """Return a module's text with the names of the SDK, and a sentence for each place where renaming is not enough.

    Args:
        text: The module's text.
        where: The module's name, for the sentences.
    """
    tree = ast.parse(text)
    if fastmcp_import(tree) is None:
        return text, []
    work = _Renaming(text, tree)
    return work.text, [f"{where}, {note}" for note in work.notes]


class _Renaming:
    def __init__(self, text: str, tree: ast.Module) -> None:
        self.notes: list[str] = []
        self._changes: list[tuple[Node, str]] = []
        self._covered: set[int] = set()
        self._names = {OLD}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
        self._servers = set(self._server_variables(tree))
        for node in ast.walk(tree):  # outer nodes come first
            if isinstance(node, ast.Call):
                self._call(node)
            for decorator in getattr(node, "decorator_list", ()):
                if isinstance(decorator, ast.Attribute) and decorator.attr in ("tool", "prompt"):
                    self._replace(decorator, f"{ast.unparse(decorator)}()")
        for node in ast.walk(tree):
            self._use(node)
        self.text = replaced(text, self._changes)

    def _replace(self, node: Node, new: str) -> None:
        if id(node) not in self._covered:
            self._covered.update(id(child) for child in ast.walk(node))
            self._changes.append((node, new))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if not any(_package(module) or module == "mcp.server" for module in _modules(node)):
            return
        if isinstance(node, ast.Import):
            names = [self._whole_module(alias) for alias in node.names]
            self._replace(node, ast.unparse(ast.Import(names)))
            return
        by_place: dict[str, list[ast.alias]] = {}
        for alias in node.names:
            new = NEW if alias.name == OLD else alias.name
            if alias.name == OLD and alias.asname:
                self._names.add(alias.asname)
            place = _place_of(new, str(node.module))
            if place is None:
                self.notes.append(
                    f"line {node.lineno}: the SDK has no {alias.name}; change the code that uses it by hand."
                )
            by_place.setdefault(place or str(node.module), []).append(ast.alias(new, alias.asname))
        lines = [ast.unparse(ast.ImportFrom(place, names, 0)) for place, names in by_place.items()]
        self._replace(node, f"\n{' ' * node.col_offset}".join(lines))

    def _whole_module(self, alias: ast.alias) -> ast.alias:
        package = _package(alias.name)
        if package is None:
            return alias
        # Without "as", it is used as it is spelled: mcp.server.fastmcp.FastMCP, or fastmcp.FastMCP.
        asname = alias.asname or ("fastmcp" if package == "fastmcp" else None)
        return ast.alias(alias.name.replace(package, HOME, 1), asname)

    def _server_variables(self, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if self._is_class(node.value.func):
                    yield from map(ast.unparse, targets)

    def _is_class(self, node: ast.expr) -> bool:
        node = node.value if isinstance(node, ast.Subscript) else node
        name = ast.unparse(node)
        return name in self._names or name.endswith(f".{OLD}")

    def _call(self, node: ast.Call) -> None:
        """Change a call whose arguments differ in the SDK."""
        from mcp.server.mcpserver import MCPServer

        if self._is_class(node.func):
            self._arguments(node, MCPServer.__init__, POSITIONAL, f"{OLD}(...)")
        elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in self._servers:
            method = getattr(MCPServer, node.func.attr, None)
            if node.func.attr in ("tool", "resource", "prompt", "add_tool"):
                self._arguments(node, method, (), f"{node.func.attr}(...)")

    def _arguments(self, node: ast.Call, takes: Any, positional: tuple[str, ...], what: str) -> None:
        known = inspect.signature(takes).parameters
        moved = node.args[1:] if positional and not any(isinstance(a, ast.Starred) for a in node.args) else []
        given = [ast.keyword(name, arg) for name, arg in zip(positional[1:], moved, strict=False)]
        gone = [k.arg for k in node.keywords if k.arg is not None and k.arg not in known]
        if gone:
            run = ", ".join(name for name in gone if name in OF_RUN)
            instead = f" Pass {run} to run() or the app instead." if run else ""
            self.notes.append(f"line {node.lineno}: left out {', '.join(gone)} in {what}.{instead}")
        if gone or given:
            kept = [keyword for keyword in node.keywords if keyword.arg not in gone]
            args = node.args[: len(node.args) - len(moved)]
            new = ast.Call(node.func, args, [*given, *kept])
            self._replace(node, self._in_new_names(ast.unparse(new)))

    def _in_new_names(self, call: str) -> str:
        tree = ast.parse(call, mode="eval")
        changes: list[tuple[Node, str]] = [
            (each, _renamed_last(each))
            for each in ast.walk(tree)
            if isinstance(each, ast.Name | ast.Attribute) and _last(each) == OLD
        ]
        return replaced(call, changes)

    def _use(self, node: ast.AST) -> None:
        if id(node) in self._covered:
            return
        if isinstance(node, ast.Name | ast.Attribute) and _last(node) == OLD:
            self._replace(node, _renamed_last(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.partition("[")[0] == OLD:
            self._replace(node, repr(node.value.replace(OLD, NEW)))  # a type hint in quotes
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in self._servers:
            from mcp.server.mcpserver import MCPServer

            if node.attr != "settings" and not hasattr(MCPServer, node.attr):
                self.notes.append(f"line {node.lineno}: {NEW} has no {node.attr}; change that by hand.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.notes += _missing_in_context(node)


def _last(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _renamed_last(node: ast.Name | ast.Attribute) -> str:
    if isinstance(node, ast.Name):
        return NEW
    return f"{ast.unparse(node.value).replace('mcp.server.fastmcp', HOME)}.{NEW}"


def _missing_in_context(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    from mcp.server.mcpserver import Context

    arguments = [*function.args.args, *function.args.kwonlyargs]
    contexts = {a.arg for a in arguments if a.annotation is not None and "Context" in ast.unparse(a.annotation)}
    for node in ast.walk(function):
        if not isinstance(node, ast.Attribute) or ast.unparse(node.value) not in contexts:
            continue
        if not hasattr(Context, node.attr) and node.attr not in Context.model_fields:
            yield f"line {node.lineno}: the SDK's Context has no {node.attr}; change that by hand."


def _place_of(name: str, module: str) -> str | None:
    """Return the module of the SDK that has a name; None if there is none."""
    package = _package(module)
    twin = module.replace(package, HOME, 1) if package is not None else HOME
    for place in (twin, *PLACES):
        try:
            if hasattr(importlib.import_module(place), name):
                return place
        except ImportError:
            continue
    return None
