"""Pass requests on to the server of a notebook, and its answers back as they arrive."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream, StreamClosedError

from mcp_notebook.addresses import STREAM_PAUSE, Address, path_of
from mcp_notebook.door.connections import ConnectionPool
from mcp_notebook.door.notebooks import AwayError, Notebooks
from mcp_notebook.errors import UnknownNameError

__all__ = ["MOST_BODY", "ListHandler", "NotebookHandler", "StreamHandler"]

MOST_BODY = 4 * 1024 * 1024
"""Bytes of a request's body: the limit of the notebook's server. A test compares the two."""

TO_THE_NOTEBOOK = ("Accept", "Content-Type", "Last-Event-Id", "User-Agent", "Traceparent", "Tracestate", "Baggage")
FROM_THE_NOTEBOOK = ("Allow", "Cache-Control", "Content-Length", "Content-Type", "Retry-After", "X-Accel-Buffering")
"""The headers that are passed on, besides those whose names start with `Mcp-`. All others stay out, because they are
for Jupyter and the proxies before it: cookies, `Authorization`, `Forwarded`."""

EMPTY_COMMENT = b":\n\n"
"""The first bytes of each stream of events, which clients skip: JupyterHub's proxy sends no head without them."""

STREAM_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The headers of the door's own stream."""

HEAD_SECONDS = 0.01
"""Seconds that the head of a stream waits for the first event, because most calls are answered in less time, and each
part that is sent costs time in every proxy on its way."""

ENDLESS = HTTP1ConnectionParameters(max_body_size=2**63)
"""A stream for notifications may last for weeks. Its parts are passed on, and not kept."""


class _Handler(APIHandler):
    """A request to the door, with Jupyter's checks: the person, what they may do, Host, Origin, XSRF."""

    auth_resource = "mcp-notebook"

    def initialize(self, notebooks: Notebooks, connections: ConnectionPool) -> None:
        """Get what all requests share."""
        self._notebooks = notebooks
        self._connections = connections

    def refuse(self, status: int, message: str) -> None:
        """Answer with one line of JSON."""
        self.set_status(status)
        self.finish(json.dumps({"message": message}))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with one line of JSON."""
        if status_code == 403 and not getattr(self, "_jupyter_current_user", None):
            # Jupyter would tell a client without a token that its form has no `_xsrf`.
            self.refuse(403, "This needs a token for this Jupyter: send the header 'Authorization: Bearer TOKEN'.")
        elif status_code == 403 and not getattr(self.identity_provider, "auth_enabled", True):
            # Jupyter checks everybody as it checks pages then, and a client has no cookie for `_xsrf`.
            self.refuse(403, "This Jupyter has no token, so no client can connect. Start it with one.")
        else:
            super().write_error(status_code, **kwargs)


class ListHandler(_Handler):
    """The names of the live notebooks, and their addresses."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Answer with JSON."""
        self.finish(json.dumps({name: self.base_url + path_of(name) for name in self._notebooks.live()}))


