"""The anatomy of the notebook's live server, without what the workbench has added to it."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata

from mcp_notebook.export.likeness.anatomy import EXTENSIONS, GONE, Anatomy
from mcp_notebook.server import extensions
from mcp_notebook.server.apps import App, NotebookApps, as_plain, linked, with_uri
from mcp_notebook.server.data import returns_data
from mcp_notebook.server.extensions.data import serve_kept, without_data
from mcp_notebook.server.results import GIVEN
from mcp_notebook.server.runtime import Runtime
from mcp_notebook.server.sign_in import ToolScopes
from mcp_notebook.server.stable_tools import TOOLS, VARIABLES

__all__ = ["anatomy_of", "as_given"]

OURS = str(Path(__file__).parents[2])
CARRIED = str(Path(extensions.__file__).parent)


def anatomy_of(server: MCPServer[Any], namespace: Mapping[str, Any]) -> Any:
    """Describe a live server, as the SDK alone would have it."""
    kept: list[Any] = []  # what is made for the look only; another object could have its id else
    uris = linked(server)
    data = returns_data(server)

    def through(value: Any) -> Any:
        if value is serve_kept and not data:
            return GONE  # a package has it only if it has links
        found = _without_ours(value)
        if isinstance(found, Tool) and not data:
            found = found.model_copy(update={"fn": without_data(found.fn)})
        if isinstance(found, Tool) and found.name in uris:
            found = with_uri(found, uris[found.name])
        kept.append(found)
        return found

    return Anatomy({str(namespace.get("__name__", "__main__")).partition(".")[0], EXTENSIONS}, through).of(server)


def as_given(function: Any) -> Any:
    """Return a function as its author gave it to the SDK, without what runs it in its place and time here."""
    while isinstance(function, types.FunctionType) and _is_ours(function) and hasattr(function, "__wrapped__"):
        function = getattr(function, GIVEN, function.__wrapped__)
    return function


def _is_ours(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename.startswith(OURS) and not code.co_filename.startswith(CARRIED)


def _without_ours(value: Any) -> Any:
    if isinstance(value, Tool):
        return _tool(value)
    if isinstance(value, types.FunctionType | types.MethodType) and _is_ours(value):
        function = as_given(value)
        return GONE if _is_ours(function) else function
    if isinstance(value, NotebookApps | App):
        return as_plain(value)
    if isinstance(value, functools.partial) and _is_ours(value.func):
        return next((_without_ours(each) for each in value.args if callable(each)), GONE)
    if isinstance(value, FuncMetadata):
        return FuncMetadata.model_construct(**vars(value))
    module = type(value).__module__
    is_ours = module.startswith("mcp_notebook.") and not module.startswith(f"{EXTENSIONS}.")
    return _inside(value) if is_ours and not isinstance(value, MCPServer) else value


def _tool(tool: Tool) -> Any:
    if TOOLS.get(tool.name) is tool or tool.name == VARIABLES:
        return GONE
    return tool.model_copy(update={"fn": as_given(tool.fn)}) if _is_ours(tool.fn) else tool


def _inside(value: Any) -> Any:
    """Return the SDK's object, or the author's, in the place of which one of the workbench is."""
    if isinstance(value, Runtime | ToolScopes):
        return GONE
    inside = (each for each in vars(value).values() if type(each).__module__.split(".")[0] not in _NOT_INSIDE)
    return next(inside, GONE)


_NOT_INSIDE = {"builtins", "mcp_notebook", "_thread"}
