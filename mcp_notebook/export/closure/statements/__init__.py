"""From the text of cells to the statements that ran: a notebook's own syntax taken out, the author's text kept."""

from mcp_notebook.export.closure.statements.eager import awaits, eager_nodes
from mcp_notebook.export.closure.statements.magics import Magic
from mcp_notebook.export.closure.statements.reading import Failed, Notebook, Statement, read

__all__ = ["Failed", "Magic", "Notebook", "Statement", "awaits", "eager_nodes", "read"]
