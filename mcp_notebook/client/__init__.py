"""One connection to any server."""

from mcp_notebook.client.connection import Connection, Era, OnProgress, Outcome
from mcp_notebook.client.questions import Answer, Answerer, Question

__all__ = ["Answer", "Answerer", "Connection", "Era", "OnProgress", "Outcome", "Question"]
