"""One connection to any server."""

from mcp_notebook.client.connection import Connection, Era, Outcome

__all__ = ["Connection", "Era", "Outcome"]
