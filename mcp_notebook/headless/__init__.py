"""A notebook without a front end: its cells run in this process, from top to bottom."""

from mcp_notebook.headless.notebook import CodeCell, Notebook, read
from mcp_notebook.headless.running import Headless, run

__all__ = ["CodeCell", "Headless", "Notebook", "read", "run"]
