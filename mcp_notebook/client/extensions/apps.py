"""The client's side of Apps (``io.modelcontextprotocol/ui``): which tools have an app, and what its page may reach."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.client.extension import ClientExtension
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp_types import BlobResourceContents, ReadResourceResult, Resource, TextResourceContents, Tool

from mcp_notebook.errors import RequestError

__all__ = ["AppPage", "AppsClient", "ListedApp", "callable_by_apps", "listed_apps", "page_in", "uri_of"]

MOST_DOMAINS = 50
"""Domains of one kind that are allowed; nobody would read a longer list before agreeing to it."""

_SOURCE = re.compile(r"(https?|wss?)://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:(\d+|\*))?(/[a-z0-9._~/-]*)?", re.IGNORECASE)
"""An origin, or a path of one: nothing that would add a directive to a policy, or allow every host."""


class AppsClient(ClientExtension):
    """Declares that this client shows apps."""

    identifier = EXTENSION_ID

    def settings(self) -> dict[str, Any]:
        """Return the types of pages that are shown."""
        return {"mimeTypes": [APP_MIME_TYPE]}


@dataclass(frozen=True)
class AppPage:
    """The page of an app, and the domains that it declares.

    Attributes:
        html: The page.
        connect: The origins that it may connect to.
        resources: The origins that it may load scripts, styles, images, fonts and media from.
        frames: The origins that it may show in frames.
        bases: The origins that its relative links may refer to.
        border: Whether it wants a border; None leaves that to the host.
        left_out: The declared domains that are not allowed, because they are not origins.
    """

    html: str
    connect: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    border: bool | None = None
    left_out: tuple[str, ...] = ()

    @property
    def policy(self) -> str:
        """The content security policy for the frame of the page: nothing outside, except what is declared."""
        loaded = " ".join(self.resources)
        directives = {
            "default-src": "'none'",
            "script-src": f"'unsafe-inline' {loaded}",
            "style-src": f"'unsafe-inline' {loaded}",
            "img-src": f"data: blob: {loaded}",
            "font-src": f"data: {loaded}",
            "media-src": f"data: blob: {loaded}",
            "connect-src": " ".join(self.connect) or "'none'",
            # Also the pages that the app may navigate its own frame to.
            "frame-src": " ".join(self.frames) or "'none'",
            "object-src": "'none'",
            "base-uri": " ".join(self.bases) or "'none'",
            "form-action": "'none'",
        }
        return "; ".join(f"{name} {value.strip()}" for name, value in directives.items())

    @property
    def domains(self) -> dict[str, list[str]]:
        """The allowed domains by their names in the protocol, without empty lists."""
        named = {
            "connectDomains": self.connect,
            "resourceDomains": self.resources,
            "frameDomains": self.frames,
            "baseUriDomains": self.bases,
        }
        return {name: list(origins) for name, origins in named.items() if origins}


def uri_of(tool: Tool) -> str | None:
    """Return the URI of a tool's app; None if it has none."""
    meta = tool.meta or {}
    ui = meta.get("ui")
    uri = ui.get("resourceUri") if isinstance(ui, Mapping) else None
    found = uri or meta.get("ui/resourceUri")  # the name of it before the specification was stable
    return found if isinstance(found, str) and found.startswith("ui://") else None


def callable_by_apps(tool: Tool) -> bool:
    """Return whether an app of the tool's server may call the tool."""
    ui = (tool.meta or {}).get("ui")
    visibility = ui.get("visibility") if isinstance(ui, Mapping) else None
    return not isinstance(visibility, list) or "app" in visibility


def page_in(uri: str, result: ReadResourceResult) -> AppPage:
    """Return the page that reading the URI of an app gave.

    Raises:
        RequestError: it is not the page of an app.
    """
    found = next((content for content in result.contents if content.mime_type == APP_MIME_TYPE), None)
    if isinstance(found, TextResourceContents):
        html = found.text
    elif isinstance(found, BlobResourceContents):
        html = _decoded(found.blob, uri)
    else:
        kinds = ", ".join(sorted({str(content.mime_type) for content in result.contents})) or "nothing"
        raise RequestError(f"{uri} cannot be shown: it is {kinds}, but an app is {APP_MIME_TYPE}.")
    ui = (found.meta or {}).get("ui")
    ui = ui if isinstance(ui, Mapping) else {}
    (connect, resources, frames, bases), left_out = _domains(ui)
    border = ui.get("prefersBorder")
    return AppPage(html, connect, resources, frames, bases, border if isinstance(border, bool) else None, left_out)


@dataclass(frozen=True)
class ListedApp:
    """An app as the lists of its server name it.

    Attributes:
        uri: Its URI.
        title: Its title or name, or "".
        tools: The tools whose results it shows.
        connect: The origins that it may connect to.
        resources: The origins that it may load scripts, styles, images, fonts and media from.
        frames: The origins that it may show in frames.
        bases: The origins that its relative links may refer to.
        permissions: The permissions that it asks a browser for, such as ``camera``.
    """

    uri: str
    title: str
    tools: tuple[str, ...]
    connect: tuple[str, ...]
    resources: tuple[str, ...]
    frames: tuple[str, ...]
    bases: tuple[str, ...]
    permissions: tuple[str, ...]


def listed_apps(resources: Sequence[Resource], tools: Sequence[Tool]) -> list[ListedApp]:
    """Return the apps in the lists of a server, also those that only a tool names."""
    pages = {str(one.uri): one for one in resources if one.mime_type == APP_MIME_TYPE}
    shown: dict[str, list[str]] = {uri: [] for uri in pages}
    for tool in tools:
        if (uri := uri_of(tool)) is not None:
            shown.setdefault(uri, []).append(tool.name)
    return [_listed(uri, pages.get(uri), tuple(names)) for uri, names in shown.items()]


def _listed(uri: str, page: Resource | None, tools: tuple[str, ...]) -> ListedApp:
    ui = (page.meta or {}).get("ui") if page is not None else None
    ui = ui if isinstance(ui, Mapping) else {}
    (connect, resources, frames, bases), _ = _domains(ui)
    asked = ui.get("permissions")
    permissions = tuple(map(str, asked)) if isinstance(asked, Mapping) else ()
    title = "" if page is None else page.title or page.name
    return ListedApp(uri, "" if title == uri else title, tools, connect, resources, frames, bases, permissions)


def _decoded(blob: str, uri: str) -> str:
    try:
        return base64.b64decode(blob, validate=True).decode()
    except ValueError as error:
        raise RequestError(f"{uri} cannot be shown: its page is not UTF-8 in Base64 ({error}).") from None


_KINDS = ("connectDomains", "resourceDomains", "frameDomains", "baseUriDomains")


def _domains(ui: Mapping[str, Any]) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Return the origins of each kind that an app declares, and all domains that are not origins."""
    csp = ui.get("csp")
    sources = [_sources(csp.get(name) if isinstance(csp, Mapping) else None) for name in _KINDS]
    return [good for good, _ in sources], tuple(each for _, bad in sources for each in bad)


def _sources(declared: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the origins among declared domains, and the others."""
    if not isinstance(declared, Sequence) or isinstance(declared, str):
        return (), ()
    texts = list(dict.fromkeys(each for each in declared if isinstance(each, str)))
    good = [each for each in texts if _SOURCE.fullmatch(each)][:MOST_DOMAINS]
    return tuple(good), tuple(each for each in texts if each not in good)
