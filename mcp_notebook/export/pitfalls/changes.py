"""Changes of what a package carries that a reader may not expect: left behind, or made in another cell."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_notebook.export.findings import Finding
from mcp_notebook.export.pitfalls.subject import line_of
from mcp_notebook.slicing.statements import Statement

__all__ = ["changed_later", "not_followed"]


def not_followed(statement: Statement, names: Sequence[str], *, is_trial: bool) -> Finding:
    """Return the finding for a statement that is not carried, though it may have changed what is."""
    reason = "is a trial" if is_trial else "raised" if statement.raised else "awaits at the top level"
    what = f"{line_of(statement)!r} may change it, but {reason} and is not carried, so the package begins without that."
    keep = "" if reason.startswith("awaits") else "mark the line # keep, or "
    way_out = f"If it belongs to the server, {keep}make the change in the lifespan."
    return Finding("warns", statement.cell, ", ".join(names), what, way_out)


def changed_later(name: str, statement: Statement) -> Finding:
    """Return the finding for a variable that a statement of another cell than its own changes, which is carried."""
    what = f"{line_of(statement)!r} changes it in another cell than its own; carried, so the package begins with it."
    return Finding("notes", statement.cell, name, what, "If it was a trial, mark the line # leave out.")
