"""One connection to any server."""

from mcp_notebook.client.connection import Connection

__all__ = ["Connection"]
