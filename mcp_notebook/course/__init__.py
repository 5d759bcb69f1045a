"""The course: the learner's copy of the notebooks, and the checks of their exercises."""

from mcp_notebook.course.checks import Case, check

__all__ = ["Case", "check"]
