"""Render apps where they are not shown themselves: what an app is, and what a person agrees to by showing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mcp_types import CallToolResult, Tool

from mcp_notebook.client.extensions.apps import AppPage, ListedApp, callable_by_apps
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import render
from mcp_notebook.rendering.listing import listing
from mcp_notebook.server.approval import destructive
from mcp_notebook.urls import address_of

__all__ = ["app_card", "apps_table", "consent", "link"]

MOST_TOOLS = 30
"""Tools that a person is told by name."""

MOST_LEFT_OUT = 5
"""Declared domains that are not allowed, and are named."""

_REACHES = (
    ("connect", "connect to"),
    ("resources", "load scripts, styles, images and fonts from"),
    ("frames", "show pages of"),
    ("bases", "resolve its links against"),
)


def app_card(
    uri: str,
    server: str,
    tool: str | None,
    arguments: Mapping[str, Any],
    result: CallToolResult | None,
    note: str = "",
) -> look.Rendering:
    """Draw what stands for an app in a saved notebook: a line about it, and the result that it showed.

    Args:
        uri: The app.
        server: The name of its server.
        tool: The tool whose result it shows; None if it has none.
        arguments: The arguments of the call.
        result: The result; None if there was no call.
        note: Why there is none.
    """
    called = [] if tool is None else [tool, *(f"{key}={look.json_line(value)}" for key, value in arguments.items())]
    of = f" with {' '.join(called)}" if called else ""
    line = f"app {uri} on {server}{of}"
    hint = "Run this cell in a notebook with a kernel to show the app."
    drawn = None if result is None else render(result)
    text = "\n".join([line, *(f"  {each}" for each in (note, hint) if each), *([drawn.text] if drawn else [])])
    said = "".join(f"<p>{look.muted(each)}</p>" for each in (note, hint) if each)
    return look.Rendering(text, look.card(f"app {look.code(uri)} {look.muted(f'on {server}{of}')}", said,
                                          drawn.html if drawn else ""))  # fmt: skip


def apps_table(server: str, apps: Sequence[ListedApp], *, empty: str) -> look.Rendering:
    """Draw the apps of a server; `empty` is the text for an empty list."""
    rows = [
        (
            app.uri,
            app.title,
            ", ".join(app.tools) or "none",
            "; ".join(f"{words} {', '.join(at)}" for words, at in _reaches(app)) or "reach no other server",
            ", ".join(app.permissions) or "none",
        )
        for app in apps
    ]
    headers = ("uri", "title", "shows results of", "may", "asks for")
    return listing(f"apps of {server}", headers, rows, empty=empty)


def _reaches(app: AppPage | ListedApp) -> list[tuple[str, tuple[str, ...]]]:
    """Return the origins that an app may reach, each kind after the words for it."""
    return [(words, getattr(app, kind)) for kind, words in _REACHES if getattr(app, kind)]


def consent(server: str, page: AppPage, tools: Sequence[Tool]) -> str:
    """Draw what the app of a foreign server may do once it is shown, as HTML."""
    reached = _reaches(page)
    may = [_calls(server, tools), *(f"{escape(words)} {', '.join(map(look.code, at))}" for words, at in reached)]
    beyond = "" if page.domains else "It cannot reach any other server. "
    parts = [
        f"<p>The page comes from {look.code(server)}, which is not a server of this notebook. It would run in a frame "
        "of its own, and cannot read this notebook. Without asking again, it may:</p>",
        f"<ul>{''.join(f'<li>{each}</li>' for each in may)}</ul>",
        f"<p>{beyond}You are asked before it opens a link or sends a message to the model.</p>",
    ]
    if page.left_out:
        named = ", ".join(page.left_out[:MOST_LEFT_OUT])
        parts.append(f"<p>{look.muted(f'Not allowed, because they are not origins: {named}')}</p>")
    return "".join(parts)


def _calls(server: str, tools: Sequence[Tool]) -> str:
    found = [tool for tool in tools if callable_by_apps(tool)]
    if not found:
        return f"call no tool: {escape(server)} has none for apps"
    named = [look.code(t.name) + (f" {look.badge('destructive', 'warn')}" if destructive(t) else "") for t in found]
    more = f" and {len(found) - MOST_TOOLS} more" if len(found) > MOST_TOOLS else ""
    number = f"{len(found)} tool{'s' if len(found) > 1 else ''}"
    return f"call {number} of {escape(server)}: {', '.join(named[:MOST_TOOLS])}{more}"


def link(url: str) -> dict[str, Any]:
    """Describe a link that an app asks to open: where it leads, and what about it is misleading.

    Returns:
        The ``href``, None if it leads to no web page; the ``host``; the URL as ``written``; and the ``cautions``.
    """
    address = address_of(url)
    return {
        "href": address.href,
        "host": address.host,
        "written": address.written,
        "cautions": list(address.cautions),
    }
