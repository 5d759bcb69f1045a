"""Limit the bodies of HTTP responses: decompress them piece by piece, and stop at the limit."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator
from contextlib import aclosing

import anyio.lowlevel
import httpx2

from mcp_notebook.client import limits
from mcp_notebook.errors import RequestError

__all__ = ["OverLimitError", "bound", "is_events"]


class OverLimitError(RequestError):
    """A server sent a message beyond the size limit."""


async def bound(response: httpx2.Response) -> None:
    """Limit the body of a response; a hook of the HTTP client, which also calls it for the requests of signing in."""
    headers = [(name, value) for name, value in response.headers.multi_items() if name == "content-encoding"]
    coded = httpx2.Response(response.status_code, headers=headers, stream=response.stream, request=response.request)
    response.headers.pop("content-encoding", None)
    if is_events(response) and response.is_success:
        response.headers["content-type"] = "text/event-stream"  # event streams are UTF-8, whatever the header says
        response.stream = _Events(coded)
    else:
        response.stream = _Body(coded)


def is_events(response: httpx2.Response) -> bool:
    """Return whether a response is a stream of events."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream"


class _Body(httpx2.AsyncByteStream):
    """A decoded body."""

    def __init__(self, coded: httpx2.Response) -> None:
        self._coded = coded

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async with aclosing(self._coded.aiter_bytes()) as parts:
            async for part in parts:
                part = part if size else part.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 - JSON has none
                size += len(part)
                if max(size, self._coded.num_bytes_downloaded) > limits.MESSAGE:
                    raise OverLimitError(over(self._coded, "a response"))
                yield part
                await anyio.lowlevel.checkpoint()  # a few compressed bytes can become very many

    async def aclose(self) -> None:
        await self._coded.aclose()


class _Events(_Body):
    """A decoded stream of events; bytes that are not UTF-8 become escapes, as in lines of stdio."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        text = codecs.getincrementaldecoder("utf-8-sig")("backslashreplace")
        async with aclosing(self._coded.aiter_bytes()) as parts:
            async for part in parts:
                yield text.decode(part).encode()
                await anyio.lowlevel.checkpoint()


def over(response: httpx2.Response, what: str) -> str:
    """Return the message for a response beyond the limit."""
    where = response.request.url.copy_with(userinfo=b"", query=None, fragment=None)
    return f"{where} sent {what} of more than {limits.MESSAGE_IN_WORDS}, which is the limit. Ask it for less."
