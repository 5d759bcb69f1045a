"""The course: copy the notebooks for a learner, open them, check the exercises, and keep the learner's progress."""

from mcp_notebook.course.checking.cases import Case, Filling, Listed, Reading
from mcp_notebook.course.checking.checks import check
from mcp_notebook.course.event_receiver import EventReceiver

__all__ = ["Case", "EventReceiver", "Filling", "Listed", "Reading", "check"]
