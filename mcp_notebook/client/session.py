"""Open the SDK's client once: it must be entered and left by the same task."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any

import anyio
from mcp.client import Client
from mcp_types import DiscoverResult, Implementation, ServerCapabilities
from mcp_types.version import LATEST_MODERN_VERSION

from mcp_notebook.client.framed import Watch

__all__ = ["About", "OpenClient", "discover"]


@dataclass(frozen=True)
class About:
    """A server's description of itself."""

    protocol_version: str
    server_info: Implementation | None
    capabilities: ServerCapabilities
    instructions: str | None

    @staticmethod
    def of(client: Client) -> About:
        """Return what an open client was told."""
        return About(client.protocol_version, client.server_info, client.server_capabilities, client.instructions)


class OpenClient:
    """A client of the SDK, open from `open` to `close`.

    Args:
        client: The client, not entered yet.
        watch: The state of the connection, as its streams show it.
        check: Asks the server something, if opening the client does not.
    """

    def __init__(self, client: Client, watch: Watch, check: Callable[[Client], Awaitable[None]] | None = None) -> None:
        self.client = client
        self.watch = watch
        self._check = check
        self._scope = anyio.CancelScope()
        self._end = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Return whether the other side is gone, or never answered."""
        return self._task.done() or self.watch.ended

    async def open(self, deadline: float | None) -> None:
        """Open the session; raise whatever goes wrong, or `TimeoutError` after `deadline` seconds."""
        loop = asyncio.get_running_loop()
        opened = loop.create_future()
        # In a new context: the request that happens to open the session is not the only one that uses it.
        self._task: asyncio.Task[None] = Context().run(loop.create_task, self._own(opened))
        try:
            with anyio.fail_after(deadline):
                await opened
        except BaseException:
            self._scope.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([self._task])
            raise

    async def close(self) -> None:
        """Close the session and wait until it is closed; raise what went wrong then."""
        self._end.set()
        await asyncio.shield(self._task)

    async def _own(self, opened: asyncio.Future[None]) -> None:
        try:
            with self._scope:
                async with self.client:
                    if self._check is not None:
                        await self._check(self.client)
                    if not opened.done():
                        opened.set_result(None)
                    await self._end.wait()
        except Exception as error:
            if self._end.is_set():
                raise
            if not opened.done():
                opened.set_exception(error)


async def discover(client: Client) -> None:
    """Ask a modern server what it is, if the client has not done so."""
    raw: Any = await client.session.send_discover(LATEST_MODERN_VERSION)
    client.session.adopt(DiscoverResult.model_validate(raw))
