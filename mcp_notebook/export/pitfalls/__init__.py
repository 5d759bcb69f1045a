"""Findings about a slice of a notebook: code that it cannot carry, and code that it leaves out."""

from collections.abc import Iterator

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.carried import in_statements
from mcp_notebook.export.pitfalls.files import files, working_directory
from mcp_notebook.export.pitfalls.leaving import changes, left_out
from mcp_notebook.export.pitfalls.names import redefined, unbound
from mcp_notebook.export.pitfalls.paths import Paths
from mcp_notebook.slicing.slicer import Slice
from mcp_notebook.slicing.statements import Notebook

__all__ = ["findings"]


def findings(notebook: Notebook, found: Slice) -> Iterator[Finding]:
    """Yield what to know about a slice, each by cell and name, with a fix."""
    paths = Paths(statement.node for statement in notebook.statements)
    yield from unbound(found.unbound, notebook)
    yield from changes(found)
    yield from redefined(notebook, found.statements)
    yield from in_statements(notebook, found.statements)
    missing = [*files(notebook, found.statements, paths)]
    yield from missing
    yield from left_out(notebook, found, paths, {finding.name for finding in missing})
    yield from working_directory(notebook, found.statements, paths)