class StreamHandler(_Handler):
    """A stream of three empty comments, `STREAM_PAUSE` seconds apart: the doctor finds out if a proxy holds them back.

    Three, because a proxy may pass the first on with the head. The headers are those of a notebook's streams, because
    some proxies go by them.
    """

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with the stream."""
        for name, value in STREAM_HEADERS.items():
            self.set_header(name, value)
        for _ in range(2):
            self.write(EMPTY_COMMENT)
            await self.flush()
            await asyncio.sleep(STREAM_PAUSE)
        self.write(EMPTY_COMMENT)
        self.finish(set_content_type=STREAM_HEADERS["Content-Type"])


class NotebookHandler(_Handler):
    """One request to the server of a notebook.

    Attributes:
        has_right: Whether Jupyter has checked that the client may call, so that the door sends the notebook's token.
        most_body: The most bytes of a request's body.
    """

    has_right = True
    most_body = MOST_BODY

    def initialize(self, notebooks: Notebooks, connections: ConnectionPool) -> None:
        """Get what all requests share."""
        super().initialize(notebooks, connections)
        # Jupyter compresses what a client accepts compressed, which costs time for each event of a stream.
        self.request.headers.pop("Accept-Encoding", None)
        self._upstream: IOStream | None = None
        self._is_gone = False
        self._kind: dict[str, str] = {}

    @web.authenticated
    @authorized(action="execute")
    async def post(self, name: str) -> None:
        """Pass the request on. A tool runs code, so this asks for the right to do that."""
        await self.pass_on(name)

    get = delete = post

    async def pass_on(self, name: str) -> None:
        """Pass the request on, and the answer back."""
        if len(self.request.body) > self.most_body:
            self.refuse(413, f"The body of a request may have {_in_words(self.most_body)}.")
            return
        try:
            address = self.address_of(name)
            url = urlsplit(address.url)
            where = url.hostname or "", url.port or 80
            self._upstream = await self._connections.take(*where)
        except UnknownNameError as error:
            self.refuse(404, str(error))
            return
        except (AwayError, OSError) as error:
            self._notebooks.forget()
            why = error if isinstance(error, AwayError) else "nothing answers at its address"
            self.refuse(503, f"{name!r} is away: {why}. Run %mcp serve in the notebook, then try again.")
            return
        if not self._is_gone and await self._exchange(address, self._upstream):
            self._connections.give_back(*where, self._upstream)
        else:
            self._upstream.close()

    def address_of(self, name: str) -> Address:
        """Return the address for a name.

        Raises:
            AwayError: Nothing listens there now.
            UnknownNameError: The door does not serve it.
        """
        return self._notebooks.find(name)

    def on_connection_close(self) -> None:
        """Close the connection to the notebook, which cancels the call there."""
        super().on_connection_close()
        self._is_gone = True
        if self._upstream is not None:
            self._upstream.close()

    async def _exchange(self, address: Address, stream: IOStream) -> bool:
        """Send the request and pass the answer back; return whether the connection can take another request."""
        # An event must not wait until the client has acknowledged the one before.
        self._client.stream.set_nodelay(True)
        method, body = self.request.method or "", self.request.body
        connection = HTTP1Connection(stream, True, ENDLESS)
        connection.write_headers(
            RequestStartLine(method, urlsplit(address.url).path, ""), self._headers_for(address, len(body)), body
        )
        connection.finish()
        answer = _Answer(self, address)
        with suppress(StreamClosedError):
            await connection.read_response(answer)  # it returns, too, when it cannot read the answer
        if answer.is_complete:
            return answer.keeps_alive
        if not self._is_gone and answer.has_begun:
            # The only way to tell the client that the answer is not complete.
            self._client.close()
        elif not self._is_gone:
            self._notebooks.forget()
            self.refuse(502, f"{address.name!r} gave no whole answer, so the call may or may not have run.")
        return False

    def _headers_for(self, address: Address, length: int) -> HTTPHeaders:
        headers = _passed(self.request.headers, TO_THE_NOTEBOOK)
        headers["Host"] = urlsplit(address.url).netloc
        headers["Via"] = "1.1 mcp-notebook-door"
        headers["Content-Length"] = str(length)
        if address.token and self.has_right:
            headers["Authorization"] = f"Bearer {address.token}"
        return headers

    def begin(self, status: int, headers: HTTPHeaders) -> None:
        """Start the answer with the status and headers of the notebook's server."""
        self.set_status(status)
        for name, value in _passed(headers, FROM_THE_NOTEBOOK).items():
            self.set_header(name, value)
        if kind := headers.get("Content-Type"):
            self._kind = {"set_content_type": kind}

    async def pass_back(self, chunk: bytes) -> None:
        """Send a part of the answer, and wait until the client takes it."""
        self.write(chunk)
        try:
            await self.flush()
        except StreamClosedError:
            self.on_connection_close()

    def end(self) -> None:
        """End the answer."""
        self.finish(**self._kind)

    @property
    def _client(self) -> HTTP1Connection:
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        return connection


class _Answer(HTTPMessageDelegate):
    """The answer of a notebook's server.

    Attributes:
        has_begun: True if the client may have the beginning of it.
        is_complete: True if it has ended as it should.
        keeps_alive: True if the connection can take another request.
    """

    def __init__(self, handler: NotebookHandler, address: Address) -> None:
        self._handler = handler
        self._address = address
        self._is_refused = False
        self._head: asyncio.TimerHandle | None = None
        self.has_begun = False
        self.is_complete = False
        self.keeps_alive = False

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Awaitable[None] | None:
        """Pass the head on: soon if it begins a stream, whose first event may come much later."""
        assert isinstance(start_line, ResponseStartLine)
        if start_line.code < 200:
            return None
        self.has_begun = True
        self.keeps_alive = headers.get("Connection", "").lower() != "close"
        if start_line.code == 401 and self._handler.has_right:
            # A client would take it for the answer to its own token, which Jupyter has accepted.
            self._is_refused = True
            self._handler.refuse(502, f"{self._address.name!r} refused its own token. Run %mcp stop, then %mcp serve.")
            return None
        self._handler.begin(start_line.code, headers)
        is_stream = headers.get("Content-Type", "").startswith("text/event-stream")
        if is_stream and start_line.code == 200 and "Content-Length" not in headers:
            self._handler.write(EMPTY_COMMENT)
            self._head = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._handler.flush)
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass a part on before more is read."""
        self._keep_head()
        return None if self._is_refused else self._handler.pass_back(chunk)

    def finish(self) -> None:
        """End the answer."""
        self._keep_head()
        if not self._is_refused:
            self._handler.end()
        self.is_complete = True

    def on_connection_close(self) -> None:
        """Do not keep the connection."""
        self._keep_head()
        self.keeps_alive = False

    def _keep_head(self) -> None:
        """Do not send the head of a stream alone."""
        if self._head is not None:
            self._head.cancel()


def _in_words(size: int) -> str:
    return f"{size // 1024**2} MiB" if size >= 1024**2 else f"{size // 1024} KiB"


def _passed(headers: HTTPHeaders, names: tuple[str, ...]) -> HTTPHeaders:
    return HTTPHeaders({name: value for name, value in headers.items() if name in names or name.startswith("Mcp-")})
