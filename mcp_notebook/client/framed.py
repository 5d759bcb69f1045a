"""A memory transport with frames: the messages that the SDK's own passes as objects, kept as they would be sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage

from mcp_notebook.recording.wire import Wire
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.runtime import CALL_ID

__all__ = ["framed"]


@asynccontextmanager
async def framed(server: MCPServer[Any], wire: Wire) -> AsyncIterator[tuple[Any, Any]]:
    """Serve `server` in memory, and keep each message that goes either way; a transport for the SDK's `Client`."""
    async with create_client_server_memory_streams() as (client, theirs), anyio.create_task_group() as tasks:
        tasks.start_soon(sdk_gaps.run_on_streams, server, *theirs)
        try:
            yield _Tapped(client[0], wire, "server"), _Tapped(client[1], wire, "client")
        finally:
            tasks.cancel_scope.cancel()


class _Tapped:
    """A stream that keeps what passes."""

    def __init__(self, stream: Any, wire: Wire, sender: Literal["client", "server"]) -> None:
        self._stream = stream
        self._wire = wire
        self._sender = sender

    async def send(self, item: SessionMessage) -> None:
        self._keep(item)
        await self._stream.send(item)

    async def receive(self) -> Any:
        item = await self._stream.receive()
        self._keep(item)
        return item

    def _keep(self, item: Any) -> None:
        if isinstance(item, SessionMessage):
            message = item.message.model_dump(by_alias=True, mode="json", exclude_none=True)
            # How a notebook knows its own requests is no part of the protocol.
            (message.get("params") or {}).get("_meta", {}).pop(CALL_ID, None)
            self._wire.keep(self._sender, message, transport="memory")

    def __aiter__(self) -> _Tapped:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> _Tapped:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stream.aclose()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
