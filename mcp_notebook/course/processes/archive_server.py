"""The town archive as a server on stdio, which can break down.

The file is a script that needs only the SDK: a client starts it by its path.
"""

from __future__ import annotations

import os

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

__all__ = ["server"]

VOLUMES = {"Dune": 3, "Emma": 0, "Kindred": 1}

server = MCPServer("archive", log_level="WARNING")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def copies(title: str) -> int:
    """Return the number of copies of a book in the town archive."""
    return VOLUMES.get(title, 0)


@server.tool()
def break_down() -> None:
    """End this process at once, without an answer, as a crash would."""
    os._exit(1)


if __name__ == "__main__":
    server.run()
