"""Fit the names of several modules into one namespace: rename one of two that clash, write ``of`` for ``prices.of``."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from mcp_notebook.errors import NotebookError
from mcp_notebook.slicing import names as names_in

__all__ = ["Renames", "another_name", "can_be_renamed", "with_names", "without_qualifiers"]

Renames = Mapping[str, str]

ITS_OWN = {*dir(ModuleType("")), "__dict__", "__file__", "__path__"}
"""The attributes of every module."""

QUIET_DECORATORS = ("cache", "lru_cache", "contextmanager", "asynccontextmanager", "wraps")
"""Decorators that do not use a function's name."""


def can_be_renamed(name: str, tree: ast.Module) -> bool:
    """Return whether a module's name is invisible to clients: not a tool's, nor a class's, which schemas contain."""
    bound = [node for node in tree.body if name in names_in.of(node).binds]
    for node in bound:
        if isinstance(node, ast.ClassDef):
            return False
        for decorator in getattr(node, "decorator_list", ()):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called).rpartition(".")[2] not in QUIET_DECORATORS:
                return False
    if any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(tree)):
        return False  # in that function, it cannot be distinguished from a local variable
    # mcp.add_tool(add) and mcp.tool()(add) make a tool with that name.
    given = [a for node in ast.walk(tree) if isinstance(node, ast.Call) for a in node.args if "." in ast.unparse(node)]
    return bool(bound) and not any(isinstance(arg, ast.Name) and arg.id == name for arg in given)


def another_name(name: str, module: Path, taken: Collection[str]) -> str:
    """Return a new name for a module's `name` if another module uses it: ``core_add``."""
    words = " ".join(taken)
    new = f"{module.parent.name if module.stem == '__init__' else module.stem}_{name.lstrip('_')}"
    while re.search(rf"\b{re.escape(new)}\b", words):
        new += "_"
    return new


def with_names(text: str, renames: Mapping[str, str]) -> str:
    """Rename some of a module's variables in its text, but not local variables of functions.

    Raises:
        LookupError: A variable is used in an f-string; Python before 3.12 does not tell its position.
    """
    if not renames:
        return text
    lines = [line.encode() for line in text.split("\n")]
    found = names_in.of_all(ast.parse(text).body)
    edits = {edit for one in found for node in one.nodes for edit in _edits(node, renames, lines)}
    for line, start, end, new in sorted(edits, reverse=True):
        lines[line] = lines[line][:start] + new.encode() + lines[line][end:]
    return b"\n".join(lines).decode()


def _edits(node: ast.AST, renames: Mapping[str, str], lines: list[bytes]) -> list[tuple[int, int, int, str]]:
    """Return the edits for one node: line, start, end, new text."""
    if isinstance(node, ast.Name) and node.id in renames:
        start, end = node.col_offset, node.col_offset + len(node.id.encode())
        if lines[node.lineno - 1][start:end] != node.id.encode():
            raise LookupError(node.id)
        return [(node.lineno - 1, start, end, renames[node.id])]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in renames:
        word = re.compile(rb"\bdef\s+(" + re.escape(node.name.encode()) + rb")\b")
        found = word.search(lines[node.lineno - 1], node.col_offset)
        if found is None:
            raise LookupError(node.name)
        return [(node.lineno - 1, *found.span(1), renames[node.name])]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [
            (alias.lineno - 1, alias.col_offset, alias.end_col_offset or 0, f"{alias.name} as {renames[bound]}")
            for alias in node.names
            if (bound := alias.asname or alias.name) in renames
        ]
    return []


def without_qualifiers(text: str, names: Mapping[str, Renames], where: str) -> tuple[str, dict[str, set[str]]]:
    """Remove the qualifying names of other modules from a module's text; return also the names that must stay.

    A name must stay, as a variable with attributes, if it is used in a function with a local variable of that name.

    Args:
        text: The module's text.
        names: The names under which it knows other modules, such as ``prices`` or ``shop.prices``, each with the
            renames in that module.
        where: The module's own name, for the error.

    Raises:
        NotebookError: Another module is used as a value, or one of its attributes is set.
    """
    tree = ast.parse(text)
    reads: list[tuple[str, ast.Attribute]] = []
    stay: dict[str, set[str]] = {}
    for statement in tree.body:
        local = set(_local_names(statement))
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Attribute)
                and (name := ast.unparse(node.value)) in names
                and node.attr not in ITS_OWN
            ):
                if not isinstance(node.ctx, ast.Load):
                    raise _used(name, node, where, f"assigned a new {node.attr}")
                reads.append((name, node))
                if names[name].get(node.attr, node.attr) in local or not _is_exact(text, node):
                    stay.setdefault(name, set())
    for name, node in reads:
        if name in stay:
            stay[name].add(node.attr)
    _refuse_values(tree, names, {id(node.value) for _, node in reads}, where)
    return _without(text, [(node, names[name]) for name, node in reads if name not in stay]), stay


def _is_exact(text: str, node: ast.Attribute) -> bool:
    """Return whether a node's position is right; Python before 3.12 gives wrong ones inside f-strings."""
    return "".join((ast.get_source_segment(text, node) or "").split()) == ast.unparse(node)


def _local_names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names bound by functions and comprehensions in a statement."""
    for scope in ast.walk(statement):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ListComp | ast.SetComp
                      | ast.DictComp | ast.GeneratorExp | ast.ClassDef):  # fmt: skip
            for node in ast.walk(scope):
                if isinstance(node, ast.arg):
                    yield node.arg
                elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                    yield node.id
                elif node is not scope and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                    yield node.name


def _refuse_values(tree: ast.Module, names: Collection[str], read: set[int], where: str) -> None:
    covered: set[int] = set()
    for node in ast.walk(tree):  # outer nodes come first
        if id(node) in read or id(node) in covered:
            covered.update(id(child) for child in ast.iter_child_nodes(node))
        elif isinstance(node, ast.Name) and node.id in {name.partition(".")[0] for name in names}:
            raise _used(node.id, node, where, "used as a value")


def _used(name: str, node: ast.expr, where: str, how: str) -> NotebookError:
    return NotebookError(
        f"{where}, line {node.lineno}: the module {name} is {how}, but the notebook will not have this module. "
        f"First move that code into a function of {name}, or import single names: from {name} import ..."
    )


def _without(text: str, reads: list[tuple[ast.Attribute, Renames]]) -> str:
    """Replace each of these expressions by its last name, or by the new name for it."""
    lines = [line.encode() for line in text.split("\n")]
    for node, renames in sorted(reads, key=lambda read: (read[0].lineno, read[0].col_offset), reverse=True):
        end, column = (node.end_lineno or 0) - 1, node.end_col_offset or 0
        rest = renames.get(node.attr, node.attr).encode() + lines[end][column:]
        lines[node.lineno - 1 : end + 1] = [lines[node.lineno - 1][: node.col_offset] + rest]
    return b"\n".join(lines).decode()
