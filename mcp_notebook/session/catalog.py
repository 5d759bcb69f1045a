"""List the definitions of a server, for tables and Tab; a server of this kernel is asked without leaving frames."""

from __future__ import annotations

from mcp_types import Prompt, Resource, ResourceTemplate, Tool

from mcp_notebook.client import Connection
from mcp_notebook.portal import Portal
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.server.definitions import Definition

__all__ = ["Catalog", "live_catalog"]


class Catalog:
    """The definitions of a connection's server."""

    def __init__(self, connection: Connection) -> None:
        self.name = connection.name
        self._connection = connection

    def tools(self) -> list[Tool]:
        """Return its tools."""
        return self._connection.tools()

    def prompts(self) -> list[Prompt]:
        """Return its prompts."""
        return self._connection.prompts()

    def resources(self) -> list[Resource]:
        """Return its resources."""
        return self._connection.resources()

    def templates(self) -> list[ResourceTemplate]:
        """Return its resource templates."""
        return self._connection.templates()

    def defined(self, *kinds: str) -> dict[str, Definition]:
        """Return the cells' definitions of these kinds, by name; none for a server outside this kernel."""
        return {}

    def none(self, magic: str) -> str:
        """Return the text for an empty list; `magic` is the cell magic that would add an entry."""
        return "the server lists none."


class _LiveCatalog(Catalog):
    """The definitions of a server of this kernel."""

    def __init__(self, portal: Portal, live: LiveServer) -> None:
        self.name = live.name
        self._server = live.server
        self._portal = portal

    def none(self, magic: str) -> str:
        return f"none yet. Start a cell with {magic}."

    def tools(self) -> list[Tool]:
        return self._portal.run(self._server.list_tools)

    def prompts(self) -> list[Prompt]:
        return self._portal.run(self._server.list_prompts)

    def resources(self) -> list[Resource]:
        return self._portal.run(self._server.list_resources)

    def templates(self) -> list[ResourceTemplate]:
        return self._portal.run(self._server.list_resource_templates)

    def defined(self, *kinds: str) -> dict[str, Definition]:
        return {d.name: d for d in definitions(self._server) if d.kind in kinds}


def live_catalog(portal: Portal, live: LiveServer) -> Catalog:
    """Return the catalog of a server of this kernel; `portal` has the loop that it runs on."""
    return _LiveCatalog(portal, live)
