"""Edits in the text of a statement: what its author wrote stays, to the letter, around what changes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import replace

from mcp_notebook.slicing.statements import Statement

__all__ = ["Node", "decorated", "replaced", "rewritten", "undecorated"]

Node = ast.expr | ast.stmt | ast.keyword


def rewritten(statement: Statement, text: str) -> Statement:
    """Return the statement with another text, in its place."""
    return replace(statement, text=text, node=ast.parse(text).body[0])


def replaced(text: str, changes: Iterable[tuple[Node, str]]) -> str:
    """Put another text in the place of each node; the nodes are of the tree that `text` parses to."""
    source = text.encode()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    spans = [
        (starts[n.lineno - 1] + n.col_offset, starts[_end(n)] + (n.end_col_offset or 0), new) for n, new in changes
    ]
    for start, end, new in sorted(spans, reverse=True):
        source = source[:start] + new.encode() + source[end:]
    return source.decode()


def _end(node: Node) -> int:
    return (node.end_lineno or node.lineno) - 1


def undecorated(statement: Statement, drop: Callable[[ast.expr], bool]) -> Statement:
    """Take those decorators off a function or class for which `drop` is true."""
    node = ast.parse(statement.text).body[0]
    gone = [d for d in getattr(node, "decorator_list", []) if drop(d)]
    if not gone:
        return statement
    lines = {n for decorator in gone for n in range(decorator.lineno, _end(decorator) + 2)}
    kept = [line for n, line in enumerate(statement.text.split("\n"), 1) if n not in lines]
    return rewritten(statement, "\n".join(kept))


def decorated(statement: Statement, decorators: Iterable[str]) -> Statement:
    """Put decorators above those that a function has, and below the comments above it."""
    node = ast.parse(statement.text).body[0]
    first = min(n.lineno for n in (node, *getattr(node, "decorator_list", [])))
    lines = statement.text.split("\n")
    lines[first - 1 : first - 1] = [f"@{decorator}" for decorator in decorators]
    return rewritten(statement, "\n".join(lines))
