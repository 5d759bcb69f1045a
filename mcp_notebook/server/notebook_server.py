"""`NotebookServer`: the SDK's server, for a kernel where cells run again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import UnexpectedResourceError, UnexpectedToolError
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import Resource
from mcp.server.mcpserver.tools import Tool
from mcp_types import Icon, ToolAnnotations

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.failures import Failures, guarded

__all__ = ["NotebookServer", "adopt"]


class _Replacing:
    """What the SDK's decorators call, changed so that registering a name again replaces it.

    The new one is built and validated before the old one goes, and takes its place in the list.
    """

    def add_tool(
        self: Any,
        fn: Callable[..., Any],
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        annotations: ToolAnnotations | None = None,
        icons: list[Icon] | None = None,
        meta: dict[str, Any] | None = None,
        structured_output: bool | None = None,
    ) -> None:
        """Add a tool, or replace the one of its name; the parameters are those of `MCPServer.add_tool`."""
        tool = Tool.from_function(
            fn,
            name=name,
            title=title,
            description=description,
            annotations=annotations,
            icons=icons,
            meta=meta,
            structured_output=structured_output,
        )
        sdk_gaps.put_tool(self, tool)

    def add_prompt(self: Any, prompt: Prompt) -> None:
        """Add a prompt, or replace the one of its name."""
        sdk_gaps.put_prompt(self, prompt)

    def add_resource(self: Any, resource: Resource) -> None:
        """Add a resource, or replace the one of its URI."""
        sdk_gaps.put_resource(self, resource)


def _tool_refusal(name: str) -> Exception:
    return UnexpectedToolError(f"Error executing tool {name}")


def _resource_refusal(uri: str) -> Exception:
    return UnexpectedResourceError(f"Error reading resource {uri}")


def _prompt_refusal(name: str) -> Exception:
    return ValueError(f"Error rendering prompt {name}")


_REFUSALS = {"call_tool": _tool_refusal, "read_resource": _resource_refusal, "get_prompt": _prompt_refusal}
"""The methods through which every request reaches a definition, and what a client is told when one ends badly."""


class NotebookServer(_Replacing, MCPServer[Any]):
    """An `MCPServer` on which a name can be registered again: the new function replaces the old one.

    All else is the SDK's: the decorators, `list_tools`, `call_tool`, the transports. Code written for
    `MCPServer` runs on it unchanged. Bound to a variable of a notebook, it is known to ``%mcp`` under its
    name, and a new one of the same name takes over where the old one was served.

    Args:
        name: What clients are told; also the name that ``%mcp`` knows the server by.
        options: Those of `MCPServer`.

    Attributes:
        failures: What definitions raised unforeseen, for requests of the notebook's own. Clients get the SDK's
            sanitised text.
    """

    def __init__(self, name: str = "notebook", **options: Any) -> None:
        # The SDK's constructor sets up the root logger unless it has a handler, and then every library's log
        # would be printed into cells.
        silence = logging.NullHandler()
        logging.getLogger().addHandler(silence)
        try:
            super().__init__(name, **options)
        finally:
            logging.getLogger().removeHandler(silence)
        self.failures = Failures()
        _guard(self, self.failures)


def _guard(server: MCPServer[Any], failures: Failures) -> None:
    for method, refusal in _REFUSALS.items():
        setattr(server, method, partial(guarded, getattr(server, method), failures, refusal))


def adopt(server: MCPServer[Any]) -> MCPServer[Any]:
    """Give a plain `MCPServer` the replacing behaviour of a `NotebookServer`, in place; return it."""
    if not hasattr(server, "failures"):
        for name in ("add_tool", "add_prompt", "add_resource"):
            setattr(server, name, MethodType(getattr(_Replacing, name), server))
        server.failures = Failures()  # type: ignore[attr-defined]
        _guard(server, server.failures)  # type: ignore[attr-defined]
    return server
