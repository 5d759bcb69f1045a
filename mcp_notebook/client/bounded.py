"""Bodies of HTTP responses, with a bound: decompressed piece by piece, and given up at the limit."""

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
    """A server sent more than is taken of one message."""


async def bound(response: httpx2.Response) -> None:
    """Bound the body of a response; a hook for an HTTP client, which calls it for what signing in asks, too."""
    headers = [(name, value) for name, value in response.headers.multi_items() if name == "content-encoding"]
    coded = httpx2.Response(response.status_code, headers=headers, stream=response.stream, request=response.request)
    response.headers.pop("content-encoding", None)
    if is_events(response) and response.is_success:
        response.headers["content-type"] = "text/event-stream"  # a stream of events is UTF-8, whatever it says
        response.stream = _Events(coded)
    else:
        response.stream = _Body(coded)


def is_events(response: httpx2.Response) -> bool:
    """Whether a response is a stream of events."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream"


class _Body(httpx2.AsyncByteStream):
    """A body, decoded."""

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
                await anyio.lowlevel.checkpoint()  # a piece of a few bytes decompresses to very many

    async def aclose(self) -> None:
        await self._coded.aclose()


class _Events(_Body):
    """A stream of events, decoded; a byte that is not UTF-8 is an escape, as in a line of stdio."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        text = codecs.getincrementaldecoder("utf-8-sig")("backslashreplace")
        async with aclosing(self._coded.aiter_bytes()) as parts:
            async for part in parts:
                yield text.decode(part).encode()
                await anyio.lowlevel.checkpoint()


def over(response: httpx2.Response, what: str) -> str:
    """Say that a response goes beyond the limit."""
    where = response.request.url.copy_with(userinfo=b"", query=None, fragment=None)
    return f"{where} sent {what} of more than {limits.MESSAGE_IN_WORDS}, the most that is taken. Ask it for less."
