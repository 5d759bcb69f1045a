"""Every touch of a private part of the SDK, each with its reason.

`tests/test_sdk_gaps.py` has a test for each that fails when the SDK closes the gap.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import Resource, ResourceTemplate
from mcp.server.mcpserver.tools import Tool
from mcp.server.subscriptions import ListenHandler

__all__ = [
    "listen_handler",
    "prompts",
    "put_prompt",
    "put_resource",
    "put_tool",
    "quiet_construction",
    "resources",
    "templates",
    "tools",
]

Server = MCPServer[Any]

# Adding a name again keeps the first function (python-sdk #711, #1429), and removing it first would move
# it to the end of the list. Storing under an existing key replaces it and keeps its place.


def put_tool(server: Server, tool: Tool) -> None:
    """Add `tool`, or replace the one of its name where it stands in the list."""
    server._tool_manager._tools[tool.name] = tool


def put_prompt(server: Server, prompt: Prompt) -> None:
    """Add `prompt`, or replace the one of its name where it stands in the list."""
    server._prompt_manager._prompts[prompt.name] = prompt


def put_resource(server: Server, resource: Resource) -> None:
    """Add `resource`, or replace the one of its URI where it stands in the list."""
    server._resource_manager._resources[str(resource.uri)] = resource


# The public lists hold what goes over the wire; the functions behind them are only here.


def tools(server: Server) -> list[Tool]:
    """Return the tools with the functions behind them."""
    return server._tool_manager.list_tools()


def resources(server: Server) -> list[Resource]:
    """Return the static resources with the functions behind them."""
    return server._resource_manager.list_resources()


def templates(server: Server) -> list[ResourceTemplate]:
    """Return the resource templates with the functions behind them."""
    return server._resource_manager.list_templates()


def prompts(server: Server) -> list[Prompt]:
    """Return the prompts with the functions behind them."""
    return server._prompt_manager.list_prompts()


def listen_handler(server: Server) -> ListenHandler | None:
    """Return what serves ``subscriptions/listen``.

    `MCPServer` has no way to end open streams, and an open one holds up the HTTP server's shutdown
    (python-sdk #1272, #2150).
    """
    entry = server._lowlevel_server.get_request_handler("subscriptions/listen")
    handler = entry.handler if entry is not None else None
    return handler if isinstance(handler, ListenHandler) else None


@contextmanager
def quiet_construction() -> Iterator[None]:
    """While this is open, every new `MCPServer` leaves the root logger alone.

    Its constructor calls ``logging.basicConfig``, and in a kernel every library's log would then be
    printed into the cells.
    """
    module: Any = sys.modules[MCPServer.__module__]
    original = module.configure_logging
    module.configure_logging = lambda level="INFO": None
    try:
        yield
    finally:
        module.configure_logging = original
