"""Record the messages that pass through a transport, as they go over the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import anyio
from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from mcp.shared.memory import create_client_server_memory_streams
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, RequestId
from pydantic import ValidationError

from mcp_notebook.client import limits
from mcp_notebook.client.bounded import OverLimitError
from mcp_notebook.client.matching import Matching
from mcp_notebook.client.noting import request_sent
from mcp_notebook.client.replies import offending
from mcp_notebook.recording.wire import Wire
from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.runtime import CALL_ID

__all__ = ["Watch", "framed", "tapped"]


@dataclass
class Watch:
    """The state of a connection, as its streams show it.

    Attributes:
        ended: Whether the other side is gone.
        spoke: Whether it ever sent a message.
        noise: The first line that was not a message; None if there was none.
        questions: The ids of the server's unanswered requests.
    """

    ended: bool = False
    spoke: bool = False
    noise: str | None = None
    questions: set[RequestId] = field(default_factory=set)


@asynccontextmanager
async def framed(server: MCPServer[Any] | Server[Any], wire: Wire) -> AsyncIterator[tuple[Any, Any]]:
    """Serve `server` in memory and record the messages of both sides; a transport for the SDK's `Client`."""
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


def tapped(
    streams: tuple[Any, Any], wire: Wire, transport: str, watch: Watch, matching: Matching | None = None
) -> tuple[Any, Any]:
    """Return the two streams of a client, each recording what passes.

    Args:
        streams: The stream that the client reads from, and the one that it writes to.
        wire: Keeps the frames.
        transport: The transport to note with each frame.
        watch: Updated with what the streams show of the connection.
        matching: Refuses requests with an unusable answer; None if the transport does that.
    """
    return (
        _Tapped(streams[0], wire, transport, watch, "server", matching),
        _Tapped(streams[1], wire, transport, watch, "client", matching),
    )


class _Tapped:
    """A stream that records what passes."""

    def __init__(
        self,
        stream: Any,
        wire: Wire,
        transport: str,
        watch: Watch,
        sender: Literal["client", "server"],
        matching: Matching | None,
    ) -> None:
        self._stream = stream
        self._wire = wire
        self._transport = transport
        self._watch = watch
        self._sender = sender
        self._matching = matching
        self._refusals: deque[JSONRPCError] = deque()

    async def send(self, item: SessionMessage) -> None:
        self._keep(item)
        if isinstance(item.message, JSONRPCResponse | JSONRPCError) and item.message.id is not None:
            self._watch.questions.discard(item.message.id)
        if self._matching is not None:
            self._matching.sent(item.message)
        await self._stream.send(item)

    async def receive(self) -> Any:
        if self._refusals:
            return SessionMessage(self._refusals.popleft())
        try:
            item = await self._next()
            while self._is_one_too_many(item):
                item = await self._next()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._watch.ended = True
            raise
        self._keep(item)
        if self._matching is not None:
            if isinstance(item, SessionMessage):
                self._refusals += self._matching.received(item.message)
            elif isinstance(item, ValidationError):
                self._refusals += self._matching.broken(item)
            elif isinstance(item, OverLimitError):
                self._refusals += self._matching.ended(str(item))
        return item

    def _is_one_too_many(self, item: Any) -> bool:
        message, questions = getattr(item, "message", None), self._watch.questions
        if isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
            cancelled = (message.params or {}).get("requestId")
            questions -= {cancelled} if isinstance(cancelled, str | int) else set()  # it needs no answer any more
        if not isinstance(message, JSONRPCRequest):
            return False
        if len(questions) >= limits.QUESTIONS or message.id in questions:
            return True
        questions.add(message.id)
        return False

    async def _next(self) -> Any:
        if self._matching is not None and self._matching.in_doubt:
            with anyio.move_on_after(limits.EXCUSE):
                return await self._stream.receive()
            if refusals := self._matching.decide():
                self._refusals += refusals[1:]
                return SessionMessage(refusals[0])
        return await self._stream.receive()

    def _keep(self, item: Any) -> None:
        if isinstance(item, SessionMessage):
            message = item.message.model_dump(by_alias=True, mode="json", exclude_none=True)
            # The key by which a notebook recognizes its own requests is not part of the protocol.
            (message.get("params") or {}).get("_meta", {}).pop(CALL_ID, None)
            self._wire.keep(self._sender, message, transport=self._transport)
            self._watch.spoke |= self._sender == "server"
            if self._sender == "client":
                request_sent(message)
        elif isinstance(item, ValidationError):
            noise = offending(item)
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
