"""The course: the learner's copy of the notebooks, and the checks of their exercises."""

from mcp_notebook.course.cases import Case, Filling, Listed, Reading
from mcp_notebook.course.checks import check

__all__ = ["Case", "Filling", "Listed", "Reading", "check"]
