"""An HTTP client that answers every message: with the server's answer, or with the reason why there is none.

The SDK turns each bad response into "Server returned an error response", and waits forever for an answer with another
id. A server that cannot be reached ends the SDK's whole connection, with every request on it. Here, only the message
itself fails.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from mcp_types import RequestId

from mcp_notebook.client import limits
from mcp_notebook.client.bounded import bound, is_events, over
from mcp_notebook.client.refusals import Refusal, place, refused, unreachable
from mcp_notebook.client.replies import misfit, replies_in
from mcp_notebook.portal import GRACE

__all__ = ["Honest"]


class Honest(httpx2.AsyncClient):
    """An HTTP client for MCP messages.

    Args:
        answers_come_back: Whether the response to a request contains its answer, as in streamable HTTP.
        options: Options of `httpx2.AsyncClient`.
    """

    def __init__(self, *, answers_come_back: bool, **options: Any) -> None:
        super().__init__(**options, event_hooks={"response": [bound]})
        self._answers_come_back = answers_come_back

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request; an MCP message always gets a response."""
        if request.method == "DELETE":  # this ends a session, and nobody waits for it
            request.extensions = {**request.extensions, "timeout": httpx2.Timeout(GRACE).as_dict()}
        if request.method != "POST":
            return self._checked(await super().send(request, **options))
        try:
            response = await super().send(request, **options)
            refusal = await refused(response, _id_in(request) if self._answers_come_back else None)
        except Exception as error:  # noqa: BLE001 - signing in may raise anything
            return unreachable(error, request.url).response(request, 502)
        if refusal is None:
            return self._checked(response)
        await response.aclose()
        return refusal.response(request, max(response.status_code, 400))

    def _checked(self, response: httpx2.Response) -> httpx2.Response:
        if self._answers_come_back and is_events(response) and response.is_success:
            response.stream = _Events(response)
        return response


def _id_in(request: httpx2.Request) -> RequestId | None:
    """Return the id of the request in a message; None for a notification or an answer."""
    message = json.loads(request.content)
    return message.get("id") if "method" in message else None


class _Events(httpx2.AsyncByteStream):
    """The events of a response; an unusable answer becomes the refusal of the request."""

    def __init__(self, response: httpx2.Response) -> None:
        self._where = place(response)
        self._response = httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, stream=response.stream, request=response.request
        )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        can_go_on = False
        try:
            async for event in httpx2.EventSource(self._response, max_event_size=limits.MESSAGE):
                can_go_on |= bool(event.id)
                wrong = misfit(event.data) if event.event == "message" and event.data else None
                if wrong is None:
                    yield _written(event)
                elif replies_in(event.data):
                    yield self._refusal(f"{self._where} answered with {wrong}.")
        except httpx2.SSEError:
            yield self._refusal(over(self._response, "an event"))
        if not can_go_on:  # else the client asks for the rest
            yield self._refusal(f"{self._where} ended its response without an answer.")

    def _refusal(self, line: str) -> bytes:
        return _written(httpx2.ServerSentEvent(data=json.dumps(Refusal(line).message())))

    async def aclose(self) -> None:
        await self._response.aclose()


def _written(event: httpx2.ServerSentEvent) -> bytes:
    lines = [f"event: {event.event}", *(f"data: {line}" for line in event.data.split("\n") if event.data)]
    if event.id:
        lines.append(f"id: {event.id}")
    if event.retry is not None:
        lines.append(f"retry: {min(event.retry, int(limits.RETRY * 1000))}")
    return ("\n".join(lines) + "\n\n").encode()
