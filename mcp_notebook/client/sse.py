"""Implement the SSE transport, the predecessor of streamable HTTP: one stream of messages, and a URL to post to.

The SDK's `sse_client` is not used: it accepts events of at most 1 MiB, and a request waits forever if the server
refuses its post.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import httpx2
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCRequest, jsonrpc_message_adapter
from pydantic import ValidationError

from mcp_notebook.client import limits
from mcp_notebook.client.bounded import OverLimitError, over
from mcp_notebook.client.honest import Honest
from mcp_notebook.errors import RequestError

__all__ = ["sse_streams"]

MOST_REDIRECTS = 5


@asynccontextmanager
async def sse_streams(url: str, client: Honest) -> AsyncIterator[tuple[Any, Any]]:
    """Connect to a server of the SSE transport; yield the streams for the SDK's `Client`.

    Raises:
        RequestError: The server opens a stream but does not say where messages go.
        httpx2.HTTPError: The server opens no stream.
    """
    response = await _opened(client, httpx2.URL(url))
    try:
        response.raise_for_status()
        events = aiter(httpx2.EventSource(response, max_event_size=limits.MESSAGE))
        endpoint = await _endpoint(events, response.request.url)
        incoming, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        write, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
        async with incoming, read, write, outgoing, anyio.create_task_group() as tasks:
            tasks.start_soon(_receive, events, response, incoming)
            tasks.start_soon(_send, client, endpoint, outgoing, incoming, tasks)
            yield read, write
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await response.aclose()


async def _opened(client: Honest, url: httpx2.URL) -> httpx2.Response:
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    for _ in range(MOST_REDIRECTS):
        response = await client.send(client.build_request("GET", url, headers=headers), stream=True)
        following = response.next_request
        if following is None or _origin(following.url) != _origin(url):
            break
        await response.aclose()
        url = following.url
    return response


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


async def _endpoint(events: AsyncIterator[httpx2.ServerSentEvent], url: httpx2.URL) -> httpx2.URL:
    with anyio.move_on_after(limits.ENDPOINT):
        async for event in events:
            if event.event != "endpoint":
                continue
            endpoint = url.join(event.data)
            if _origin(endpoint) != _origin(url):
                raise RequestError(f"{url} wants messages to go to another origin, {endpoint.copy_with(query=None)}.")
            return endpoint
    where = url.copy_with(userinfo=b"", query=None, fragment=None)
    raise RequestError(
        f"{where} opens an event stream but does not say where messages go, so it is not a server of the SSE "
        "transport. Check the path, or leave --transport sse out."
    )


async def _receive(events: AsyncIterator[httpx2.ServerSentEvent], response: httpx2.Response, incoming: Any) -> None:
    """Pass on the server's messages; whatever ends this also ends the stream."""
    async with incoming:
        with suppress(httpx2.HTTPError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            try:
                async for event in events:
                    if event.event == "message" and event.data:
                        await incoming.send(_parsed(event.data))
            except httpx2.SSEError:
                await incoming.send(OverLimitError(over(response, "an event")))


def _parsed(data: str) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(data, by_name=False))
    except ValidationError as error:
        return error


async def _send(client: Honest, endpoint: httpx2.URL, outgoing: Any, incoming: Any, tasks: Any) -> None:
    async with outgoing:
        async for item in outgoing:
            if isinstance(item.message, JSONRPCRequest):
                tasks.start_soon(_post, client, endpoint, item.message, incoming)
            else:  # in order: a later request may depend on it
                await _post(client, endpoint, item.message, incoming)


async def _post(client: Honest, endpoint: httpx2.URL, message: JSONRPCMessage, incoming: Any) -> None:
    body = message.model_dump(by_alias=True, mode="json", exclude_unset=True)
    response = await client.post(endpoint, json=body)
    if response.status_code < 400 or not isinstance(message, JSONRPCRequest):
        return
    refusal = _parsed(response.text)
    if isinstance(refusal, SessionMessage) and isinstance(refusal.message, JSONRPCError):
        refusal.message.id = message.id
        await incoming.send(refusal)
