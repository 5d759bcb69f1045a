"""A server with every extension, met by a client that declares none."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer

from mcp_notebook.server import NotebookServer, sdk_gaps
from tests.support.shells import running_shell

PLAIN = '%%mcp_tool --server shop\ndef add(a: int, b: int) -> int:\n    "Add."\n    return a + b'
ROWS = '%%mcp_tool --server shop{}\ndef rows() -> list[dict[str, int]]:\n    "Some rows."\n    return [{{"a": 1}}]'
SLOW = '%%mcp_tool --server shop{}\nasync def slow() -> str:\n    "Slow."\n    return "done"'
EVENT = "%%mcp_event order.placed --server shop\ndef orders(cursor: str | None) -> list[dict[str, str]]:\n    return []"


def seen(server: MCPServer[Any], mode: str) -> Any:
    """Return all lists and some results as a client without extensions gets them, as JSON."""

    async def look() -> Any:
        async with Client(server, mode=mode, cache=None) as client:
            found: list[Any] = [
                await client.list_tools(),
                await client.list_resources(),
                await client.list_resource_templates(),
                await client.list_prompts(),
                await client.call_tool("slow", {}),
                await client.call_tool("rows", {}),
                await client.call_tool("add", {"a": 1, "b": 2}),
            ]
            return [one.model_dump(by_alias=True, mode="json", exclude_none=True) for one in found]

    return anyio.run(look)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_that_declares_nothing_sees_what_it_saw_before(mode: str) -> None:
    with running_shell() as shell:
        shell.good("from mcp_notebook import NotebookServer\nshop = NotebookServer('shop')")
        shop: NotebookServer = shell.shell.user_ns["shop"]
        shell.good(PLAIN, ROWS.format(""), SLOW.format(""))
        assert not sdk_gaps.extensions(shop)
        before = seen(shop, mode)
        shell.good(PLAIN, ROWS.format(" --view table"), SLOW.format(" --task"), EVENT)
        assert {one.identifier.rpartition("/")[2] for one in sdk_gaps.extensions(shop)} == {"tasks", "ui", "events"}
        assert seen(shop, mode) == before
