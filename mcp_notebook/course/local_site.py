"""A small web service on this machine, as most stand-ins of the course are."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

__all__ = ["LocalSite", "SiteReply", "SiteRequest"]

MOST_BYTES = 1_000_000
"""Bytes of a body that are read."""

Site = TypeVar("Site", bound="LocalSite")


class SiteRequest(NamedTuple):
    """A request as a site gets it.

    Attributes:
        method: GET or POST.
        path: The path with the query, as it was sent.
        headers: The headers, their names in lower case.
        body: The body.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class SiteReply(NamedTuple):
    """The answer of a site.

    Attributes:
        body: Bytes or a text; anything else is sent as JSON.
        status: The status of HTTP.
        kind: The content type of bytes or a text.
        headers: Further headers.
        pause: Seconds between two bytes of the body; 0 sends it in one piece.
    """

    body: Any
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = {}
    pause: float = 0


class LocalSite:
    """Answers GET and POST on a free port of this machine, on threads, until it is closed; a context manager.

    A subclass answers in `answer`.

    Attributes:
        port: Its port.
        url: Its address, without a path.
        closed: Is set when it is closed.
    """

    def __init__(self, name: str, tls: ssl.SSLContext | None = None) -> None:
        """Listen; `name` is that of the thread, and with `tls` the address begins with ``https``."""
        site = self
        self.closed = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site._serve(self)

            def do_POST(self) -> None:
                site._serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_port
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name=name, daemon=True)

    def answer(self, request: SiteRequest) -> SiteReply | None:
        """Return the answer to a request; None for none at all."""
        raise NotImplementedError

    def listen(self) -> None:
        """Begin to answer; a subclass calls it when it is ready."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self: Site) -> Site:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        size = min(int(handler.headers.get("content-length", 0)), MOST_BYTES)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        reply = self.answer(SiteRequest(handler.command, handler.path, headers, handler.rfile.read(size)))
        if reply is None:
            return
        with suppress(OSError):  # the caller has left, as it may
            self._send(handler, reply)

    def _send(self, handler: BaseHTTPRequestHandler, reply: SiteReply) -> None:
        text = reply.body if isinstance(reply.body, str | bytes) else json.dumps(reply.body)
        body = text.encode() if isinstance(text, str) else text
        handler.send_response(reply.status)
        headers = {"Content-Type": reply.kind, "Content-Length": str(len(body)), **reply.headers}
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        for part in [bytes([byte]) for byte in body] if reply.pause else [body]:
            handler.wfile.write(part)
            handler.wfile.flush()
            if reply.pause and self.closed.wait(reply.pause):
                return
