"""The workbench: a widget with everything that one server offers, and its live traffic."""

from mcp_notebook.widgets.workbench.inspected import Home
from mcp_notebook.widgets.workbench.workbench import Workbench

__all__ = ["Home", "Workbench"]
