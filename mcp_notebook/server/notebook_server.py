"""`NotebookServer`: the SDK's server, for a kernel where cells run again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from types import MethodType
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import Resource
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, Icon, InputRequiredResult, ToolAnnotations

from mcp_notebook.server import sdk_gaps

__all__ = ["CALL_ID", "NotebookServer", "adopt"]

CALL_ID = "mcp-notebook/call"
"""The ``_meta`` key by which a notebook recognises a call of its own."""


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


CallTool = Callable[..., Awaitable[CallToolResult | InputRequiredResult]]


async def _noted(
    call_tool: CallTool,
    failures: dict[str, BaseException],
    name: str,
    arguments: dict[str, Any],
    context: Context[Any, Any] | None = None,
) -> CallToolResult | InputRequiredResult:
    """Call a tool; keep what clients are not told for the notebook that asked."""
    try:
        return await call_tool(name, arguments, context)
    except UnexpectedToolError as error:
        asked = _call_id(context)
        if asked is not None and error.__cause__ is not None:
            failures[asked] = error.__cause__
        raise


def _call_id(context: Context[Any, Any] | None) -> str | None:
    try:
        meta = context.request_context.meta if context is not None else None
    except ValueError:  # called outside a request
        return None
    found = dict(meta or {}).get(CALL_ID)
    return found if isinstance(found, str) else None


class NotebookServer(_Replacing, MCPServer[Any]):
    """An `MCPServer` on which a name can be registered again: the new function replaces the old one.

    All else is the SDK's: the decorators, `list_tools`, `call_tool`, the transports. Code written for
    `MCPServer` runs on it unchanged. Bound to a variable of a notebook, it is known to ``%mcp`` under its
    name, and a new one of the same name takes over where the old one was served.

    Args:
        name: What clients are told; also the name that ``%mcp`` knows the server by.
        options: Those of `MCPServer`.

    Attributes:
        failures: What tools raised unforeseen in calls that carried a `CALL_ID`, by that id. Clients get the
            SDK's sanitised text; the notebook that made the call takes the exception out of here.
    """

    def __init__(self, name: str = "notebook", **options: Any) -> None:
        with sdk_gaps.quiet_construction():
            super().__init__(name, **options)
        self.failures: dict[str, BaseException] = {}

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool, as `MCPServer.call_tool` does."""
        return await _noted(super().call_tool, self.failures, name, arguments, context)


def adopt(server: MCPServer[Any]) -> MCPServer[Any]:
    """Give a plain `MCPServer` the replacing behaviour of a `NotebookServer`, in place; return it."""
    if not hasattr(server, "failures"):
        failures: dict[str, BaseException] = {}
        replaced: dict[str, Any] = {
            name: MethodType(getattr(_Replacing, name), server) for name in ("add_tool", "add_prompt", "add_resource")
        }
        replaced["call_tool"] = partial(_noted, server.call_tool, failures)
        for name, value in {**replaced, "failures": failures}.items():
            setattr(server, name, value)
    return server
