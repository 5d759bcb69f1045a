"""Notify the clients of a server about changes, in both eras and on whichever event loop serves them."""

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
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

__all__ = ["ChangeNotifier"]

Loop = asyncio.AbstractEventLoop
OnEvent = Callable[[ServerEvent], None]

_JOINED = "mcp-notebook/joined"
"""The key under which a legacy connection notes that it is being notified."""

_SUBSCRIBED = "mcp-notebook/subscribed"
"""The key under which it keeps the URIs that it has subscribed to."""

MOST_BYTES_FOLLOWED = 1_000_000
"""Most that one client may follow: the lengths of its URIs, plus `BYTES_OF_A_URI` for each."""

MOST_BYTES_FOLLOWED_BY_ALL = 20_000_000
"""Most that all legacy clients of a server may follow together."""

MOST_BYTES_REMEMBERED = 1_000_000
"""Most that is remembered of the URIs any client has followed; the oldest are forgotten first."""

BYTES_OF_A_URI = 100


class _Subscription(NamedTuple):
    """A listener, the event loop to call it on, and the era of its client."""

    loop: Loop
    listener: OnEvent
    legacy: bool


class _Uris(set[str]):
    """The URIs that one connection has subscribed to, with their total size in bytes."""

    size = 0


class ChangeNotifier:
    """Notifies the connected clients of one server. Its listen streams subscribe to this instead of the server's bus.

    The SDK's bus works on one event loop. A kernel has two, the background loop and that of the cells (where
    ``Client(server)`` runs in a cell that awaits), and definitions change on a third thread. So each listener is called
    on the loop that it subscribed from. Events published on the server's own bus are passed on.

    Attributes:
        followed: The URIs of resources that clients asked to be notified about, latest last.
    """

    def __init__(self, own_bus: SubscriptionBus) -> None:
        self.followed: dict[str, None] = {}
        self._remembered = self._subscribed = 0
        self._own_bus = own_bus
        self._hears_own_bus = False
        self._subscriptions: dict[object, _Subscription] = {}
        self._waiting: set[tuple[Loop, ServerEvent]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()

    async def publish(self, event: ServerEvent) -> None:
        """Publish an event on the server's own bus, as tools do."""
        await self._own_bus.publish(event)

    def subscribe(self, listener: OnEvent) -> Callable[[], None]:
        """Register a modern client's stream on the running loop; return a function that unregisters it."""
        if not self._hears_own_bus:
            # Not earlier: the author's own bus may need the running loop.
            self._hears_own_bus = True
            self._own_bus.subscribe(self._pass_on)
        return self._subscribe(listener, legacy=False)

    def announce(self, event: ServerEvent) -> None:
        """Notify every client of a change, in both eras; callable from any thread.

        A change announced again before a loop has delivered it is delivered once.
        """
        with self._lock:
            # A copy of the values, because other threads subscribe and unsubscribe meanwhile.
            for loop in {subscription.loop for subscription in list(self._subscriptions.values())}:
                if (loop, event) not in self._waiting:
                    self._waiting.add((loop, event))
                    _call_on(loop, self._tell, loop, event)

    def record_listening(self, uris: Iterable[str]) -> None:
        """Record which resources a modern client listens to.

        Raises:
            MCPError: The URIs are too many or too long.
        """
        uris = list(uris)
        if sum(map(_bytes, uris)) > MOST_BYTES_FOLLOWED:
            raise _too_much()
        for uri in uris:
            self._remember(uri)

    def join(self, connection: Connection) -> None:
        """Notify a legacy session, which lives on the running loop, of changes until it ends."""
        if connection.state.get(_JOINED):
            return
        connection.state[_JOINED] = True

        def listener(event: ServerEvent) -> None:
            if not isinstance(event, ResourceUpdated) or event.uri in connection.state.get(_SUBSCRIBED, ()):
                self._send(_SENDERS[type(event)](connection, event))

        connection.exit_stack.callback(self._subscribe(listener, legacy=True))

    def follow(self, connection: Connection, uri: str) -> None:
        """Also notify a legacy session when one resource is updated.

        Raises:
            MCPError: This client, or all clients together, would follow too much.
        """
        if _SUBSCRIBED not in connection.state:
            connection.state[_SUBSCRIBED] = _Uris()
            connection.exit_stack.callback(self._unfollow_all, connection)
        uris: _Uris = connection.state[_SUBSCRIBED]
        if uri not in uris:
            size = _bytes(uri)
            if uris.size + size > MOST_BYTES_FOLLOWED or self._subscribed + size > MOST_BYTES_FOLLOWED_BY_ALL:
                raise _too_much()
            uris.add(uri)
            uris.size += size
            self._subscribed += size
        self._remember(uri)

    def unfollow(self, connection: Connection, uri: str) -> None:
        """Undo `follow`."""
        uris: _Uris = connection.state.get(_SUBSCRIBED, _Uris())
        if uri in uris:
            uris.remove(uri)
            uris.size -= _bytes(uri)
            self._subscribed -= _bytes(uri)

    def _unfollow_all(self, connection: Connection) -> None:
        for uri in list(connection.state[_SUBSCRIBED]):
            self.unfollow(connection, uri)

    def _remember(self, uri: str) -> None:
        if uri in self.followed:
            del self.followed[uri]
        else:
            self._remembered += _bytes(uri)
        self.followed[uri] = None
        while self._remembered > MOST_BYTES_REMEMBERED and len(self.followed) > 1:
            oldest = next(iter(self.followed))
            del self.followed[oldest]
            self._remembered -= _bytes(oldest)

    def _subscribe(self, listener: OnEvent, *, legacy: bool) -> Callable[[], None]:
        token = object()
        self._subscriptions[token] = _Subscription(asyncio.get_running_loop(), listener, legacy)

        def unsubscribe() -> None:
            self._subscriptions.pop(token, None)

        return unsubscribe

    def _pass_on(self, event: ServerEvent) -> None:
        """Deliver an event from the server's own bus to modern clients; the SDK does not send it to legacy ones."""
        for subscription in list(self._subscriptions.values()):
            if not subscription.legacy:
                _call_on(subscription.loop, subscription.listener, event)

    def _tell(self, loop: Loop, event: ServerEvent) -> None:
        # Before the delivery: a change announced from now on may not be part of it, and has to be delivered again.
        with self._lock:
            self._waiting.discard((loop, event))
        for subscription in list(self._subscriptions.values()):
            if subscription.loop is loop:
                subscription.listener(event)

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
"""The notification sent to a legacy session, by event."""


def _bytes(uri: str) -> int:
    return len(uri) + BYTES_OF_A_URI


def _too_much() -> MCPError:
    return MCPError(INVALID_PARAMS, f"A client may follow at most {MOST_BYTES_FOLLOWED:,} bytes of URIs.")


def _call_on(loop: Loop, function: Callable[..., Any], *args: Any) -> None:
    with suppress(RuntimeError):  # the loop is closed, and its clients with it
        loop.call_soon_threadsafe(function, *args)
