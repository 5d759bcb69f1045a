"""The offer of a server by the protocol's extensions: skills with their files, types of events, pages of apps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from mcp.server.apps import APP_MIME_TYPE
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resources import TextResource
from mcp_types import TextResourceContents

from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.skills import ServedSkill
from mcp_notebook.errors import RequestError
from mcp_notebook.recording.volatile import Varies
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.extensions.skills import IDENTIFIER as SKILLS

__all__ = ["app_pages", "events", "made", "skills"]

Entries: TypeAlias = dict[str, dict[str, Any]]
"""For each name an entry, as JSON."""


def skills(connection: Connection, *, read: bool) -> Entries:
    """Return the skills of a server by their URIs, each with the digests of its files.

    Args:
        connection: The connection.
        read: Whether to read each file, too; then one that does not have its digest has the error in its place.
    """
    if SKILLS not in (connection.capabilities.extensions or {}):
        return {}
    return {skill.uri: _skill(connection, skill, read) for skill in connection.skills()}


def _skill(connection: Connection, skill: ServedSkill, read: bool) -> dict[str, Any]:
    listed = skill.resources if skill.resources != "dynamic" else []
    files: dict[str, Any] = {file.uri: {"digest": file.digest, "size": file.size} for file in listed}
    for uri in files if read else ():
        try:
            connection.read_skill(skill, uri)
        except RequestError as error:
            files[uri] = {"error": str(error)}
    return {"frontmatter": skill.frontmatter, "files": files if listed else skill.resources}


def events(connection: Connection) -> Entries:
    """Return the types of events of a server by their names.

    Whether they are posted to URLs depends on how a server is served, so that does not count.
    """
    found = {event.name: event.model_dump(by_alias=True) for event in connection.events()}
    return {
        name: {**one, "delivery": [way for way in one["delivery"] if way != "webhook"]} for name, one in found.items()
    }


def app_pages(connection: Connection, resources: Mapping[str, Mapping[str, Any]]) -> Entries:
    """Read the pages of a server's apps; return the lines of each by its URI.

    Args:
        connection: The connection.
        resources: The entries of the list of resources.
    """
    return {uri: _page(connection, uri) for uri, entry in resources.items() if entry.get("mimeType") == APP_MIME_TYPE}


def _page(connection: Connection, uri: str) -> dict[str, Any]:
    try:
        contents = connection.read(uri).result.contents
    except RequestError as error:
        return {"page": str(error)}
    return {"page": [line for one in contents if isinstance(one, TextResourceContents) for line in _lines(one.text)]}


def made(server: MCPServer[Any]) -> Entries:
    """Return the lines of the pages of a live server's apps; a page that a function makes may have any."""
    found = sdk_gaps.entries(server, "resource")
    return {
        uri: {"page": _lines(entry.text) if isinstance(entry, TextResource) else Varies(list)}
        for uri, entry in found.items()
        if getattr(entry, "mime_type", None) == APP_MIME_TYPE
    }


def _lines(text: str) -> list[str]:
    return text.split("\n")
