"""Transports with frames: the messages that pass are kept as they go over the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import anyio
from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from mcp_notebook.client.noting import request_sent
from mcp_notebook.recording.wire import Wire
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.runtime import CALL_ID

__all__ = ["Watch", "framed", "tapped"]


@dataclass
class Watch:
    """What is seen of a connection from its streams.

    Attributes:
        ended: Whether the other side is gone.
        spoke: Whether it ever sent a message.
        noise: The first line that was no message; None where there was none.
    """

    ended: bool = False
    spoke: bool = False
    noise: str | None = None


@asynccontextmanager
async def framed(server: MCPServer[Any] | Server[Any], wire: Wire) -> AsyncIterator[tuple[Any, Any]]:
    """Serve `server` in memory, and keep each message that goes either way; a transport for the SDK's `Client`."""
    async with create_client_server_memory_streams() as (client, theirs), anyio.create_task_group() as tasks:
        tasks.start_soon(_serve, server, *theirs)
        try:
            yield tapped(client, wire, "memory", Watch())
        finally:
            tasks.cancel_scope.cancel()


async def _serve(server: MCPServer[Any] | Server[Any], read: Any, write: Any) -> None:
    if isinstance(server, MCPServer):
        await sdk_gaps.run_on_streams(server, read, write)
    else:
        await server.run(read, write, server.create_initialization_options())


def tapped(streams: tuple[Any, Any], wire: Wire, transport: str, watch: Watch) -> tuple[Any, Any]:
    """Return the two streams of a client, each keeping what passes."""
    return _Tapped(streams[0], wire, transport, watch, "server"), _Tapped(streams[1], wire, transport, watch, "client")


class _Tapped:
    """A stream that keeps what passes."""

    def __init__(
        self, stream: Any, wire: Wire, transport: str, watch: Watch, sender: Literal["client", "server"]
    ) -> None:
        self._stream = stream
        self._wire = wire
        self._transport = transport
        self._watch = watch
        self._sender = sender

    async def send(self, item: SessionMessage) -> None:
        self._keep(item)
        await self._stream.send(item)

    async def receive(self) -> Any:
        try:
            item = await self._stream.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._watch.ended = True
            raise
        self._keep(item)
        return item

    def _keep(self, item: Any) -> None:
        if isinstance(item, SessionMessage):
            message = item.message.model_dump(by_alias=True, mode="json", exclude_none=True)
            # How a notebook knows its own requests is no part of the protocol.
            (message.get("params") or {}).get("_meta", {}).pop(CALL_ID, None)
            self._wire.keep(self._sender, message, transport=self._transport)
            self._watch.spoke |= self._sender == "server"
            if self._sender == "client":
                request_sent(message)
        elif isinstance(item, ValidationError):
            noise = str(item.errors()[0]["input"])
            self._watch.noise = self._watch.noise or noise
            self._wire.keep(self._sender, noise, transport=self._transport)

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
