"""What each statement does to the objects of a notebook: one pass over the trace, from what the text shows.

It errs on one side: what may be the same object, or a part of it, is taken to be; what may change, to change. For the
sake of time, all calls of one function within one statement are taken together, as one call with the arguments of all.
"""

from mcp_notebook.export.closure.moments.following import follow

__all__ = ["follow"]
