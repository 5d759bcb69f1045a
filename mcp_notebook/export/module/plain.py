"""The cells without this project in them: the SDK's own server, and imports of single names."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.edits import Node, replaced, rewritten
from mcp_notebook.export.module.extensions import FOLDER
from mcp_notebook.slicing import names
from mcp_notebook.slicing.statements import Notebook, Statement

__all__ = ["SDK_SERVER", "of_extensions", "only_here", "ours", "plain"]

OURS = "mcp_notebook"
SDK_SERVER = "from mcp.server.mcpserver import MCPServer"

ABOVE_EXTENSIONS = "mcp_notebook.server"
"""The package above the folder of the extensions, which a package has too."""


def plain(notebook: Notebook) -> Notebook:
    """Write `NotebookServer` as `MCPServer`, star imports as the names that are read, one import a statement."""
    read = _read(notebook) if any(_is_star(s.node) for s in notebook.statements) else frozenset[str]()
    split = [part for statement in notebook.statements for part in _split(statement, read)]
    ours, modules = _names_of_ours(split)
    statements = [_on_sdk(statement, ours, modules) for statement in split]
    return replace(notebook, statements=tuple(replace(s, index=i) for i, s in enumerate(statements)))


def _is_star(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _read(notebook: Notebook) -> frozenset[str]:
    found = names.of_all([statement.node for statement in notebook.statements])
    return frozenset[str]().union(*(one.reads | one.hints | one.late for one in found))


def _split(statement: Statement, read: frozenset[str]) -> Iterator[Statement]:
    """Yield an import as one statement for each name, so that each is carried only where it is needed."""
    node = statement.node
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        aliases = _of_star(node, read) if _is_star(node) else node.names
        head = f"from {'.' * node.level}{node.module or ''} import "
    elif isinstance(node, ast.Import):
        aliases, head = node.names, "import "
    else:
        yield statement
        return
    if isinstance(node, ast.Import) and any(_is_ours(alias.name) for alias in node.names):
        yield rewritten(statement, SDK_SERVER)
    if len(aliases) == 1 and aliases is node.names:
        yield statement
        return
    for alias in aliases:
        yield rewritten(statement, head + ast.unparse(alias))


def _of_star(node: ast.ImportFrom, read: frozenset[str]) -> list[ast.alias]:
    module = sys.modules.get(node.module or "")
    if module is None:
        return node.names
    offered = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
    return [ast.alias(name) for name in sorted(read & set(offered))]


def _names_of_ours(statements: list[Statement]) -> tuple[set[str], set[str]]:
    """Return the names that stand for `NotebookServer`, and those of modules that have it."""
    servers: set[str] = set()
    modules: set[str] = set()
    for node in (statement.node for statement in statements):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else []:
            if isinstance(node, ast.ImportFrom) and _is_ours(node.module) and alias.name == "NotebookServer":
                servers.add(alias.asname or alias.name)
            elif isinstance(node, ast.Import) and _is_ours(alias.name):
                modules.add(alias.asname or alias.name)
    return servers, modules


def _is_ours(module: str | None) -> bool:
    return (module or "").split(".")[0] == OURS


def _on_sdk(statement: Statement, servers: set[str], modules: set[str]) -> Statement:
    node = statement.node
    if isinstance(node, ast.ImportFrom) and _is_ours(node.module) and node.names[0].name == "NotebookServer":
        return rewritten(statement, SDK_SERVER)
    if not any(word in statement.text for word in ("NotebookServer", *servers)):
        return statement
    changes = dict(_changes(ast.parse(statement.text), statement.text, servers, modules))
    return rewritten(statement, replaced(statement.text, changes.items())) if changes else statement


def _changes(tree: ast.AST, text: str, servers: set[str], modules: set[str]) -> Iterator[tuple[Node, str]]:
    whole: set[ast.expr] = set()
    for node in ast.walk(tree):
        if _names_server(node, servers, modules) and node not in whole:
            yield node, "MCPServer"
        if isinstance(node, ast.Call) and _names_server(node.func, servers, modules) and _is_unnamed(node):
            # The name that it has without one is not the SDK's.
            if node.keywords:
                first = node.keywords[0]
                yield first, f'name="notebook", {ast.get_source_segment(text, first)}'
            else:
                whole.add(node.func)
                yield node, 'MCPServer("notebook")'


def _names_server(node: ast.AST, servers: set[str], modules: set[str]) -> TypeGuard[ast.expr]:
    if isinstance(node, ast.Attribute):
        return node.attr == "NotebookServer" and ast.unparse(node.value) in modules
    return isinstance(node, ast.Name) and node.id in servers and isinstance(node.ctx, ast.Load)


def _is_unnamed(call: ast.Call) -> bool:
    return not call.args and not any(keyword.arg in (None, "name") for keyword in call.keywords)


def only_here(notebook: Notebook) -> list[Statement]:
    """Return the statements that bind nothing and call what only the notebook has, such as a check of an exercise."""
    imports = [s for s in notebook.statements if isinstance(s.node, ast.Import | ast.ImportFrom)]
    bound = {name for s in imports if _is_ours(_module(s.node)) for name in names.of(s.node).binds}
    calling = [s for s in notebook.statements if isinstance(s.node, ast.Expr) and any(name in s.text for name in bound)]
    return [s for s in calling if bound & names.of(s.node).reads]


def ours(carried: Sequence[Statement]) -> Iterator[Finding]:
    """Say which statements need what only the notebook has."""
    for statement in map(of_extensions, carried):
        node = statement.node
        if not isinstance(node, ast.Import | ast.ImportFrom):
            yield from _mentions(statement)
        elif _is_ours(_module(node)):
            bound = names.of(node).binds
            readers = (statement for statement in carried if bound & _read_in(statement))
            yield from (_finding(reader, node.names[0].name) for reader in readers)


def _read_in(statement: Statement) -> frozenset[str]:
    found = names.of(statement.node)
    return found.reads | found.hints | found.late


def of_extensions(statement: Statement) -> Statement:
    """Import from the package's own modules of the extensions, in place of this project's."""
    if ABOVE_EXTENSIONS not in statement.text:
        return statement
    nodes = [node for node in ast.walk(ast.parse(statement.text)) if _travels(node)]
    own = [ast.ImportFrom((node.module or "").removeprefix(f"{ABOVE_EXTENSIONS}."), node.names, 1) for node in nodes]
    changes = zip(nodes, map(ast.unparse, own), strict=True)
    return rewritten(statement, replaced(statement.text, changes)) if nodes else statement


def _travels(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    """Return whether a statement imports from the modules of the extensions, which a package has too."""
    return isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{ABOVE_EXTENSIONS}.{FOLDER}.")


def _module(node: ast.stmt) -> str | None:
    """Return the module that a statement imports from, unless the package has it."""
    if isinstance(node, ast.Import):
        return node.names[0].name
    return node.module if isinstance(node, ast.ImportFrom) and not _travels(node) else None


def _mentions(statement: Statement) -> Iterator[Finding]:
    for line in statement.text.split("\n"):
        if re.search(r"mcp[_-]notebook|NotebookServer", line):
            what = f"a package that does without {OURS} must not name it, and this line does."
            yield Finding("stops", statement.cell, line.strip(), what, "Say it in other words, and run the cell again.")


def _finding(reader: Statement, name: str) -> Finding:
    return Finding(
        "stops",
        reader.cell,
        min(names.of(reader.node).binds, default=reader.text.split("\n")[0]),
        f"it uses {name} of {OURS}, which the package does without.",
        "Use the SDK's own in it (such as mcp.Client), or keep it out of what tools need.",
    )
