"""Give a server its extensions, where a statement makes it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.edits import Node, replaced, rewritten
from mcp_notebook.slicing.statements import Statement

__all__ = ["given"]


def given(
    statement: Statement, extensions: Sequence[str], namespace: Mapping[str, Any]
) -> tuple[Statement, list[Finding]]:
    """Give extensions to the server that a statement makes; a finding tells if that cannot be seen.

    Args:
        statement: The statement.
        extensions: The variables that hold the extensions.
        namespace: The notebook's variables.
    """
    tree = ast.parse(statement.text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _makes_server(node.func, namespace)]
    added = ", ".join(extensions)
    if len(calls) == 1:
        (call,) = calls
        there = next((keyword.value for keyword in call.keywords if keyword.arg == "extensions"), None)
        if isinstance(there, ast.List):
            inner = [ast.get_source_segment(statement.text, element) or "" for element in there.elts]
            return rewritten(statement, replaced(statement.text, [(there, f"[{', '.join([*inner, added])}]")])), []
        if there is None and not any(keyword.arg is None for keyword in call.keywords):
            return rewritten(statement, replaced(statement.text, [_with_keyword(call, added, statement.text)])), []
    what = f"the package has to give the server its extensions ({added}), and no call of MCPServer is seen here."
    way_out = "Make the server in one statement: mcp = MCPServer(NAME)."
    return statement, [Finding("stops", statement.cell, statement.text.split("\n")[0], what, way_out)]


def _makes_server(function: ast.expr, namespace: Mapping[str, Any]) -> bool:
    name = ast.unparse(function).rpartition(".")[2]
    named = namespace.get(name)
    return name == "MCPServer" or (isinstance(named, type) and issubclass(named, MCPServer))


def _with_keyword(call: ast.Call, added: str, text: str) -> tuple[Node, str]:
    arguments: list[Node] = [*call.args, *call.keywords]
    last = max(arguments, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0), default=None)
    if isinstance(last, ast.keyword):
        return last, f"{ast.get_source_segment(text, last)}, extensions=[{added}]"
    # The place of a positional argument does not have the parentheses around it.
    values = [*map(ast.unparse, arguments), f"extensions=[{added}]"]
    return call, f"{ast.unparse(call.func)}({', '.join(values)})"
