"""The client's side of Events (SEP-3415): the list of event types, and the streams that a server sends events on."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from mcp.client import Client
from mcp.client.extension import ClientExtension, NotificationBinding
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import Request, RequestId, Result
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mcp_notebook.client.session import discover
from mcp_notebook.errors import RequestError

__all__ = ["EventStreams", "Happened", "ListedEvent", "Subscribed", "list_events", "poll", "subscribe", "unsubscribe"]

IDENTIFIER = "io.modelcontextprotocol/events"

MOST_PAGES = 100

MOST_WAITING = 1_000
"""Most messages of one stream that wait to be read."""


class ListedEvent(BaseModel):
    """An event type as its server lists it.

    Attributes:
        name: Its name.
        description: A text about what happens.
        delivery: The ways to get its events: ``push``, ``poll`` or ``webhook``.
        input_schema: The JSON Schema of the arguments.
        payload_schema: The JSON Schema of the data.
    """

    name: str
    description: str = ""
    delivery: list[str]
    input_schema: Annotated[dict[str, Any], Field(alias="inputSchema")] = {"type": "object"}
    payload_schema: Annotated[dict[str, Any], Field(alias="payloadSchema")] = {"type": "object"}


class Happened(BaseModel):
    """An event as it came.

    Attributes:
        id: Its identifier; the same event may come twice.
        name: The name of its type.
        time: When it happened, as the server wrote it.
        data: The data.
        cursor: The position after it, from which it is possible to go on; None if the server has none.
    """

    id: Annotated[str, Field(alias="eventId")]
    name: str
    time: Annotated[str, Field(alias="timestamp")]
    data: dict[str, Any]
    cursor: str | None = None


class PollResult(Result):
    """The answer to ``events/poll``."""

    events: list[Happened]
    cursor: str | None = None
    truncated: bool = False
    has_more: Annotated[bool, Field(alias="hasMore")] = False
    next_poll_ms: Annotated[float, Field(alias="nextPollMs")] = 0


class Subscribed(Result):
    """The answer to ``events/subscribe``.

    Attributes:
        id: The subscription's identifier, which each message has in ``X-MCP-Subscription-Id``.
        refresh_before: When it ends, unless it is refreshed; None for never.
        cursor: A position that is safe to begin from later.
        truncated: Whether events after the given cursor were skipped.
        delivery_status: How the delivery goes, if the subscription was there already.
    """

    id: str
    refresh_before: Annotated[str | None, Field(alias="refreshBefore")] = None
    cursor: str | None = None
    truncated: bool = False
    delivery_status: Annotated[dict[str, Any] | None, Field(alias="deliveryStatus")] = None


class _ListResult(Result):
    events: list[ListedEvent]
    next_cursor: Annotated[str | None, Field(alias="nextCursor")] = None


class EventFrame(BaseModel):
    """The parameters of a message on a stream."""

    model_config = ConfigDict(extra="allow")

    meta: Annotated[dict[str, Any], Field(alias="_meta")] = {}
    cursor: str | None = None
    truncated: bool = False
    error: dict[str, Any] = {}

    @property
    def subscription(self) -> RequestId | None:
        """The id of the request whose stream this is."""
        found = self.meta.get(SUBSCRIPTION_ID_META_KEY)
        return found if isinstance(found, str | int) else None


What = Literal["active", "event", "heartbeat", "error", "terminated"]

OPENING = 30.0
"""Seconds that a server has to confirm a stream."""


class Inbox:
    """The messages of one stream that nobody has read yet.

    Attributes:
        lost: Whether there were too many, so that the oldest were dropped.
    """

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.lost = False
        self._waiting: asyncio.Queue[tuple[What, EventFrame]] = asyncio.Queue(MOST_WAITING)

    def put(self, what: What, frame: EventFrame) -> None:
        """Add a message."""
        if self._waiting.full():
            self._waiting.get_nowait()
            self.lost = True
        self._waiting.put_nowait((what, frame))
        self.begun.set()

    async def get(self) -> tuple[What, EventFrame]:
        """Wait for the next message."""
        return await self._waiting.get()


async def list_events(client: Client) -> list[ListedEvent]:
    """Return all event types of a server; none if it does not declare the extension.

    Raises:
        RequestError: The list does not follow the extension.
    """
    if not _declares(client) and client.protocol_version in MODERN_PROTOCOL_VERSIONS:
        await discover(client)  # a notebook's server declares it only from the first event type on
    if not _declares(client):
        return []
    found: list[ListedEvent] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await _send(client, "events/list", {} if cursor is None else {"cursor": cursor}, _ListResult)
        found += page.events
        if page.next_cursor is None or page.next_cursor == cursor:
            break
        cursor = page.next_cursor
    return found


def _declares(client: Client) -> bool:
    return IDENTIFIER in (client.server_capabilities.extensions or {})


async def poll(client: Client, params: Mapping[str, Any]) -> PollResult:
    """Ask once what happened.

    Raises:
        RequestError: The answer does not follow the extension.
    """
    answer: PollResult = await _send(client, "events/poll", params, PollResult)
    return answer


async def subscribe(client: Client, params: Mapping[str, Any]) -> Subscribed:
    """Have events posted to a URL.

    Raises:
        RequestError: The answer does not follow the extension.
    """
    answer: Subscribed = await _send(client, "events/subscribe", params, Subscribed)
    return answer


async def unsubscribe(client: Client, params: Mapping[str, Any]) -> None:
    """Have them no longer posted."""
    await _send(client, "events/unsubscribe", params, Result)


async def _send(client: Client, method: str, params: Mapping[str, Any], result: type[Any]) -> Any:
    request = Request[dict[str, Any], str](method=method, params=dict(params))
    try:
        return await client.session.send_request(request, result)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"The answer to {method} does not follow the extension: {place}: {first['msg']}.") from None


class EventStreams(ClientExtension):
    """Declares the extension, and brings each message to the stream that it belongs to.

    A message names the request of its stream, and the SDK does not tell a request's id. So streams are opened one at a
    time: an unknown stream that begins is the one that is being opened.
    """

    identifier = IDENTIFIER

    def __init__(self) -> None:
        self._opening: Inbox | None = None
        self._open: dict[RequestId, Inbox] = {}
        self._ended: deque[RequestId] = deque(maxlen=MOST_WAITING)
        self._early: deque[tuple[RequestId, What, EventFrame]] = deque(maxlen=MOST_WAITING)
        self._client: Client | None = None
        self._lock = asyncio.Lock()

    def notifications(self) -> Sequence[NotificationBinding[Any]]:
        """Return what receives the messages of streams."""
        kinds: tuple[What, ...] = ("active", "event", "heartbeat", "error", "terminated")
        return [
            NotificationBinding(
                method=f"notifications/events/{what}", params_type=EventFrame, handler=partial(self._route, what)
            )
            for what in kinds
        ]

    async def opened(self, client: Client, params: Mapping[str, Any]) -> tuple[Inbox, asyncio.Task[Any]]:
        """Open a stream; return its messages and its request, once the server has confirmed it.

        Raises:
            MCPError: The server refused it.
            RequestError: The server did not confirm it in time.
        """
        async with self._lock:
            if client is not self._client:  # whose requests are numbered from 1 again
                self._client, self._open = client, {}
                self._ended.clear()
            self._opening = inbox = Inbox()
            request = asyncio.ensure_future(_send(client, "events/stream", params, Result))
            begun = asyncio.ensure_future(inbox.begun.wait())
            try:
                await asyncio.wait([request, begun], timeout=OPENING, return_when=asyncio.FIRST_COMPLETED)
                if request.done():
                    request.result()  # raises if the server refused it
                elif not begun.done():
                    raise RequestError(f"The server did not confirm the subscription within {OPENING:g} s.")
            except BaseException:
                request.cancel()
                raise
            finally:
                begun.cancel()
                self._opening = None
                self._early.clear()
            return inbox, request

    def close(self, inbox: Inbox) -> None:
        """Forget a stream."""
        for subscription in [known for known, of in self._open.items() if of is inbox]:
            del self._open[subscription]
            self._ended.append(subscription)

    async def _route(self, what: What, frame: EventFrame) -> None:
        subscription = frame.subscription
        if subscription is None or subscription in self._ended:
            return
        inbox = self._open.get(subscription)
        if inbox is not None:
            inbox.put(what, frame)
        elif self._opening is None:
            return
        elif what != "active":  # each kind of message has its own way here, and may be faster
            self._early.append((subscription, what, frame))
        else:
            inbox, self._opening = self._opening, None
            self._open[subscription] = inbox
            inbox.put(what, frame)
            for early, its, its_frame in self._early:
                if early == subscription:
                    inbox.put(its, its_frame)
            self._early.clear()
