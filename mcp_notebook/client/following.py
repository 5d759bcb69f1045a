"""Receive the notifications of a server, for as long as somebody wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import anyio
from mcp.client import Client
from mcp_types import EmptyResult, SubscribeRequest, SubscribeRequestParams
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_notebook.client.sessions import Sessions

__all__ = ["Following"]

Follower = Callable[[Any], None]

PAUSE = 1.0
"""Seconds before a broken stream is opened again."""


class Following:
    """The followers of one connection, and the stream or subscriptions that notify them."""

    def __init__(self) -> None:
        self._followers: list[tuple[Follower, tuple[str, ...]]] = []
        self._listening: asyncio.Task[None] | None = None

    async def hear(self, message: Any) -> None:
        """Notify all followers; the message handler of the SDK's client."""
        for follower, _ in list(self._followers):
            follower(message)

    async def follow(self, sessions: Sessions, follower: Follower, uris: Sequence[str]) -> None:
        """Notify a follower of everything, and of updates of these resources; return once this has begun."""
        self._followers.append((follower, tuple(uris)))
        await self._listen(sessions)

    async def leave(self, sessions: Sessions, follower: Follower) -> None:
        """Stop notifying a follower."""
        self._followers = [kept for kept in self._followers if kept[0] is not follower]
        await self._listen(sessions)

    async def stop(self) -> None:
        """End the stream."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            self._listening = None

    async def _listen(self, sessions: Sessions) -> None:
        await self.stop()
        if self._followers:
            begun = asyncio.Event()
            uris = list(dict.fromkeys(uri for _, asked in self._followers for uri in asked))
            self._listening = asyncio.create_task(self._keep_on(sessions, uris, begun))
            await begun.wait()

    async def _keep_on(self, sessions: Sessions, uris: list[str], begun: asyncio.Event) -> None:
        subscribed: Client | None = None
        while True:
            client = sessions.open_client
            # A server without notifications answers with an error; then there is nothing to receive.
            with suppress(Exception):
                if client is not None and client.protocol_version in MODERN_PROTOCOL_VERSIONS:
                    await _stream(client, uris, begun)
                elif client is not None and client is not subscribed:
                    subscribed = client
                    for uri in uris:
                        # Not `subscribe_resource`, which warns that it is legacy; so is this server.
                        subscribe = SubscribeRequest(params=SubscribeRequestParams(uri=uri))
                        await client.session.send_request(subscribe, EmptyResult)
            begun.set()
            await anyio.sleep(PAUSE)


async def _stream(client: Client, uris: list[str], begun: asyncio.Event) -> None:
    async with client.listen(
        tools_list_changed=True,
        prompts_list_changed=True,
        resources_list_changed=True,
        resource_subscriptions=uris,
    ) as events:
        begun.set()
        async for _ in events:
            pass  # the message handler receives it too, in both eras
