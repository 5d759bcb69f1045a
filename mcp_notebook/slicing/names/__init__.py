"""The names that statements bind and read, and which binding a name had at a moment."""

from mcp_notebook.slicing.names.bindings import Binding, Bindings
from mcp_notebook.slicing.names.scopes import Names, future, of, of_all

__all__ = ["Binding", "Bindings", "Names", "future", "of", "of_all"]
