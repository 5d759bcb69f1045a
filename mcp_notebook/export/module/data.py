"""Let the servers of a package return data, as those of the notebook do."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from mcp.server.mcpserver.tools import Tool

from mcp_notebook.export.module.extensions import FOLDER
from mcp_notebook.export.module.registrations import Registrations
from mcp_notebook.server.extensions.data import has_returned_data
from mcp_notebook.slicing.statements import Statement

__all__ = ["IMPORT", "MODULE", "needed", "returns_data", "statement"]

MODULE = "data"
IMPORT = f"from .{FOLDER}.{MODULE} import serve_data"

NEEDS_PYARROW = {"duckdb", "pandas"}
"""Libraries that write Parquet, or are read, by pyarrow if that is there."""


def returns_data(plan: Registrations) -> bool:
    """Return whether a tool promises data, or has returned some."""
    entries = (definition.entry for definition in plan.definitions.values())
    return any(isinstance(entry, Tool) and has_returned_data(entry.fn) for entry in entries)


def statement(server: str) -> str:
    """Write the statement that follows the one that makes a server."""
    return f"serve_data({server})"


def needed(statements: Iterable[Statement]) -> Iterator[str]:
    """Yield the distributions that tables of these statements need, as far as they are here."""
    if find_spec("narwhals") is not None:
        yield "narwhals"
    imported = set(_imported(statements))
    if imported & NEEDS_PYARROW and find_spec("pyarrow") is not None:
        yield "pyarrow"


def _imported(statements: Iterable[Statement]) -> Iterator[str]:
    for node in (node for statement in statements for node in ast.walk(statement.node)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name.partition(".")[0] for name in names)
