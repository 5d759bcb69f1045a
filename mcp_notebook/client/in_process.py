"""Send HTTP requests to an ASGI app of this process. The body of a response arrives in parts, as over the network.

`httpx2.ASGITransport` is not used, because it waits for the end of a response: a server that asks its client something
before the end of a response would wait forever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from starlette.types import ASGIApp, Message

__all__ = ["InProcess"]


class InProcess(httpx2.AsyncBaseTransport):
    """Carries requests to an app; each request is a task of the loop."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Start the app on a request, and return its response when it has begun.

        Raises:
            httpx2.ReadError: The app ended without a response.
        """
        exchange = _Exchange(await request.aread())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }
        exchange.begin(self._app, scope)
        try:
            start = await exchange.said.get()
        except asyncio.CancelledError:
            await exchange.aclose()
            raise
        if start is None:
            raise httpx2.ReadError("the app ended without a response", request=request) from exchange.failure
        return httpx2.Response(start["status"], headers=start["headers"], stream=exchange, request=request)


class _Exchange(httpx2.AsyncByteStream):
    """One request and its response.

    Attributes:
        said: The messages of the app; None at the end.
        failure: The exception that the app raised.
    """

    def __init__(self, body: bytes) -> None:
        self.said: asyncio.Queue[Message | None] = asyncio.Queue()
        self.failure: Exception | None = None
        self._body: bytes | None = body
        self._gone = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        """Start the app on the request."""
        self._task = asyncio.get_running_loop().create_task(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: dict[str, Any]) -> None:
        try:
            await app(scope, self._receive, self.said.put)
        except Exception as error:  # noqa: BLE001 - an app may raise anything
            self.failure = error
        finally:
            self.said.put_nowait(None)

    async def _receive(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (said := await self.said.get()) is not None:
            yield said.get("body", b"")

    async def aclose(self) -> None:
        """Tell the app that nobody reads the rest. It is not cancelled: the SDK would end the session, too."""
        self._gone.set()
