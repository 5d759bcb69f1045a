"""Which server of a notebook is meant."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import NotebookError
from mcp_notebook.magics.state import State
from mcp_notebook.server import LiveServer, definitions

__all__ = ["choose"]


def choose(state: State, name: str | None = None) -> LiveServer:
    """Return the server of that name, or without one the only one; a plain `MCPServer` in a variable is adopted.

    Of several, those that define nothing are passed over.

    Raises:
        UnknownNameError: There is none of that name.
        NotebookError: No name was given, and there is none, or more than one.
    """
    state.sync()
    if name is not None:
        return state.registry.use(name, state.namespace)
    found = _servers(state)
    chosen = found if len(found) == 1 else [one for one in found if definitions(found[one])]
    if not found:
        raise NotebookError(
            "The notebook has no MCP server. Define a tool in a %%mcp_tool cell, or with @server.tool() on a "
            "NotebookServer or MCPServer."
        )
    if len(chosen) != 1:
        raise NotebookError(f"The notebook has several servers ({', '.join(found)}). Say which one: --server NAME.")
    return state.registry.use(next(iter(chosen)), state.namespace)


def _servers(state: State) -> dict[str, MCPServer]:
    """Return the notebook's servers, each once, by the name that `Registry.use` takes."""
    found = {live.name: live.server for live in state.registry.servers.values()}
    for variable, value in state.namespace.items():
        if isinstance(value, MCPServer) and not variable.startswith("_") and value not in found.values():
            found[variable] = value
    return found
