"""The workbench on one server: what it offers, and what goes on, as one widget."""

from mcp_notebook.widgets.workbench.inspected import Home
from mcp_notebook.widgets.workbench.workbench import Workbench

__all__ = ["Home", "Workbench"]
