"""From the text of cells to the statements that ran: a notebook's own syntax taken out, the author's text kept."""

from mcp_notebook.slicing.statements.magics import Magic
from mcp_notebook.slicing.statements.reading import Failed, Notebook, RanCell, Statement, read

__all__ = ["Failed", "Magic", "Notebook", "RanCell", "Statement", "read"]
