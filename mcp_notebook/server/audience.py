"""Who hears of a change: the clients of one server, in both eras, whichever event loop they are served on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from mcp.server.connection import Connection
from mcp.server.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    SubscriptionBus,
    ToolsListChanged,
)

__all__ = ["Audience"]

Loop = asyncio.AbstractEventLoop
Listener = Callable[[ServerEvent], None]

_SUBSCRIBED = "mcp-notebook/subscribed"
"""Where a legacy connection keeps the URIs that it has subscribed to."""


MOST_FOLLOWED = 10_000
"""How many URIs are remembered; a client may follow as many as it likes."""


class _Place(NamedTuple):
    """Where a listener is called, and of which era its client is."""

    loop: Loop
    listener: Listener
    legacy: bool


class Audience:
    """The clients of one server, and what its listen streams hear from, in the place of its own bus.

    The SDK's bus works on one event loop. A kernel has two, the one in the background and that of the cells, where
    ``Client(server)`` runs in an ``await`` cell, and definitions change on a third thread: so each listener is called
    on the loop that it came from. What is published on the server's own bus is passed on.

    Attributes:
        followed: The URIs of resources that clients asked to be told of, the latest last.
    """

    def __init__(self, own_bus: SubscriptionBus) -> None:
        self.followed: dict[str, None] = {}
        self._own_bus = own_bus
        self._hears_own_bus = False
        self._places: dict[object, _Place] = {}
        self._waiting: set[tuple[Loop, ServerEvent]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()

    async def publish(self, event: ServerEvent) -> None:
        """Publish an event on the server's own bus, as a tool does."""
        await self._own_bus.publish(event)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Register a stream of a modern client, on the running loop; return what unregisters it."""
        if not self._hears_own_bus:
            # Only now: a bus of the author's may need the running loop for it.
            self._hears_own_bus = True
            self._own_bus.subscribe(self._pass_on)
        return self._subscribe(listener, legacy=False)

    def announce(self, event: ServerEvent) -> None:
        """Tell every client of a change, in both eras and from any thread.

        The same change again, before a loop has come to tell it, is told once.
        """
        with self._lock:
            for loop in {place.loop for place in list(self._places.values())}:
                if (loop, event) not in self._waiting:
                    self._waiting.add((loop, event))
                    _call_on(loop, self._tell, loop, event)

    def listens(self, uris: Iterable[str]) -> None:
        """Notice to which resources a modern client listens."""
        for uri in uris:
            self._follow(uri)

    def join(self, connection: Connection) -> None:
        """Tell a legacy session, which lives on the running loop, of changes until it ends."""

        def listener(event: ServerEvent) -> None:
            if not isinstance(event, ResourceUpdated) or event.uri in connection.state.get(_SUBSCRIBED, ()):
                self._send(_SENDERS[type(event)](connection, event))

        connection.exit_stack.callback(self._subscribe(listener, legacy=True))

    def follow(self, connection: Connection, uri: str) -> None:
        """Tell a legacy session of updates of one resource too."""
        connection.state.setdefault(_SUBSCRIBED, set()).add(uri)
        self._follow(uri)

    def unfollow(self, connection: Connection, uri: str) -> None:
        """Undo `follow`."""
        connection.state.get(_SUBSCRIBED, set()).discard(uri)

    def _follow(self, uri: str) -> None:
        self.followed.pop(uri, None)
        self.followed[uri] = None
        if len(self.followed) > MOST_FOLLOWED:
            self.followed.pop(next(iter(self.followed)))

    def _subscribe(self, listener: Listener, *, legacy: bool) -> Callable[[], None]:
        token = object()
        self._places[token] = _Place(asyncio.get_running_loop(), listener, legacy)

        def unsubscribe() -> None:
            self._places.pop(token, None)

        return unsubscribe

    def _pass_on(self, event: ServerEvent) -> None:
        """Deliver what was published on the server's own bus, which modern clients hear of, and legacy ones do not."""
        for place in list(self._places.values()):
            if not place.legacy:
                _call_on(place.loop, place.listener, event)

    def _tell(self, loop: Loop, event: ServerEvent) -> None:
        with self._lock:
            self._waiting.discard((loop, event))
        for place in list(self._places.values()):
            if place.loop is loop:
                place.listener(event)

    def _send(self, sending: Awaitable[None]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(sending)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


_SENDERS: dict[type, Callable[[Connection, Any], Awaitable[None]]] = {
    ToolsListChanged: lambda connection, _: connection.send_tool_list_changed(),
    PromptsListChanged: lambda connection, _: connection.send_prompt_list_changed(),
    ResourcesListChanged: lambda connection, _: connection.send_resource_list_changed(),
    ResourceUpdated: lambda connection, event: connection.send_resource_updated(event.uri),
}
"""How a legacy session is told."""


def _call_on(loop: Loop, function: Callable[..., Any], *args: Any) -> None:
    with suppress(RuntimeError):  # the loop is closed, and its clients are gone with it
        loop.call_soon_threadsafe(function, *args)
