"""Record every call with its output, and the frames on the wire."""

from mcp_notebook.recording.call import Call, Decision, Event, checking, current
from mcp_notebook.recording.recorder import Recorder

__all__ = ["Call", "Decision", "Event", "Recorder", "checking", "current"]
