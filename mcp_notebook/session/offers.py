"""What a server offers, for lists and for Tab: a server of this kernel is asked itself, which leaves no frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_types import Prompt, Resource, ResourceTemplate, Tool

from mcp_notebook.client import Connection
from mcp_notebook.client.reading import Found
from mcp_notebook.schema import Problem
from mcp_notebook.server import LiveServer, definitions
from mcp_notebook.server.definitions import Definition

if TYPE_CHECKING:
    from mcp_notebook.session.session import Session

__all__ = ["Offer", "offer_of", "problems_of"]


class Offer:
    """What a connection offers."""

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
        """Return what cells defined of these kinds, by name; of a server elsewhere nothing is known."""
        return {}

    def none(self, magic: str) -> str:
        """Say what a list without entries means; `magic` is the line that begins a cell with an entry."""
        return "the server lists none."


class _LiveOffer(Offer):
    """What a server of this kernel offers."""

    def __init__(self, session: Session, live: LiveServer) -> None:
        self.name = live.name
        self._server = live.server
        self._portal = session.portal

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


def offer_of(session: Session, name: str | None) -> Offer:
    """Return what the connection or live server of that name offers, or the current server.

    Raises:
        UnknownNameError: There is none of that name.
    """
    return Offer(session.connected[name]) if name in session.connected else _LiveOffer(session, session.named(name))


def problems_of(listed: list[Any]) -> list[Problem]:
    """Return what is wrong with a list; nothing is with those of this kernel's servers."""
    return listed.problems if isinstance(listed, Found) else []
