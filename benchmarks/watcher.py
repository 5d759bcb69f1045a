"""A client in a process of its own that calls the tool `version` whenever it may have changed.

    python -m benchmarks.watcher WAY < {"url": ..., "token": ...}

WAY is how it learns of a change: `modern` holds a `subscriptions/listen` stream, `legacy` is sent
`notifications/tools/list_changed`, and `polling` asks again and again and connects again when the server is gone, as
one has to where a reload is a restart. Each answer is printed at once as a line of JSON, the version and when it came.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ToolsListChanged
from mcp_types import ToolListChangedNotification

PAUSE = 0.01
"""Seconds between two questions of a client that polls: far more eager than a real one."""


@asynccontextmanager
async def connected(url: str, token: str | None, **options: Any) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30, read=300)) as http,
        Client(streamable_http_client(url, http_client=http), **options) as client,
    ):
        yield client


async def tell(client: Client) -> None:
    result = await client.call_tool("version", {})
    print(json.dumps({"version": result.structured_content["result"], "at": time.monotonic()}), flush=True)


async def modern(url: str, token: str | None) -> None:
    async with connected(url, token) as client, client.listen(tools_list_changed=True) as changes:
        await tell(client)
        async for change in changes:
            assert isinstance(change, ToolsListChanged)
            await tell(client)


async def legacy(url: str, token: str | None) -> None:
    send, notices = anyio.create_memory_object_stream[None](100)

    async def hear(message: Any) -> None:
        if isinstance(message, ToolListChangedNotification):
            send.send_nowait(None)

    async with connected(url, token, mode="legacy", message_handler=hear) as client:
        await tell(client)
        async for _ in notices:
            await tell(client)


async def polling(url: str, token: str | None) -> None:
    while True:
        try:
            async with connected(url, token) as client:
                while True:
                    await tell(client)
                    await anyio.sleep(PAUSE)
        except Exception:  # noqa: BLE001  the server is being restarted: whatever it is, connect again
            await anyio.sleep(PAUSE)


if __name__ == "__main__":
    ways = {"modern": modern, "legacy": legacy, "polling": polling}
    target = json.load(sys.stdin)
    anyio.run(ways[sys.argv[1]], target["url"], target["token"])
