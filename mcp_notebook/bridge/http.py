"""A small HTTP/1.1 client, sufficient for a streamable HTTP endpoint on loopback.

http.client imports the email package, which takes 40 ms of the 100 that a host should wait for its first answer.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from select import select

__all__ = [
    "MOST_BYTES",
    "BrokenError",
    "HttpConnection",
    "NotSentError",
    "Response",
    "ServerSentEvent",
    "Target",
    "TooLargeError",
]

KEEP_ALIVE = 4.0
"""Seconds for which an idle connection is reused. uvicorn closes it after 5 s, and a request must not run into that."""

CONNECT_TIMEOUT = 5.0

MOST_BYTES = 64_000_000
"""The limit for one message. Importing `client.limits` would import the SDK, so the number is repeated here, and a test
compares the two."""


class NotSentError(OSError):
    """The request did not reach the server completely, so it did not run."""


class BrokenError(OSError):
    """The request was sent, but the connection ended before the answer was complete."""


class TooLargeError(Exception):
    """The answer exceeds the limit for a message."""


@dataclass(frozen=True)
class Target:
    """The destination of requests, and their common header lines."""

    host: str
    port: int
    path: str
    headers: bytes


@dataclass
class ServerSentEvent:
    """One server-sent event: its data, its id, and the milliseconds until a reconnect."""

    data: bytes = b""
    id: bytes = b""
    retry: int | None = None
    kind: bytes = b"message"


class HttpConnection:
    """A connection that is kept alive, for one request at a time.

    Raises:
        OSError: Nothing listens at the target.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._head = b"%s HTTP/1.1\r\n%s" % (target.path.encode(), target.headers)
        self._socket = socket.create_connection((target.host, target.port), CONNECT_TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(None)
        self._file = self._socket.makefile("rb")
        self._used = time.monotonic()

    def request(self, verb: bytes, headers: bytes, body: bytes = b"", *, timeout: float | None = None) -> Response:
        """Send a request, and return its response as soon as its head has arrived.

        Args:
            verb: POST, GET or DELETE.
            headers: The header lines of this request.
            body: The body.
            timeout: Seconds to wait for each piece of the answer; None for ever.

        Raises:
            NotSentError: The request was not sent.
            BrokenError: It was sent, but no answer came.
        """
        self._socket.settimeout(timeout)
        try:
            # In one write, because the second of two would wait until the server acknowledges the first.
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            self._socket.sendall(b"".join((verb, b" ", self._head, headers, length, body)))
        except OSError as error:
            # A server that rejects a large body answers and closes without reading it.
            with suppress(OSError):
                return Response(self._file)
            raise NotSentError(str(error)) from error
        return Response(self._file)

    def is_fresh(self) -> bool:
        """Return whether another request can be sent."""
        if time.monotonic() - self._used > KEEP_ALIVE:
            return False
        try:
            # On an idle connection, the only thing to read is its end.
            return not select([self._socket], [], [], 0)[0]
        except (OSError, ValueError):  # closed, or a file number over 1024, which select does not accept
            return False

    def rest(self) -> None:
        """Note that the request has ended."""
        self._used = time.monotonic()

    def abort(self) -> None:
        """End the connection from another thread; a reading thread gets a `BrokenError`."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._file.close()
            self._socket.close()


class Response:
    """The answer to a request: the head at once, the body as it arrives.

    Attributes:
        status: The HTTP status.
        headers: The header lines, names in lower case.
        complete: Whether the whole body was read.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self.status = 100
        while self.status == 100:
            self.status, self.headers = _read_head(file)
        self.complete = self.status in (204, 304)

    @property
    def kind(self) -> str:
        """The content type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def keeps_alive(self) -> bool:
        """Return whether the connection can take another request."""
        return self.complete and self.headers.get("connection", "").lower() != "close"

    def read(self) -> bytes:
        """Return the rest of the body.

        Raises:
            TooLargeError: It exceeds the limit for a message.
        """
        return b"".join(_bounded(self._chunks()))

    def events(self) -> Iterator[ServerSentEvent]:
        """Yield the server-sent events of the body, without comments; a JSON body is one event.

        Raises:
            TooLargeError: An event exceeds the limit for a message.
        """
        if self.kind == "application/json":
            yield ServerSentEvent(self.read())
            return
        event = ServerSentEvent()
        for line in _lines(self._chunks()):
            if not line:
                if event.kind == b"message" and (event.data or event.id or event.retry is not None):
                    yield event
                event = ServerSentEvent()
                continue
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                event.data = event.data + b"\n" + value if event.data else value
                if len(event.data) > MOST_BYTES:
                    raise TooLargeError
            elif name == b"id":
                event.id = value
            elif name == b"event":
                event.kind = value
            elif name == b"retry" and value.isdigit():
                event.retry = int(value)

    def _chunks(self) -> Iterator[bytes]:
        try:
            if self.complete:
                return
            if self.headers.get("transfer-encoding", "").lower() == "chunked":
                while size := int(self._file.readline().partition(b";")[0], 16):
                    yield self._exactly(size)
                    self._file.readline()
                while self._file.readline().strip():  # trailers
                    pass
            elif (length := self.headers.get("content-length")) is not None:
                yield self._exactly(int(length))
            else:
                while piece := self._file.read(1 << 16):
                    yield piece
                self.headers["connection"] = "close"
            self.complete = True
        except (OSError, ValueError) as error:  # ValueError: the stream ends in place of a size
            raise BrokenError(f"the answer ended early ({error})") from error

    def _exactly(self, size: int) -> bytes:
        if size > MOST_BYTES:
            raise TooLargeError
        data = self._file.read(size)
        if len(data) < size:
            raise ValueError("connection closed")
        return data


def _read_head(file: BufferedReader) -> tuple[int, dict[str, str]]:
    try:
        status = int(file.readline().split(None, 2)[1])
        headers: dict[str, str] = {}
        while line := file.readline().strip():
            name, _, value = line.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        return status, headers
    except (OSError, ValueError, IndexError) as error:
        raise BrokenError("the connection ended before an answer came") from error


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise TooLargeError
        yield chunk


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    size = 0
    for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            rest.append(chunk[start:end])
            yield b"".join(rest).rstrip(b"\r")
            rest, size, start = [], 0, end + 1
        rest.append(chunk[start:])
        size += len(rest[-1])
        if size > MOST_BYTES:
            raise TooLargeError
