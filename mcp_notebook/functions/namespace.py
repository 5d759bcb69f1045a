"""Group the functions of servers: ``servers.github.search_issues``."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from mcp_types import Tool

from mcp_notebook.client import Connection
from mcp_notebook.client.looking_up import by_name
from mcp_notebook.client.notices import say
from mcp_notebook.errors import McpNotebookError, did_you_mean
from mcp_notebook.functions.calling import ToolFunction, async_function
from mcp_notebook.functions.description import Function, described
from mcp_notebook.functions.origin import Origin
from mcp_notebook.typed.names import distinct
from mcp_notebook.visible import visible

__all__ = ["Namespace", "ServerFunctions", "described_tools", "functions_of", "namespace_of"]

MOST_SHOWN = 50
"""Functions that a repr shows."""


def described_tools(tools: Iterable[Tool], reserved: Collection[str] = ()) -> dict[str, Function]:
    """Return the tools as functions with distinct names, none of them reserved, by the tool's name."""
    known = by_name(tools)
    return {name: described(known[name], one) for name, one in distinct(known, reserved, "tool").items()}


class ServerFunctions:
    """The tools of one server as async functions: attributes, or by the tool's own name ``server["search-issues"]``."""

    def __init__(self, connection: Connection, tools: Iterable[Tool], origin: Origin | None = None) -> None:
        # No function's name begins with an underscore.
        self._name = connection.name
        self._described = described_tools(tools)
        self._by_name = {name: async_function(one, connection, origin) for name, one in self._described.items()}
        vars(self).update({one.identifier: self._by_name[name] for name, one in self._described.items()})

    def __getitem__(self, name: str) -> ToolFunction:
        if name not in self._by_name:
            raise KeyError(f"{self._name} has no tool {name!r}.{did_you_mean(name, self._by_name)}")
        return self._by_name[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        known = [one.identifier for one in self._described.values()]
        raise AttributeError(f"{visible(self._name)} has no function {name!r}.{did_you_mean(name, known)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __dir__(self) -> list[str]:
        return sorted(one.identifier for one in self._described.values())

    def __repr__(self) -> str:
        shown = [f"  {one.signature}" for one in list(self._described.values())[:MOST_SHOWN]]
        more = [f"  and {len(self) - MOST_SHOWN} more"] if len(self) > MOST_SHOWN else []
        return "\n".join([f"{_counted(len(self))} of {visible(self._name, one_line=True)}", *shown, *more])


class Namespace:
    """The functions of servers: attributes, or by the server's own name ``servers["my server"]``."""

    def __init__(self, servers: Mapping[str, ServerFunctions]) -> None:
        self._by_name = dict(servers)
        self._named = distinct(servers, default="server")
        vars(self).update({one: servers[name] for name, one in self._named.items()})

    def __getitem__(self, name: str) -> ServerFunctions:
        if name not in self._by_name:
            raise KeyError(f"There is no server {name!r}.{did_you_mean(name, self._by_name)}")
        return self._by_name[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        there = ", ".join(self._named.values()) or "none"
        raise AttributeError(
            f"There is no server {name!r}.{did_you_mean(name, self._named.values())} There is: {there}."
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __dir__(self) -> list[str]:
        return sorted(self._named.values())

    def __repr__(self) -> str:
        lines = [f"  {one}: {_counted(len(self._by_name[name]))}" for name, one in self._named.items()]
        return "\n".join(["servers", *lines]) if lines else "servers: none"


def functions_of(namespace: Namespace) -> Iterator[tuple[str, Function]]:
    """Yield each function with its place, such as ``servers.github``."""
    for name, attribute in namespace._named.items():
        for function in namespace[name]._described.values():
            yield f"servers.{attribute}", function


def _counted(number: int) -> str:
    return f"{number} function{'s' if number != 1 else ''}"


async def namespace_of(
    connections: Mapping[str, Connection], *, whole: bool = False, origin: Origin | None = None
) -> Namespace:
    """Return the functions of what connections list now.

    Args:
        connections: By the name of the server.
        whole: Whether each of them has to answer; else a line says which did not.
        origin: The request whose code gets the functions; None for a person's own code.

    Raises:
        RequestError: A server did not list its tools, and `whole` is set.
    """
    listed = await asyncio.gather(*(_listed(connection) for connection in connections.values()))
    found: dict[str, ServerFunctions] = {}
    for (name, connection), tools in zip(connections.items(), listed, strict=True):
        if isinstance(tools, McpNotebookError):
            if whole:
                raise tools
            say(f"{name} is left out, because it does not list its tools. {tools}")
        else:
            found[name] = ServerFunctions(connection, tools, origin)
    return Namespace(found)


async def _listed(connection: Connection) -> list[Tool] | McpNotebookError:
    try:
        return await connection.aio.tools()
    except McpNotebookError as error:
        return error
