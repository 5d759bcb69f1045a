"""The objects that the statements of a notebook make: what each is, has in it, and was changed by."""

from mcp_notebook.export.closure.objects.describing import describe
from mcp_notebook.export.closure.objects.objects import NOTHING, Found, Object, Objects, both, group_of

__all__ = ["NOTHING", "Found", "Object", "Objects", "both", "describe", "group_of"]
