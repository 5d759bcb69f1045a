"""Follow the events of one type: by a stream if the server has one, else by polling."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CONNECTION_CLOSED, INTERNAL_ERROR
from pydantic import ValidationError

from mcp_notebook.client.event_delivery import Delivery
from mcp_notebook.client.extensions.events import (
    EventFrame,
    EventStreams,
    Happened,
    Inbox,
    ListedEvent,
    PollResult,
    What,
    poll,
)
from mcp_notebook.client.requests import Requests
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.visible import visible

__all__ = ["FollowedEvents"]

T = TypeVar("T")

LEAST_PAUSE = 1.0
MOST_PAUSE = 600.0
"""Seconds between two polls; within these, the server says."""

PAUSE = 1.0
"""Seconds before a stream that has ended is opened again."""

ATTEMPTS = 6
"""Attempts to reach a server that is away, with pauses that double; after a minute, it is gone."""

SILENCE = 90.0
"""Seconds without a message after which a stream counts as lost: servers show every 30 seconds that it is alive."""

REMEMBERED = 1_000
"""Identifiers of events that are recognized if they come again."""


class FollowedEvents:
    """The events of a subscription, as they come: an iterator, and a context manager.

    Entering waits until the server has confirmed the subscription, so that nothing that happens from then on is
    missed. Leaving ends the subscription.

    Args:
        portal: The loop of the connection.
        requests: Makes the requests.
        streams: Receives streams; None if the client did not declare the extension.
        listed: The type.
        arguments: The arguments of the subscription.
        delivery: How to get them.
        cursor: Where to begin; None for now.
        seconds: When to end; None for never.
        notice: Called with a line when events were missed, or the server has trouble.

    Attributes:
        delivery: How they come.

    Raises:
        RequestError: From entering and from the iteration: the server refused the subscription, or has ended it.
    """

    def __init__(
        self,
        portal: Portal,
        requests: Requests,
        streams: EventStreams | None,
        listed: ListedEvent,
        arguments: Mapping[str, Any],
        *,
        delivery: Delivery,
        cursor: str | None = None,
        seconds: float | None = None,
        notice: Callable[[str], None],
    ) -> None:
        self.delivery = delivery
        self._position = self._taken = cursor
        self._portal = portal
        self._requests = requests
        self._streams = streams
        self._name = listed.name
        self._arguments = dict(arguments)
        self._seconds = seconds
        self._notice = notice
        self._answered = False
        self._begun = asyncio.Event()
        self._end: Exception | None = None
        self._seen: deque[str] = deque(maxlen=REMEMBERED)
        self._happened: asyncio.Queue[Happened | BaseException | None] = asyncio.Queue(REMEMBERED)
        self._running = portal.start(self._follow)

    def __enter__(self) -> FollowedEvents:
        try:
            self._portal.run(self._begun.wait)
        except BaseException:
            self.close()
            raise
        if self._end is not None and not self._answered:
            raise self._end
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Happened]:
        return self

    def __next__(self) -> Happened:
        try:
            found = self._portal.run(self._happened.get)
        except BaseException:
            self.close()
            raise
        if found is None:
            raise StopIteration
        if isinstance(found, BaseException):
            raise found
        self._taken = found.cursor or self._taken
        return found

    @property
    def cursor(self) -> str | None:
        """From where it is possible to go on after the events taken so far; None if the server has no positions."""
        return self._position if self._happened.empty() else self._taken

    def close(self) -> None:
        """End the subscription."""
        self._running.cancel()

    async def _follow(self) -> None:
        try:
            with anyio.move_on_after(self._seconds):
                happened = self._pushed() if self.delivery == "push" else self._polled()
                async for one in happened:
                    if one.id not in self._seen:
                        self._seen.append(one.id)
                        await self._happened.put(one)
                    self._position = one.cursor or self._position
        except Exception as error:  # noqa: BLE001 - raised where somebody iterates
            self._end = error
        finally:
            self._begun.set()
        await self._happened.put(self._end)

    def _params(self) -> dict[str, Any]:
        return {"name": self._name, "arguments": self._arguments, "cursor": self._position}

    async def _polled(self) -> AsyncIterator[Happened]:
        while True:
            answer = await self._patiently(self._poll)
            if answer.truncated:
                self._missed()
            for one in answer.events:
                yield one
            self._position = answer.cursor
            if not (answer.has_more and answer.events):
                await anyio.sleep(min(max(answer.next_poll_ms / 1000, LEAST_PAUSE), MOST_PAUSE))

    async def _poll(self, client: Client) -> PollResult:
        return await poll(client, self._params())

    async def _pushed(self) -> AsyncIterator[Happened]:
        assert self._streams is not None
        while True:
            inbox, request = await self._opened(self._streams)
            try:
                async for one in self._read(inbox, request):
                    yield one
            finally:
                request.cancel()
                self._streams.close(inbox)
            await anyio.sleep(PAUSE)

    async def _opened(self, streams: EventStreams) -> tuple[Inbox, asyncio.Task[Any]]:
        async def open_stream(client: Client) -> tuple[Inbox, asyncio.Task[Any]]:
            return await streams.opened(client, self._params())

        return await self._patiently(open_stream, math.inf)

    async def _patiently(self, send: Callable[[Client], Awaitable[T]], timeout: float | None = None) -> T:
        """Make a request; once there was an answer, try again for a while if the server is away or has trouble."""
        for attempt in range(ATTEMPTS):
            try:
                answer = await self._requests.ask(send, timeout)
            except RequestError as error:
                lasting = error.code not in (None, INTERNAL_ERROR, CONNECTION_CLOSED)
                if lasting or not self._answered or attempt == ATTEMPTS - 1:
                    raise
                if attempt == 0:
                    self._trouble(str(error))
            else:
                self._answered = True
                self._begun.set()
                return answer
            await anyio.sleep(PAUSE * 2**attempt)
        raise AssertionError

    async def _read(self, inbox: Inbox, request: asyncio.Task[Any]) -> AsyncIterator[Happened]:
        """Yield the events of one stream until it ends; it can be opened again.

        Raises:
            RequestError: The server has ended the subscription.
        """
        while True:
            message = asyncio.ensure_future(inbox.get())
            try:
                await asyncio.wait([message, request], timeout=SILENCE, return_when=asyncio.FIRST_COMPLETED)
                if not message.done():
                    # Messages sent before the last answer may still be on their way here.
                    with suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(asyncio.shield(message), 0.05)
                if not message.done():
                    await _raised_by(request)
                    return
                what, frame = message.result()
            finally:
                message.cancel()
            if inbox.lost:
                inbox.lost = False
                self._missed()
            one = self._understood(what, frame)
            if one is not None:
                yield one

    def _understood(self, what: What, frame: EventFrame) -> Happened | None:
        if what == "event":
            try:
                return Happened.model_validate({**(frame.model_extra or {}), "cursor": frame.cursor})
            except ValidationError:
                self._notice(f"an event of {self._name} does not follow the extension, and was left out.")
                return None
        if what == "terminated":
            raise RequestError(f"The server has ended the subscription to {self._name!r}: {_said(frame)}")
        if what == "error":
            self._trouble(_said(frame))
            return None
        if what == "active" and frame.truncated:
            self._missed()
        self._position = frame.cursor or self._position
        return None

    def _trouble(self, said: str) -> None:
        self._notice(f"the server has trouble with {self._name}, and is asked again: {said}")

    def _missed(self) -> None:
        self._notice(f"events of {self._name} may be missing here: the server no longer has them.")


def _said(frame: EventFrame) -> str:
    return visible(str(frame.error.get("message", "it does not say why")), one_line=True)[:MOST_CHARACTERS]


MOST_CHARACTERS = 300


async def _raised_by(request: asyncio.Task[Any]) -> None:
    """Raise the error of a request that has ended, unless only its connection was lost."""
    if not request.done():
        return
    try:
        await request
    except MCPError as error:
        if error.error.code != CONNECTION_CLOSED:
            raise
