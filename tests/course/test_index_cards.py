"""The archive: a server whose list comes in pages."""

from __future__ import annotations

import anyio
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ListResourcesResult

from mcp_notebook.course.index_cards import PAGE, archive


async def page_after(cursor: str | None) -> ListResourcesResult:
    async with Client(archive, cache=None) as client:
        return await client.list_resources(cursor=cursor)


def test_the_pages_hold_all_cards_once() -> None:
    pages = [anyio.run(page_after, None)]
    while pages[-1].next_cursor is not None:
        pages.append(anyio.run(page_after, pages[-1].next_cursor))
    assert [len(page.resources) for page in pages] == [PAGE, PAGE, 50]
    assert len({card.uri for page in pages for card in page.resources}) == 250


@pytest.mark.parametrize("cursor", ["", "-1", "250", "two"])
def test_a_cursor_that_was_made_up_is_refused(cursor: str) -> None:
    async def refused() -> None:
        async with Client(archive, cache=None) as client:
            with pytest.raises(MCPError, match="There is no cursor"):
                await client.list_resources(cursor=cursor)

    anyio.run(refused)
