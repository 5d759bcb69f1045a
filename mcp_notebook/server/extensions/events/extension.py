"""The extension: what an author calls, and the requests of clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mcp.server.context import ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from .board import Board
from .checked import Checked
from .emitted import Emitted
from .streams import Stream, Wake
from .webhooks import Webhooks
from .wire import Code, ListParams, PollParams, StreamParams, SubscribeParams, UnsubscribeParams, refusal

__all__ = ["Events"]

Context = ServerRequestContext[Any, Any]
Function = TypeVar("Function", bound=Callable[..., Any])

MOST_EVENTS = 100
"""Events in one answer to a poll, unless the client wants fewer."""

POLL = 1.0
"""Seconds between two polls that clients are asked to wait."""

MOST_LISTENERS = 1_000


class Events(Extension):
    """Lets clients subscribe to what happens on a server: ``MCPServer("shop", extensions=[Events()])``.

    Args:
        webhooks: Whether events are also posted to URLs that clients give; a `Webhooks` says how.

    Attributes:
        board: The types of events.
        webhooks: Posts the events; None if it is off.
    """

    identifier = "io.modelcontextprotocol/events"

    def __init__(self, webhooks: bool | Webhooks = False) -> None:
        self.board = Board()
        self.webhooks: Webhooks | None = Webhooks() if webhooks is True else webhooks or None

    def event(self, name: str, *, description: str | None = None) -> Callable[[Function], Function]:
        """Make a function a type of events, as a decorator; see `Checked` for what it takes and returns.

        Raises:
            TypeError: The function cannot be one.
        """

        def decorate(function: Function) -> Function:
            self.board.put(Checked(function, name, description))
            return function

        return decorate

    def declare(self, name: str, *, description: str = "", payload: Any = None) -> None:
        """Declare a type of emitted events, so that clients can subscribe before the first one.

        Args:
            name: The name of the type.
            description: A text for clients about what happens.
            payload: The type of the data, such as a pydantic model; None for any object.
        """
        self.board.put(Emitted(name, description, payload))

    def emit(self, name: str, data: Any, *, id: str | None = None) -> None:
        """Tell the subscribers that something happened; callable from any thread. An unknown name becomes a new type.

        Args:
            name: The name of the type.
            data: The data, an object of JSON or a model.
            id: The identifier that the source of the event gives it, by which clients recognize it.

        Raises:
            ValueError: A function answers for this type, or the data or the id is unusable.
        """
        self.board.emit(name, data, id=id)

    def take_over(self, other: Events | None) -> None:
        """Offer the types of another server, in place of the own; what that emits reaches the subscribers of both."""
        self.board.replace({} if other is None else other.board.types)
        if other is not None:
            other.board = self.board

    def entries(self) -> list[dict[str, Any]]:
        """Return the types as clients see them."""
        modes = ["push", "poll", *(["webhook"] if self.webhooks is not None else [])]
        return [
            {
                "name": one.name,
                **({"description": one.description} if one.description else {}),
                "delivery": modes,
                "inputSchema": one.input_schema,
                "payloadSchema": one.payload_schema,
            }
            for one in self.board.types.values()
        ]

    def methods(self) -> Sequence[MethodBinding]:
        """Return the methods of the extension; the protocol has them from 2026-07-28 on."""
        served = (
            ("events/list", ListParams, self._list),
            ("events/poll", PollParams, self._poll),
            ("events/stream", StreamParams, self._stream),
            ("events/subscribe", SubscribeParams, self._subscribe),
            ("events/unsubscribe", UnsubscribeParams, self._unsubscribe),
        )
        versions = frozenset(MODERN_PROTOCOL_VERSIONS)
        return [MethodBinding(method, params, handler, versions) for method, params, handler in served]

    async def _list(self, _ctx: Context, _params: ListParams) -> dict[str, Any]:
        return {"resultType": "complete", "events": self.entries()}

    async def _poll(self, _ctx: Context, params: PollParams) -> dict[str, Any]:
        found = self.board.named(params.name)
        most = min(params.max_events or MOST_EVENTS, MOST_EVENTS)
        batch = await self.board.read(found, params.arguments, params.cursor, most, params.max_age_ms)
        return {
            "resultType": "complete",
            "events": [occurrence.wire() for occurrence in batch.occurrences],
            "cursor": batch.cursor,
            "truncated": batch.truncated,
            "hasMore": batch.more,
            "nextPollMs": int(1000 * (found.interval or POLL)),
        }

    async def _stream(self, ctx: Context, params: StreamParams) -> dict[str, Any]:
        if ctx.request_id is None:
            raise refusal(Code.INVALID_PARAMS, "events/stream needs a request id.")
        self._not_too_many()
        wake = Wake()
        leave = self.board.listen(params.name, wake)
        try:
            return await Stream(self.board, ctx, params, wake).run()
        finally:
            leave()

    async def _subscribe(self, ctx: Context, params: SubscribeParams) -> dict[str, Any]:
        webhooks = self._posting()
        self._not_too_many()
        return await webhooks.subscribe(self.board, ctx, params)

    async def _unsubscribe(self, ctx: Context, params: UnsubscribeParams) -> dict[str, Any]:
        self._posting().unsubscribe(ctx, params)
        return {"resultType": "complete"}

    def _posting(self) -> Webhooks:
        if self.webhooks is None:
            raise refusal(Code.UNSUPPORTED, "This server posts no events.", feature="deliveryMode", value="webhook")
        return self.webhooks

    def _not_too_many(self) -> None:
        if self.board.listeners >= MOST_LISTENERS:
            words = "There are too many subscriptions."
            raise refusal(Code.RESOURCE_EXHAUSTED, words, limit="subscriptions", max=MOST_LISTENERS)
