"""`NotebookServer`: the SDK's server, for a kernel where cells run again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import UnexpectedResourceError, UnexpectedToolError
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import Resource
from mcp.server.mcpserver.tools import Tool
from mcp_types import Icon, ToolAnnotations

from mcp_notebook.recording import Recorder
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.approved_call import approved
from mcp_notebook.server.changes import replace
from mcp_notebook.server.failures import guarded
from mcp_notebook.server.placement import placed
from mcp_notebook.server.runtime import Runtime

__all__ = ["NotebookServer", "adopt"]

Function = TypeVar("Function", bound=Callable[..., Any])


class _Replacing:
    """What the SDK's decorators call, changed so that registering a name again replaces it.

    The new one is built and validated before the old one goes, takes its place in the list, and clients are told.
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
        replace(self, "tool", {tool.name: placed(tool)})

    def remove_tool(self: Any, name: str) -> None:
        """Remove a tool, as `MCPServer.remove_tool` does, and tell clients."""
        if not replace(self, "tool", {}, [name]):
            MCPServer.remove_tool(self, name)  # which says so

    def add_prompt(self: Any, prompt: Prompt) -> None:
        """Add a prompt, or replace the one of its name."""
        replace(self, "prompt", {prompt.name: prompt})

    def add_resource(self: Any, resource: Resource) -> None:
        """Add a resource, or replace the one of its URI."""
        replace(self, "resource", {str(resource.uri): resource})

    def resource(self: Any, uri: str, **options: Any) -> Callable[[Function], Function]:
        """Register a resource or template, as `MCPServer.resource` does, and tell clients."""
        decorate = MCPServer.resource(self, uri, **options)

        def decorator(function: Function) -> Function:
            decorate(function)
            # The SDK puts a template in its place by itself; a resource comes through `add_resource`.
            template = sdk_gaps.entries(self, "resource template").get(uri)
            if template is not None:
                replace(self, "resource template", {uri: template})
            return function

        return decorator


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
        runtime: Records its calls, and tells clients of changes.
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
        _at_home(self, None)


def adopt(server: MCPServer[Any], recorder: Recorder | None = None) -> MCPServer[Any]:
    """Give a plain `MCPServer` the behaviour of a `NotebookServer`, in place; return it.

    Args:
        server: The server; a `NotebookServer`, or one adopted earlier, only changes its recorder.
        recorder: Keeps its calls; one of its own if not given.
    """
    if not hasattr(server, "runtime"):
        for name in ("add_tool", "remove_tool", "add_prompt", "add_resource", "resource"):
            setattr(server, name, MethodType(getattr(_Replacing, name), server))
        tools = sdk_gaps.entries(server, "tool")
        sdk_gaps.put_entries(server, "tool", {name: placed(tool) for name, tool in tools.items()})
        _at_home(server, recorder)
    elif recorder is not None:
        server.runtime.recorder = recorder
    return server


def _at_home(server: Any, recorder: Recorder | None) -> None:
    server.call_tool = partial(approved, server, server.call_tool)
    for method, refusal in _REFUSALS.items():
        setattr(server, method, partial(guarded, getattr(server, method), refusal))
    server.runtime = Runtime(server, recorder)
