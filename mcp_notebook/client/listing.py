"""Read the lists of a server page by page, within limits, whatever the server says comes next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any

import anyio
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import find_invalid_x_mcp_header
from mcp_types import CONNECTION_CLOSED, Tool

from mcp_notebook.client.extensions.skills import list_skills
from mcp_notebook.client.limits import LIST_SECONDS, MOST_ITEMS, MOST_PAGES
from mcp_notebook.client.reading import ItemList, Seen, reading
from mcp_notebook.errors import RequestError
from mcp_notebook.schema import Problem, brief

__all__ = ["all_pages", "listed_tool"]

_ITEMS = {
    "list_tools": "tools",
    "list_prompts": "prompts",
    "list_resources": "resources",
    "list_resource_templates": "resource_templates",
    "list_skills": "skills",
}

_OF_EXTENSIONS: dict[str, Callable[..., Awaitable[Any]]] = {"list_skills": list_skills}
"""The lists for which the SDK's client has no method."""


async def all_pages(client: Client, method: str, enough: Callable[[Any], bool] = lambda page: False) -> ItemList[Any]:
    """Return the pages of a list; if the list is incomplete, its problems say why.

    Args:
        client: The client to ask with.
        method: The client's method, such as ``list_tools``.
        enough: Returns whether a page is the last one needed.

    Raises:
        MCPError: The server refused the first page.
        RequestError: The first page did not come in time.
    """
    pages: ItemList[Any] = ItemList()
    with reading() as seen, anyio.move_on_after(LIST_SECONDS) as time:
        stopped = await _go_through(client, method, pages, enough, seen)
        pages.problems += [*seen.problems, *([] if stopped is None else [Problem((), stopped)])]
    if time.cancelled_caught:
        late = f"the server had {LIST_SECONDS:g} s to list them"
        if not pages:
            raise RequestError(f"No list came: {late}.")
        pages.problems += [*seen.problems, Problem((), f"the list is incomplete: {late}")]
    return pages


async def _go_through(
    client: Client, method: str, pages: ItemList[Any], enough: Callable[[Any], bool], seen: Seen
) -> str | None:
    """Add the pages of a list; return why it is incomplete, or None."""
    cursor: str | None = None
    known: set[str] = set()
    items = 0
    while True:
        try:
            ask = partial(_OF_EXTENSIONS[method], client) if method in _OF_EXTENSIONS else getattr(client, method)
            page = await ask(cursor=cursor)
        except MCPError as error:
            if not pages or error.code == CONNECTION_CLOSED:
                raise
            return f"the list is incomplete: page {len(pages) + 1} was refused: {brief(error.message, 200)}"
        found: list[Any] = getattr(page, _ITEMS[method])
        if method == "list_tools":
            seen.problems += _dropped(seen.raw, found)
        items += len(found)
        if items > MOST_ITEMS:
            page = page.model_copy(update={_ITEMS[method]: found[: len(found) - items + MOST_ITEMS]})
        pages.append(page)
        cursor = page.next_cursor
        if items > MOST_ITEMS:
            return f"the list is incomplete: it has more than {MOST_ITEMS:,} items"
        if cursor is None or enough(page):
            return None
        if cursor in known:
            return f"the list may be incomplete: the server names the page {brief(cursor)} again and again"
        if len(pages) == MOST_PAGES:
            return f"the list is incomplete: it has more than {MOST_PAGES:,} pages"
        known.add(cursor)


def _dropped(raw: Mapping[str, Any] | None, kept: list[Tool]) -> Iterator[Problem]:
    """Yield a problem for each tool that the SDK left out of a page, as clients have to, and only logged."""
    tools = (raw or {}).get("tools")
    if not isinstance(tools, list) or len(tools) == len(kept):
        return
    names = {tool.name for tool in kept}
    for index, tool in enumerate(tools):
        schema = tool.get("inputSchema") if isinstance(tool, Mapping) else None
        if not isinstance(schema, dict) or tool.get("name") in names:
            continue
        if (reason := find_invalid_x_mcp_header(schema)) is not None:
            yield Problem(("tools", index), f"{brief(tool.get('name'))} is left out, as by every client: {reason}")


async def listed_tool(client: Client, name: str) -> Tool | None:
    """Return a tool as the server lists it now; None if it lists none of that name."""
    try:
        pages = await all_pages(client, "list_tools", lambda page: any(tool.name == name for tool in page.tools))
    except MCPError as error:
        if error.code == CONNECTION_CLOSED:
            raise
        return None  # a tool can be called even if tools cannot be listed
    except RequestError:
        return None
    return next((tool for page in pages for tool in page.tools if tool.name == name), None)
