"""Keep frames, the messages as they went over the wire, from the moment when a user asks for them."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Literal, NamedTuple

from mcp_notebook.recording.cutting import fitted

__all__ = ["Frame", "Wire", "tapped"]

MOST_FRAMES = 2_000
MOST_BYTES_OF_A_FRAME = 20_000

MOST_CHARACTERS_OF_A_HEAD = 2_000
"""The limit for a request line with the headers of MCP."""

SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})
"""Headers whose values are never kept."""

SHOWN_HEADERS = frozenset({"authorization", "content-type", "last-event-id", "origin", "user-agent"})
"""The headers that are kept, besides those that start with ``mcp-``; the others are plain HTTP."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]


class Frame(NamedTuple):
    """One message on the wire.

    Attributes:
        at: Seconds since the epoch.
        direction: The sender.
        transport: ``http``, ``sse``, ``stdio`` or ``memory``.
        exchange: The number of the HTTP request that it belongs to; 0 in memory.
        head: The request line or status with the headers of MCP, without secrets; empty in memory, and for later
            messages in the same response.
        message: The JSON-RPC message, or a text that is not one.
    """

    at: float
    direction: Literal["client", "server"]
    transport: str
    exchange: int
    head: str
    message: Any


class Wire:
    """The latest frames. Nothing is kept until `on` is set."""

    def __init__(self) -> None:
        self.on = False
        self._frames: deque[Frame] = deque(maxlen=MOST_FRAMES)
        self._exchanges = 0

    def keep(
        self, direction: Literal["client", "server"], message: Any, *, transport: str, exchange: int = 0, head: str = ""
    ) -> None:
        """Keep one message, cut if it is long."""
        kept, _ = fitted(_without_secret(message), MOST_BYTES_OF_A_FRAME)
        head, _ = fitted(head, MOST_CHARACTERS_OF_A_HEAD)
        self._frames.append(Frame(time.time(), direction, transport, exchange, head, kept))

    @property
    def frames(self) -> list[Frame]:
        """The frames that are kept now."""
        return list(self._frames.copy())  # the copy is one step, and other threads add frames

    def restore(self, frames: Iterable[Frame]) -> None:
        """Keep frames of an earlier session, which come before all others."""
        self._frames.extendleft(reversed([*frames][-MOST_FRAMES:]))

    def clear(self) -> None:
        """Forget all frames."""
        self._frames.clear()

    def exchange(self) -> int:
        """Return a number for a new HTTP request."""
        self._exchanges += 1
        return self._exchanges


def _without_secret(message: Any) -> Any:
    """Return a message without the secret that a client gives to have events signed."""
    if not isinstance(message, Mapping) or message.get("method") != "events/subscribe":
        return message
    params = message.get("params")
    delivery = params.get("delivery") if isinstance(params, Mapping) else None
    if not isinstance(params, Mapping) or not isinstance(delivery, Mapping) or "secret" not in delivery:
        return message
    return {**message, "params": {**params, "delivery": {**delivery, "secret": "(hidden)"}}}


def tapped(app: App, wire: Callable[[], Wire]) -> App:
    """Wrap an ASGI app, and keep its frames while the wire is on."""

    async def tap(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and wire().on:
            exchange = _Exchange(wire(), scope)
            await app(scope, exchange.receiving(receive), exchange.sending(send))
        else:
            await app(scope, receive, send)

    return tap


class _Exchange:
    """One HTTP request and its response, split into messages."""

    def __init__(self, wire: Wire, scope: Mapping[str, Any]) -> None:
        self._wire = wire
        self._number = wire.exchange()
        self._request = f"{scope['method']} {scope['path']}{_headers(scope['headers'])}"
        self._head = ""
        self._events = False
        self._body = b""

    def receiving(self, receive: Receive) -> Receive:
        body = b""

        async def tapped_receive() -> Message:
            nonlocal body
            message = await receive()
            if message["type"] == "http.request":
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    self._keep("client", body, self._request)
                    body = b""
            return message

        return tapped_receive

    def sending(self, send: Send) -> Send:
        async def tapped_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                self._head = f"{message['status']}{_headers(headers)}"
                self._events = any(
                    key.lower() == b"content-type" and value.startswith(b"text/event-stream") for key, value in headers
                )
            elif message["type"] == "http.response.body":
                self._sent(message.get("body", b""), ended=not message.get("more_body", False))
            await send(message)

        return tapped_send

    def _sent(self, part: bytes, *, ended: bool) -> None:
        self._body += part
        if self._events:
            # An event ends with an empty line; its data may span several lines.
            *events, self._body = self._body.replace(b"\r\n", b"\n").split(b"\n\n")
            for event in events:
                lines = [line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:")]
                if any(lines):
                    self._keep("server", b"\n".join(lines), self._head)
        elif ended:
            self._keep("server", self._body, self._head)

    def _keep(self, direction: Literal["client", "server"], body: bytes, head: str) -> None:
        self._wire.keep(direction, _parsed(body), transport="http", exchange=self._number, head=head)
        if direction == "server":
            self._head = ""


def _parsed(body: bytes) -> Any:
    text = body.decode("utf-8", errors="replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # RecursionError if it is nested very deep
        return text


def _headers(headers: Any) -> str:
    lines = []
    for raw_key, raw_value in headers:
        key = raw_key.decode("latin-1").lower()
        if key in SHOWN_HEADERS or key.startswith("mcp-"):
            value = "[redacted]" if key in SECRET_HEADERS else raw_value.decode("latin-1")
            lines.append(f"\n{key}: {value}")
    return "".join(lines)
