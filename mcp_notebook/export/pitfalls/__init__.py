"""What a slice of a notebook cannot carry, and what it leaves out: each by cell and name, with the way out."""

from mcp_notebook.export.pitfalls import twofold
from mcp_notebook.export.pitfalls.carried import in_statements
from mcp_notebook.export.pitfalls.changes import changed_later, not_followed
from mcp_notebook.export.pitfalls.leaving import left_out
from mcp_notebook.export.pitfalls.unbound import unbound

__all__ = ["changed_later", "in_statements", "left_out", "not_followed", "twofold", "unbound"]
