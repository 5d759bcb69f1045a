"""The course: copy the notebooks for a learner, open them, and check the exercises."""

from mcp_notebook.course.cases import Case, Filling, Listed, Reading
from mcp_notebook.course.checks import check

__all__ = ["Case", "Filling", "Listed", "Reading", "check"]
