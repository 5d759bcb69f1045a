"""Limit HTTP connections before a client has shown a token.

Uvicorn accepts any number of connections and waits forever for the rest of a request; with httptools it also accepts
headers of any length. This protocol is the one that uvicorn would choose (httptools if installed, else h11) with
limits added.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import asyncio

    from uvicorn.config import Config
    from uvicorn.protocols.http.h11_impl import H11Protocol as Protocol
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as Protocol

__all__ = ["LimitedProtocol", "backlog", "most_connections"]

MOST_CONNECTIONS = 512
"""Most connections that one process keeps open; fewer if it may open only few files."""

MOST_HEADERS = 64 * 1024
"""Bytes of a request's first line and headers together."""

MOST_BODY = 4 * 1024 * 1024
"""Bytes of a request's body; the SDK's limit for its own endpoints."""

HEADERS_SECONDS = 10
"""Seconds from the first byte of a request, or from the connection, to the end of its headers."""

BODY_SECONDS, BODY_BYTES = 10, 16 * 1024
"""In each period of this many seconds, a body must end or bring this many bytes."""

WRITE_SECONDS = 30
"""Seconds for which a client may leave its answer unread while more waits to be sent."""

ENDING_SECONDS = 1
"""Seconds for which a client that is still sending is read after its answer; without this, it might not see it."""

MOST_REST = 64 * 1024
"""Bytes of a request's body that may come after its answer if the connection is to stay open.

Clients often send headers and body separately, so a request without a token is answered before its body is here.
Closing then would lose the client's next request, if it had been sent before the client saw the end.
"""

LOOK_SECONDS = 1
"""Seconds between checks of a connection's deadlines."""

PIECE = 2 * 1024
"""Bytes passed to the parser at a time, so that a limit is noticed soon after it is passed."""

REASONS = {408: "Request Timeout", 413: "Content Too Large", 431: "Request Header Fields Too Large", 503: "Busy"}


