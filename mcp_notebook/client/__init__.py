"""One connection to any server."""

from mcp_notebook.client.connection import Connection, Outcome

__all__ = ["Connection", "Outcome"]
