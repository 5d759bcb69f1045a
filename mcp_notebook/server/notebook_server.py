"""`NotebookServer`: the SDK's server for a kernel, where cells run again."""

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
from mcp_types import Icon, ToolAnnotations

from mcp_notebook.recording import Recorder
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.approved_call import approved
from mcp_notebook.server.apps import with_apps
from mcp_notebook.server.changes import replace
from mcp_notebook.server.data import data_tool, may_return_data
from mcp_notebook.server.event_types import emit
from mcp_notebook.server.execution import with_execution
from mcp_notebook.server.failures import guarded
from mcp_notebook.server.results import checked_resource
from mcp_notebook.server.runtime import Runtime

__all__ = ["NotebookServer", "adopt", "let_replace"]

Function = TypeVar("Function", bound=Callable[..., Any])


class _Replacing:
    """The registering methods of `MCPServer`, changed so that registering a name again replaces it.

    The new entry is built and validated first. Then it takes the old one's position, and clients are notified.
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
        """Add a tool, or replace the one of the same name; the parameters are those of `MCPServer.add_tool`."""
        tool = data_tool(
            fn,
            name=name,
            title=title,
            description=description,
            annotations=annotations,
            icons=icons,
            meta=meta,
            structured_output=structured_output,
        )
        replace(self, "tool", {tool.name: with_execution(tool)})

    def remove_tool(self: Any, name: str) -> None:
        """Remove a tool, as `MCPServer.remove_tool` does, and notify clients."""
        if not replace(self, "tool", {}, [name]):
            MCPServer.remove_tool(self, name)  # raises the SDK's error for an unknown tool

    def add_prompt(self: Any, prompt: Prompt) -> None:
        """Add a prompt, or replace the one of the same name."""
        replace(self, "prompt", {prompt.name: prompt})

    def add_resource(self: Any, resource: Resource) -> None:
        """Add a resource, or replace the one of the same URI."""
        replace(self, "resource", {str(resource.uri): checked_resource(resource)})

    def resource(self: Any, uri: str, **options: Any) -> Callable[[Function], Function]:
        """Register a resource or template, as `MCPServer.resource` does, and notify clients."""
        decorate = MCPServer.resource(self, uri, **options)

        def decorator(function: Function) -> Function:
            decorate(function)
            # The SDK stores a template without calling a public method; a resource comes through `add_resource`.
            template = sdk_gaps.entries(self, "resource template").get(uri)
            if template is not None:
                replace(self, "resource template", {uri: checked_resource(template)})
            return function

        return decorator


def _tool_refusal(name: str) -> Exception:
    return UnexpectedToolError(f"Error executing tool {name}")


def _resource_refusal(uri: str) -> Exception:
    return UnexpectedResourceError(f"Error reading resource {uri}")


def _prompt_refusal(name: str) -> Exception:
    return ValueError(f"Error rendering prompt {name}")


_REFUSALS = {"call_tool": _tool_refusal, "read_resource": _resource_refusal, "get_prompt": _prompt_refusal}
"""The methods through which every request reaches a definition, with the error that clients get if one ends badly."""


class NotebookServer(_Replacing, MCPServer[Any]):
    """An `MCPServer` on which a name can be registered again: the new function replaces the old one.

    Everything else is the SDK's: the decorators, `list_tools`, `call_tool`, the transports. Code written for
    `MCPServer` runs on it unchanged. ``%mcp`` knows a server that a notebook's variable holds by the server's name. A
    new server of the same name replaces the old one wherever that was served.

    Args:
        name: The name for clients, and for ``%mcp``.
        options: Options of `MCPServer`.

    Attributes:
        runtime: Records the server's calls, and notifies clients of changes.
    """

    runtime: Runtime

    def __init__(self, name: str = "notebook", **options: Any) -> None:
        # The SDK's constructor configures the root logger unless it has a handler. Then every library's log would be
        # printed into cells.
        silence = logging.NullHandler()
        logging.getLogger().addHandler(silence)
        try:
            super().__init__(name, **options)
        finally:
            logging.getLogger().removeHandler(silence)
        _at_home(self, None)

    def emit(self: Any, name: str, data: Any, *, id: str | None = None) -> None:
        """Tell subscribed clients that something happened; callable from any cell and thread.

        Args:
            name: The type of the event; an unknown one becomes a new type.
            data: The data, a dict of JSON or a model.
            id: The identifier that the source of the event gives it, by which clients recognize it.

        Raises:
            ValueError: A function answers for this type, or the data or the id is unusable.
        """
        emit(self, name, data, id=id)


def adopt(server: MCPServer[Any], recorder: Recorder | None = None) -> MCPServer[Any]:
    """Give a plain `MCPServer` the behavior of a `NotebookServer`, in place, and return it.

    Args:
        server: The server. For a `NotebookServer`, or a server adopted earlier, only the recorder changes.
        recorder: Keeps the server's calls; defaults to a new recorder.
    """
    if not hasattr(server, "runtime"):
        let_replace(server)
        tools = sdk_gaps.entries(server, "tool")
        sdk_gaps.put_entries(
            server, "tool", {name: with_execution(may_return_data(tool)) for name, tool in tools.items()}
        )
        for kind in ("resource", "resource template"):
            entries = sdk_gaps.entries(server, kind)
            sdk_gaps.put_entries(server, kind, {name: checked_resource(entry) for name, entry in entries.items()})
        _at_home(server, recorder)
    elif recorder is not None:
        server.runtime.recorder = recorder
    return server


_PLAIN = {
    name: getattr(MCPServer, name) for name in ("add_tool", "remove_tool", "add_prompt", "add_resource", "resource")
}


def let_replace(server: MCPServer[Any]) -> None:
    """Let a plain `MCPServer` replace what is registered again, as a person who runs a cell again expects."""
    if isinstance(server, _Replacing):
        return
    for name, method in _PLAIN.items():
        # A method that the author replaced, on the object or in a subclass, stays the author's.
        if getattr(type(server), name) is method and name not in vars(server):
            setattr(server, name, MethodType(getattr(_Replacing, name), server))


def _at_home(server: Any, recorder: Recorder | None) -> None:
    """Put the notebook's wrappers around the methods of a server.

    A request passes through these layers, from the outside in:

    1. `Runtime`, as the first middleware of the SDK: opens the `Call` and makes it current. It is outermost, because
       every other layer writes to the current call, and because it recognizes the rounds of a call by the sealed
       state, which only exists outside the SDK's own middleware.
    2. `guarded`, around ``call_tool``, ``read_resource`` and ``get_prompt``: records what a definition raises, and
       turns ``sys.exit()`` into a refusal. It is outside `approved`, so that it also sees errors raised while a
       person is asked; a denial is a `ToolError`, which counts as foreseen and is not recorded as a failure.
    3. `approved`, around ``call_tool`` only: asks a person. It is innermost, right at the lookup of the tool, because
       nothing may change the tool or its arguments between the approval and the call.
    4. The method of the server itself, the SDK's or the author's.

    Each assignment wraps the current method, so the innermost layer is put on first. A stable tool that calls another
    tool goes through layers 2 to 4 again, under the other tool's name.
    """
    server.call_tool = partial(approved, server, server.call_tool)
    server.list_tools = partial(with_apps, server, server.list_tools)
    for method, refusal in _REFUSALS.items():
        setattr(server, method, partial(guarded, getattr(server, method), refusal))
    server.runtime = Runtime(server, recorder)
    if not hasattr(server, "emit"):
        server.emit = MethodType(NotebookServer.emit, server)
