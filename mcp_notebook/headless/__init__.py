"""A notebook without a front end: its cells run in this process, from top to bottom."""

from mcp_notebook.headless.notebook import CodeCell, NotebookFile, read
from mcp_notebook.headless.running import Headless, run

__all__ = ["CodeCell", "Headless", "NotebookFile", "read", "run"]
