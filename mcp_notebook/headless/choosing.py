"""Which server of a notebook is meant."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

from mcp_notebook.errors import NotebookError, UnknownNameError, did_you_mean
from mcp_notebook.magics.state import State
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.server.variables import is_a, variables_with

__all__ = ["choose", "name_of"]


def choose(state: State, name: str | None = None) -> LiveServer:
    """Return the server that `name_of` means; a plain `MCPServer` in a variable is adopted."""
    return state.registry.use(name_of(state, name), state.namespace)


def name_of(state: State, name: str | None = None) -> str:
    """Return by which name the notebook knows the server that is meant; without a name it is the only one.

    Of several, those that define nothing are passed over.

    Args:
        state: The notebook's.
        name: A live server's, a variable's, or what an `MCPServer` calls itself.

    Raises:
        UnknownNameError: There is none of that name.
        NotebookError: No name was given, and there is none, or more than one.
    """
    state.sync()
    found = _servers(state)
    if name is not None and found:
        return _known(name, found, state)
    chosen = found if len(found) == 1 else [one for one in found if definitions(found[one])]
    if not found:
        raise NotebookError(
            "The notebook has no MCP server. Define a tool in a %%mcp_tool cell, or with @server.tool() on a "
            "NotebookServer or MCPServer."
        )
    if len(chosen) != 1:
        raise NotebookError(f"The notebook has several servers ({', '.join(found)}). Say which one: --server NAME.")
    return next(iter(chosen))


def _known(name: str, found: dict[str, MCPServer], state: State) -> str:
    if name in found or is_a(state.namespace.get(name), MCPServer):
        return name
    named = [known for known, server in found.items() if server.name == name]
    if len(named) != 1:
        raise UnknownNameError(
            f"The notebook has {'several servers' if named else 'no server'} {name!r}.{did_you_mean(name, found)} "
            f"Say which one: {', '.join(f'--server {known}' for known in found)}."
        )
    return named[0]


def _servers(state: State) -> dict[str, MCPServer]:
    """Return the notebook's servers, each once, by the name that `Registry.use` takes."""
    found = {live.name: live.server for live in state.registry.servers.values()}
    for variable, value in variables_with(MCPServer, state.namespace).items():
        if not variable.startswith("_") and value not in found.values():
            found[variable] = value
    return found
