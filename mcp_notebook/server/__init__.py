"""Run the MCP server in the kernel: its definitions, its listener, and the list that clients see."""

from mcp_notebook.server.definitions import Definition, definitions
from mcp_notebook.server.notebook_server import NotebookServer, adopt
from mcp_notebook.server.registry import LiveServer, Registry

__all__ = ["Definition", "LiveServer", "NotebookServer", "Registry", "adopt", "definitions"]
