"""Put an extension of the protocol on a live server. Clients see it declared from its first use on."""

from __future__ import annotations

from typing import Any, TypeVar

from mcp.server.extension import Extension
from mcp.server.mcpserver import MCPServer

from mcp_notebook.server import sdk_gaps

__all__ = ["extended", "extension_of"]

Kind = TypeVar("Kind", bound=Extension)


def extension_of(server: MCPServer[Any], kind: type[Kind]) -> Kind | None:
    """Return the server's extension of this class; None if it has none."""
    return next((found for found in sdk_gaps.extensions(server) if isinstance(found, kind)), None)


def extended(server: MCPServer[Any], kind: type[Kind]) -> Kind:
    """Return the server's extension of this class, and put a new one on the server if it has none.

    Raises:
        ValueError: The server has another implementation of the same extension.
    """
    found = extension_of(server, kind)
    if found is None:
        found = kind()
        sdk_gaps.add_extension(server, found)
    return found
