"""Names of several modules in one namespace: another name where two clash, and ``of`` for ``prices.of``."""

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
"""What a module has whatever is in it."""

QUIET_DECORATORS = ("cache", "lru_cache", "contextmanager", "asynccontextmanager", "wraps")
"""Decorators that make nothing of a function's name."""


def can_be_renamed(name: str, tree: ast.Module) -> bool:
    """Whether nobody outside hears of a name of a module: it is not a tool's, and not in a schema as a class's is."""
    bound = [node for node in tree.body if name in names_in.of(node).binds]
    for node in bound:
        if isinstance(node, ast.ClassDef):
            return False
        for decorator in getattr(node, "decorator_list", ()):
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(called).rpartition(".")[2] not in QUIET_DECORATORS:
                return False
    if any(isinstance(node, ast.Global) and name in node.names for node in ast.walk(tree)):
        return False  # its places in that function are not told apart from a local variable's
    # mcp.add_tool(add) and mcp.tool()(add) make a tool of that name.
    given = [a for node in ast.walk(tree) if isinstance(node, ast.Call) for a in node.args if "." in ast.unparse(node)]
    return bool(bound) and not any(isinstance(arg, ast.Name) and arg.id == name for arg in given)


def another_name(name: str, module: Path, taken: Collection[str]) -> str:
    """Return what `name` of a module is called where another module has that name: ``core_add``."""
    words = " ".join(taken)
    new = f"{module.parent.name if module.stem == '__init__' else module.stem}_{name.lstrip('_')}"
    while re.search(rf"\b{re.escape(new)}\b", words):
        new += "_"
    return new


def with_names(text: str, renames: Mapping[str, str]) -> str:
    """Return a module's text with other names for some of its variables; variables of functions stay as they are.

    Raises:
        LookupError: One is read within an f-string, and Python before 3.12 does not know where.
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
    """Return what changes for one node: line, from, to, the new text."""
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
    """Return a module's text without the names of other modules, and what has to stay, as a variable with attributes.

    A name stays where it is read in a function that has a variable like that itself.

    Args:
        text: The module's.
        names: By which it knows other modules, such as ``prices`` or ``shop.prices``, and what these call otherwise in
            the notebook.
        where: The module's own name, for the error.

    Raises:
        NotebookError: Another module is used as a value, or given an attribute.
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
                    raise _used(name, node, where, f"given a new {node.attr}")
                reads.append((name, node))
                if names[name].get(node.attr, node.attr) in local or not _stands(text, node):
                    stay.setdefault(name, set())
    for name, node in reads:
        if name in stay:
            stay[name].add(node.attr)
    _refuse_values(tree, names, {id(node.value) for _, node in reads}, where)
    return _without(text, [(node, names[name]) for name, node in reads if name not in stay]), stay


def _stands(text: str, node: ast.Attribute) -> bool:
    """Whether a node is where it says: Python before 3.12 does not know that of all within f-strings."""
    return "".join((ast.get_source_segment(text, node) or "").split()) == ast.unparse(node)


def _local_names(statement: ast.stmt) -> Iterator[str]:
    """Yield what functions and comprehensions within a statement bind."""
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
        f"{where}, line {node.lineno}: the module {name} is {how}, and in a notebook there is no such module. "
        f"Have a function of {name} do it first, or import what is needed: from {name} import ..."
    )


def _without(text: str, reads: list[tuple[ast.Attribute, Renames]]) -> str:
    """Return the text with only the last name of each of these, or the name that it has instead."""
    lines = [line.encode() for line in text.split("\n")]
    for node, renames in sorted(reads, key=lambda read: (read[0].lineno, read[0].col_offset), reverse=True):
        end, column = (node.end_lineno or 0) - 1, node.end_col_offset or 0
        rest = renames.get(node.attr, node.attr).encode() + lines[end][column:]
        lines[node.lineno - 1 : end + 1] = [lines[node.lineno - 1][: node.col_offset] + rest]
    return b"\n".join(lines).decode()
