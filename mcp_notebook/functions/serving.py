"""A server with two tools for a model that writes code: one finds functions, one runs code that calls them."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import Field

from mcp_notebook.client import Connection
from mcp_notebook.functions.environment import MODULES, environment
from mcp_notebook.functions.namespace import Namespace, functions_of, namespace_of
from mcp_notebook.functions.origin import Origin
from mcp_notebook.functions.outcome import MOST_RESULT
from mcp_notebook.functions.running import MOST_OUTPUT, SECONDS, Output, run_code
from mcp_notebook.recording import Recorder
from mcp_notebook.server import NotebookServer, tool_search
from mcp_notebook.server.changes import replace
from mcp_notebook.server.notebook_server import adopt
from mcp_notebook.typed.texts import shortened

__all__ = ["Connections", "code_server"]

Connections = Callable[[], Mapping[str, Connection]]
"""Returns the connections whose tools code may call, by the name of the server; called on a worker thread."""

MOST_FOUND = 20
"""Most functions that one search returns."""

MOST_OF_ONE = 3_000
"""Characters of a function that a search returns."""

RUN = f"""Run Python code that calls functions of the notebook's servers.

Find the functions with `search`, then write all steps as one piece of code, and return only what you need:

    found = await servers.shop.find_orders(customer="ada")
    [order["id"] for order in found if order["total"] > 100]

The functions are async. Top-level await works. You get what the code prints, and the value of its last line.

A person sees the code and is asked before it runs, and perhaps again before some of its calls. It has the functions,
and the modules {", ".join(sorted(MODULES))}. It has no files, no network and no variables of the notebook, and keeps
nothing for the next run. It may run {SECONDS:g} s, print {MOST_OUTPUT:,} characters, and return {MOST_RESULT:,}. It
runs in the person's own kernel, with the kernel's rights: keep to the functions."""


UNAWAITED = "[A call or task had not ended when the code did: it never began, or was stopped. Await each one.]"

NOTHING = "It ran. It printed nothing, and its last line has no value."


class _CodeMode:
    """The two tools."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def _namespace(self, origin: Origin | None = None) -> Namespace:
        # In a context of its own: what a new connection starts outlives the call that needs it.
        opening = partial(contextvars.Context().run, self._connections)
        return await namespace_of(await anyio.to_thread.run_sync(opening), origin=origin)

    async def search(
        self,
        query: Annotated[str, Field(description="Words for what you want to do. Without any: all names.")] = "",
        limit: Annotated[int, Field(description="The most functions to return.", ge=1, le=MOST_FOUND)] = 5,
    ) -> str:
        """Find functions for code that `run` runs: their signatures, and what they do."""
        places = list(functions_of(await self._namespace()))
        if not query.strip():
            names = [f"{place}.{function.identifier}" for place, function in places]
            return shortened("\n".join(names), MOST_OF_ONE * MOST_FOUND) or "There are no functions."
        # The server's name counts, too.
        tools = {
            f"{place}.{function.identifier}": function.tool.model_copy(
                update={"name": f"{place.removeprefix('servers.')} {function.tool.name}"}
            )
            for place, function in places
        }
        named = {id(tool): name for name, tool in tools.items()}
        known = {f"{place}.{function.identifier}": (place, function) for place, function in places}
        found = [known[named[id(tool)]] for tool in tool_search.found(query, list(tools.values()))[:limit]]
        if not found:
            return f"None of the {len(places)} functions fits these words. Try others, fewer or more general ones."
        return "\n\n".join(
            shortened(f"await {place}.{function.signature}\n{function.documentation}", MOST_OF_ONE)
            for place, function in found
        )

    async def run(self, code: Annotated[str, Field(description="Python.")]) -> list[str]:
        """Run code."""
        output, origin = Output(), Origin()
        names = environment(await self._namespace(origin), output.write)
        ran = await run_code(code, names, origin=origin)
        left = UNAWAITED if ran.unawaited else ""
        printed = output.text
        if ran.error:
            raise ToolError("\n".join(filter(None, [ran.error, left, printed and f"Printed: {printed}"])))
        return [text for text in (printed, ran.value, left) if text] or [NOTHING]


def code_server(name: str, connections: Connections, recorder: Recorder) -> MCPServer[Any]:
    """Return a server with the tools `search` and `run`.

    Args:
        name: Its name.
        connections: Gives the servers whose functions code may call.
        recorder: Keeps its calls.
    """
    server = NotebookServer(name, instructions="Find functions with `search`, then call them in code with `run`.")
    mode = _CodeMode(connections)
    reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    acting = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True)
    tools = [
        Tool.from_function(mode.search, annotations=reading, structured_output=False),
        Tool.from_function(mode.run, description=RUN, annotations=acting, structured_output=False),
    ]
    replace(server, "tool", {tool.name: tool for tool in tools})
    return adopt(server, recorder)
