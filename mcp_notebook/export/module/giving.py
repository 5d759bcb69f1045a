"""Give a server its extensions, and what shares its notices, where a statement makes it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from mcp.server.mcpserver import MCPServer

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.module.edits import Node, replaced, rewritten
from mcp_notebook.slicing.statements import Statement

__all__ = ["given", "shared"]


def given(
    statement: Statement, extensions: Sequence[str], namespace: Mapping[str, Any]
) -> tuple[Statement, list[Finding]]:
    """Give extensions to the server that a statement makes; a finding tells if that cannot be seen.

    Args:
        statement: The statement.
        extensions: The variables that hold the extensions.
        namespace: The notebook's variables.
    """
    call = _call(statement, namespace)
    added = ", ".join(extensions)
    if call is not None:
        there = _value(call, "extensions")
        if isinstance(there, ast.List):
            inner = [ast.get_source_segment(statement.text, element) or "" for element in there.elts]
            return rewritten(statement, replaced(statement.text, [(there, f"[{', '.join([*inner, added])}]")])), []
        if there is None and not _has_unseen(call):
            return _with_keyword(statement, call, f"extensions=[{added}]"), []
    return statement, [_unseen(statement, f"its extensions ({added})")]


def shared(statement: Statement, bus: str, namespace: Mapping[str, Any]) -> tuple[Statement, list[Finding]]:
    """Give the server that a statement makes what passes its notices on to other replicas.

    Args:
        statement: The statement.
        bus: The expression for it; a server that has one of its author's keeps that.
        namespace: The notebook's variables.
    """
    call = _call(statement, namespace)
    if call is None or _has_unseen(call):
        return statement, [_unseen(statement, "what passes notices on to other replicas")]
    if _value(call, "subscriptions") is None:
        return _with_keyword(statement, call, f"subscriptions={bus}"), []
    what = "the server keeps the subscriptions= that you gave it, so notices reach other replicas only if that does it."
    return statement, [Finding("notes", statement.cell, _first_line(statement), what)]


def _call(statement: Statement, namespace: Mapping[str, Any]) -> ast.Call | None:
    """Return the only call of a statement that makes a server; None if there are none or several."""
    tree = ast.parse(statement.text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _makes_server(node.func, namespace)]
    return calls[0] if len(calls) == 1 else None


def _value(call: ast.Call, keyword: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == keyword), None)


def _has_unseen(call: ast.Call) -> bool:
    return any(keyword.arg is None for keyword in call.keywords)


def _unseen(statement: Statement, gift: str) -> Finding:
    what = f"the package has to give the server {gift}, and no call of MCPServer is seen here."
    return Finding(
        "stops",
        statement.cell,
        _first_line(statement),
        what,
        "Make the server in one statement: mcp = MCPServer(NAME).",
    )


def _first_line(statement: Statement) -> str:
    return statement.text.split("\n")[0]


def _makes_server(function: ast.expr, namespace: Mapping[str, Any]) -> bool:
    name = ast.unparse(function).rpartition(".")[2]
    named = namespace.get(name)
    return name == "MCPServer" or (isinstance(named, type) and issubclass(named, MCPServer))


def _with_keyword(statement: Statement, call: ast.Call, added: str) -> Statement:
    text = statement.text
    arguments: list[Node] = [*call.args, *call.keywords]
    last = max(arguments, key=lambda node: (node.end_lineno or 0, node.end_col_offset or 0), default=None)
    if isinstance(last, ast.keyword):
        return rewritten(statement, replaced(text, [(last, f"{ast.get_source_segment(text, last)}, {added}")]))
    # The place of a positional argument does not have the parentheses around it.
    values = [*map(ast.unparse, arguments), added]
    return rewritten(statement, replaced(text, [(call, f"{ast.unparse(call.func)}({', '.join(values)})")]))
