"""A server whose list is long: an archive of 250 index cards, listed in pages of 100.

It is made with the SDK's low-level `Server`, where each request has a handler of its own. `MCPServer` has no pages.
"""

from __future__ import annotations

from typing import Any

from mcp.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ListResourcesResult, PaginatedRequestParams, Resource

__all__ = ["PAGE", "archive"]

PAGE = 100
"""The most cards of a page."""

CARDS = [Resource(uri=f"archive://cards/{number}", name=f"card {number}") for number in range(1, 251)]


async def list_cards(_ctx: Any, params: PaginatedRequestParams | None) -> ListResourcesResult:
    """List one page of the cards; the cursor is the number of cards before it.

    Raises:
        MCPError: The cursor is not one of this server's.
    """
    cursor = params.cursor if params is not None else None
    if cursor is not None and not (cursor.isdecimal() and int(cursor) < len(CARDS)):
        raise MCPError(INVALID_PARAMS, f"There is no cursor {cursor!r}. Begin the list again, without one.")
    start = int(cursor) if cursor is not None else 0
    following = start + PAGE
    return ListResourcesResult(
        resources=CARDS[start:following], next_cursor=str(following) if following < len(CARDS) else None
    )


archive = Server("archive", on_list_resources=list_cards)
