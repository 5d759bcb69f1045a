"""Connect to any MCP server."""

from mcp_notebook.client.connection import Connection, Era
from mcp_notebook.client.opening import connect
from mcp_notebook.client.questions import Answer, Answerer, Answers, Question
from mcp_notebook.client.requests import OnProgress, Outcome
from mcp_notebook.client.sessions import EraChoice
from mcp_notebook.client.targets import Command, Live, Target, Url, target_of

__all__ = [
    "Answer",
    "Answerer",
    "Answers",
    "Command",
    "Connection",
    "Era",
    "EraChoice",
    "Live",
    "OnProgress",
    "Outcome",
    "Question",
    "Target",
    "Url",
    "connect",
    "target_of",
]
