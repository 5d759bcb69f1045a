"""Find the parts of a server that hosts would reject, degrade or ignore, from a table of dated facts."""

from mcp_notebook.compat.checked_server import CheckedServer, of_connection, of_session
from mcp_notebook.compat.checking import check
from mcp_notebook.compat.facts import table
from mcp_notebook.compat.report import Report

__all__ = ["CheckedServer", "Report", "check", "of_connection", "of_session", "table"]