def most_connections() -> int:
    """Return how many connections this process may keep: a quarter of its file limit, at most `MOST_CONNECTIONS`."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else max(1, min(MOST_CONNECTIONS, files // 4))


def backlog() -> int:
    """Return the length of the accept queue: each accepted connection is an open file before it can be refused."""
    return max(1, most_connections() // 4)


class LimitedProtocol(Protocol):
    """One connection. A new one replaces the connection that has waited longest without a request."""

    open: ClassVar[dict[LimitedProtocol, None]] = {}
    """The connections of all servers in this process, because they share its file limit."""

    def __init__(self, config: Config, *args: Any, **options: Any) -> None:
        config.h11_max_incomplete_event_size = 2 * MOST_HEADERS  # h11's own limit, raised so that ours applies first
        super().__init__(config, *args, **options)
        self._held = bytearray()  # received, but not yet seen by the parser
        self._cycles: list[Any] = []  # requests not yet fully answered; only with httptools
        self._ending: float | None = None  # the time since which received data is discarded
        self._rest: float | None = None  # the time since which the rest of an answered request's body is awaited
        self._watching: asyncio.TimerHandle | None = None
        self._unsent, self._unsent_since = 0, self.loop.time()
        self._begin()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept the connection, or refuse it if all places are taken by requests."""
        if len(self.open) >= most_connections():
            idle = [other for other in list(self.open) if other.is_idle]
            if not idle:
                transport.write(_answer(503, "Too many connections are open. Try again later."))
                transport.close()
                self._ending = self.loop.time()
                return
            oldest = min(idle, key=lambda other: other._since)
            self.open.pop(oldest, None)
            oldest.loop.call_soon_threadsafe(oldest.transport.abort)  # it may belong to another thread
        self.open[self] = None
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.open.pop(self, None)
        self._held.clear()
        for cycle in self._cycles:  # uvicorn tells only the latest, and an open stream may be an earlier one
            cycle.disconnected = True
            cycle.message_event.set()
        if self._watching is not None:
            self._watching.cancel()
            super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:  # uvicorn leaves it running if the client disconnected
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def data_received(self, data: bytes) -> None:
        """Keep received data, and parse as far as earlier requests are answered."""
        if self._ending is None:
            self._held += data
            self._read()
            return
        self._body += len(data)
        if self._body > MOST_BODY and self._watching is not None:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        """Note a new request; called by httptools."""
        super().on_headers_complete()  # type: ignore[misc]
        self._cycles = [*(cycle for cycle in self._cycles if not cycle.response_complete), self.cycle]

    def on_message_complete(self) -> None:
        """Note the end of a body; called by httptools."""
        super().on_message_complete()  # type: ignore[misc]
        self._rest = None

    def on_response_complete(self) -> None:
        """Continue with the next request, after the rest of the body of the one that was answered."""
        unread = self.cycle.more_body and not self._is_pipelined
        super().on_response_complete()
        if self.transport.is_closing():
            return
        self._begin()
        if unread and any(name == b"expect" for name, _ in self.headers):
            self._end()  # the client may leave out the body, and its next request would be taken for that
            return
        self._rest = self.loop.time() if unread else None
        self._read()

    @property
    def is_idle(self) -> bool:
        """Return whether no request of this connection waits for its answer."""
        return self._ending is not None or self._is_between

    @property
    def _is_between(self) -> bool:
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]

    @property
    def _is_pipelined(self) -> bool:
        return bool(getattr(self, "pipeline", ()))  # httptools has one; h11 waits by itself

    @property
    def _is_answering(self) -> bool:
        """Return whether a complete request has arrived, so that the next one waits."""
        return self._is_pipelined or not (self._is_between or self.cycle.more_body)

    def _begin(self) -> None:
        """Start waiting for a request."""
        self._since = self._body_since = self.loop.time()
        self._headers = self._body = self._body_before = 0

    def _read(self) -> None:
        """Pass received data to the parser, piece by piece, up to the end of a request."""
        while self._held and not self._is_answering and self._ending is None and not self.transport.is_closing():
            piece = bytes(self._held[:PIECE])
            del self._held[:PIECE]
            if self._is_between and not self._headers:
                self._since = self.loop.time()
            before = self.cycle
            rest = self._rest is not None
            super().data_received(piece)
            if rest:
                self._read_rest(len(piece), ended=self.cycle is not before)
            elif self._is_between or self.cycle is not before:
                self._headers += len(piece)
                self._body_since = self.loop.time()
            else:
                self._body += len(piece)
            self._check_size()
        if len(self._held) > MOST_HEADERS:
            self.flow.pause_reading()

    def _read_rest(self, size: int, *, ended: bool) -> None:
        """Count a piece of an answered request's body; `ended` says that the next request has begun in it."""
        # Only httptools tells the end. h11 has no callback, but a state.
        if ended or str(getattr(getattr(self, "conn", None), "their_state", "SEND_BODY")) != "SEND_BODY":
            self._rest = None
        self._body += size
        if self._rest is None:
            self._begin()
        elif self._body > MOST_REST:
            self._end()

    def _check_size(self) -> None:
        if self.transport.is_closing() or self._is_pipelined:
            return
        if self._headers > MOST_HEADERS + PIECE:  # the last piece may contain part of the body
            self._refuse(431, f"The headers of a request may have {MOST_HEADERS // 1024} KiB together.")
        # A chunked body takes more bytes than its content.
        elif self._body > 2 * MOST_BODY or (not self._is_between and _length(self.headers) > MOST_BODY):
            self._refuse(413, f"The body of a request may have {MOST_BODY // 1024**2} MiB.")

    def _watch(self) -> None:
        """Check periodically whether a deadline has passed."""
        self._watching = self.loop.call_later(LOOK_SECONDS, self._watch)
        now, unsent = self.loop.time(), self.transport.get_write_buffer_size()
        if not unsent or unsent < self._unsent:
            self._unsent_since = now
        self._unsent = unsent
        if now - self._unsent_since > WRITE_SECONDS:
            self.transport.abort()
        elif self._ending is None and self.transport.is_closing():
            return
        elif self._ending is not None:
            if now - self._ending >= ENDING_SECONDS and not unsent:
                self.transport.abort()
        elif self._rest is not None:
            if now - self._rest > ENDING_SECONDS:
                self._end()
        elif self._is_between:
            if now - self._since > HEADERS_SECONDS:
                self._refuse(408, f"The headers of a request must end within {HEADERS_SECONDS} s.")
        elif self._is_answering or self.flow.read_paused:
            self._body_since = now
        elif now - self._body_since > BODY_SECONDS:
            if self._body - self._body_before < BODY_BYTES:
                self._refuse(408, f"The body must end, or bring {BODY_BYTES // 1024} KiB each {BODY_SECONDS} s.")
            self._body_before, self._body_since = self._body, now

    def _refuse(self, status: int, text: str) -> None:
        """Answer instead of the app, and tell the app that the client is gone."""
        started = False
        if not self._is_between:
            started = self.cycle.response_started
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self._headers and not started:
            self.transport.write(_answer(status, text))
        self._end()

    def _end(self) -> None:
        """Stop sending; discard received data for a moment, so that the client sees the answer."""
        self._ending = self.loop.time()
        self._held.clear()
        self.flow.resume_reading()
        with suppress(OSError):  # the client is gone already
            if self.transport.can_write_eof():
                self.transport.write_eof()


def _length(headers: list[tuple[bytes, bytes]]) -> int:
    """Return the length that the headers declare for the body."""
    said = next((value for name, value in headers if name == b"content-length"), b"")
    return int(said) if said.isdigit() and len(said) < 20 else 0


def _answer(status: int, text: str) -> bytes:
    head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
    again = "Retry-After: 1\r\n" if status == 503 else ""
    return f"{head}{again}Connection: close\r\n\r\n{text}".encode()
