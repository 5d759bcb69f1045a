"""The apps of a server: HTML pages that hosts show with the results of tools (``io.modelcontextprotocol/ui``).

An app is a resource of a ``ui://`` URI that knows its tool. The link is written into the lists, and not into the tool,
so that either can be defined again without the other. Only clients that declare the extension see it, and the pages: to
all others the lists are as without apps. The SDK's `Apps` declares the extension.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from mcp.server.apps import APP_MIME_TYPE, Apps, ResourceCsp, client_supports_apps
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resources import FunctionResource, TextResource
from mcp.server.mcpserver.tools import Tool as EntryOfTool
from mcp_types import Tool
from pydantic import Field

from mcp_notebook.errors import DefinitionError
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import replace
from mcp_notebook.server.extended import extended, extension_of

__all__ = [
    "App",
    "HtmlApp",
    "MadeApp",
    "NotebookApps",
    "app_entry",
    "apps_of",
    "as_plain",
    "for_client",
    "linked",
    "put_app",
    "uri_for",
    "with_apps",
    "with_uri",
]

AnyTool = TypeVar("AnyTool", Tool, EntryOfTool)
_URI = re.compile(r"ui://[^\s/?#{}][^\s{}]*")
_ORIGIN = re.compile(r"(https?|wss?)://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d+)?", re.IGNORECASE)


class HtmlApp(TextResource):
    """An app whose page is a text."""

    tool: str | None = Field(default=None, exclude=True)


class MadeApp(FunctionResource):
    """An app whose page a function makes."""

    tool: str | None = Field(default=None, exclude=True)


App: TypeAlias = HtmlApp | MadeApp


class NotebookApps(Apps):
    """The SDK's extension, put on a server by a cell that defines an app."""


def app_entry(
    uri: str,
    page: str | Callable[[], Any],
    *,
    tool: str | None = None,
    name: str | None = None,
    title: str | None = None,
    description: str | None = None,
    connect_domains: Sequence[str] = (),
    resource_domains: Sequence[str] = (),
) -> App:
    """Build an app.

    Args:
        uri: The URI, ``ui://...``.
        page: The HTML, or a function that returns it.
        tool: The tool whose results the app shows; None for an app without a tool.
        name: The name for clients; defaults to the URI.
        title: The title for people.
        description: The description.
        connect_domains: The origins that the page may connect to, such as ``https://api.example.org``.
        resource_domains: The origins that it may load scripts, styles, images and fonts from.

    Raises:
        DefinitionError: The URI is not one of an app, or a domain is not an origin.
    """
    if not _URI.fullmatch(uri):
        raise DefinitionError(f"{uri!r} cannot be the URI of an app. Write ui://NAME, such as ui://chart.")
    domains = {"connect_domains": list(connect_domains) or None, "resource_domains": list(resource_domains) or None}
    for origin in (*connect_domains, *resource_domains):
        if not _ORIGIN.fullmatch(origin):
            raise DefinitionError(
                f"{origin!r} is not an origin. Write the scheme and the host, such as https://api.example.org."
            )
    csp = ResourceCsp(**domains).model_dump(by_alias=True, exclude_none=True)
    shared: dict[str, Any] = {
        "uri": uri,
        "name": name or uri,
        "title": title,
        "mime_type": APP_MIME_TYPE,
        "meta": {"ui": {"csp": csp}} if csp else None,
        "tool": tool,
    }
    if isinstance(page, str):
        return HtmlApp(text=page, description=description, **shared)
    return MadeApp(fn=page, description=description or page.__doc__ or "", **shared)


def as_plain(ours: App | NotebookApps) -> TextResource | FunctionResource | Apps:
    """Return the SDK's own object for one of these, as a package has it."""
    if isinstance(ours, NotebookApps):
        return Apps()
    given: dict[str, Any] = {name: getattr(ours, name) for name in _GIVEN}
    if isinstance(ours, HtmlApp):
        return TextResource(text=ours.text, **given)
    return FunctionResource.from_function(inspect.unwrap(ours.fn), **given)


_GIVEN = ("uri", "name", "title", "description", "mime_type", "meta")


def put_app(server: MCPServer[Any], app: App) -> None:
    """Put an app on the server, which declares the extension from then on; it replaces the app of the same URI.

    Raises:
        DefinitionError: Another kind of resource has the URI.
    """
    earlier = sdk_gaps.entries(server, "resource").get(app.uri)
    if earlier is not None and not isinstance(earlier, App):
        raise DefinitionError(f"{app.uri} is a resource of another kind. Choose another URI.")
    if extension_of(server, Apps) is None:
        extended(server, NotebookApps)
    replace(server, "resource", {app.uri: app})


def uri_for(tool: str) -> str:
    """Return the URI of the app that is defined with a tool."""
    return f"ui://tools/{quote(tool, safe='')}"


def apps_of(server: MCPServer[Any]) -> dict[str, App]:
    """Return the apps of a server by their URIs."""
    return {uri: entry for uri, entry in sdk_gaps.entries(server, "resource").items() if isinstance(entry, App)}


def linked(server: MCPServer[Any]) -> dict[str, str]:
    """Return the URIs of the apps by the names of their tools; of two apps of a tool, the later one counts."""
    return {app.tool: uri for uri, app in apps_of(server).items() if app.tool is not None}


async def with_apps(server: MCPServer[Any], list_tools: Callable[[], Awaitable[list[Tool]]]) -> list[Tool]:
    """List the tools, each with the URI of its app."""
    tools, uris = await list_tools(), linked(server)
    return [with_uri(tool, uris[tool.name]) if tool.name in uris else tool for tool in tools] if uris else tools


def with_uri(tool: AnyTool, uri: str) -> AnyTool:
    """Return a tool with the URI of its app."""
    meta = dict(tool.meta or {})
    own = meta.get("ui")
    meta["ui"] = {**(own if isinstance(own, Mapping) else {}), "resourceUri": uri}
    return tool.model_copy(update={"meta": meta})


def for_client(server: MCPServer[Any], ctx: ServerRequestContext[Any, Any], result: HandlerResult) -> HandlerResult:
    """Return the answer to ``tools/list`` or ``resources/list`` as the client is to see it."""
    apps = apps_of(server)
    if not apps or not isinstance(result, dict) or client_supports_apps(ctx):
        return result
    if ctx.method == "resources/list":
        return {**result, "resources": [each for each in result["resources"] if each["uri"] not in apps]}
    uris = linked(server)
    return {**result, "tools": [_without_uri(each) if each["name"] in uris else each for each in result["tools"]]}


def _without_uri(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool as it was before `with_uri`."""
    meta = dict(tool.get("_meta") or {})
    ui = {key: value for key, value in meta.pop("ui", {}).items() if key != "resourceUri"}
    meta |= {"ui": ui} if ui else {}
    rest = {key: value for key, value in tool.items() if key != "_meta"}
    return {**rest, "_meta": meta} if meta else rest
