"""Keep connections to the servers of notebooks open, so that a call does not wait for a new one."""

from __future__ import annotations

import time
from collections import defaultdict

from tornado.iostream import IOStream
from tornado.tcpclient import TCPClient

__all__ = ["ConnectionPool"]

KEEP_ALIVE = 4.0
"""Seconds for which an idle connection is reused. uvicorn closes it after 5 s, and a request must not run into that."""

MOST_IDLE = 32
"""The most idle connections to one server."""


class ConnectionPool:
    """Idle connections, by host and port; the latest is reused first."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], list[tuple[float, IOStream]]] = defaultdict(list)
        self._client = TCPClient()

    async def take(self, host: str, port: int) -> IOStream:
        """Return a connection that is ready for a request.

        Raises:
            OSError: Nothing listens there.
        """
        idle = self._idle[host, port]
        while idle:
            since, stream = idle.pop()
            if time.monotonic() - since < KEEP_ALIVE and not stream.closed():
                return stream
            stream.close()
        return await self._client.connect(host, port)

    def give_back(self, host: str, port: int, stream: IOStream) -> None:
        """Keep a connection for the next request."""
        idle = self._idle[host, port]
        if stream.closed() or len(idle) >= MOST_IDLE:
            stream.close()
            return
        stream.set_close_callback(lambda: None)  # with one, the stream notices its end while it is idle
        idle.append((time.monotonic(), stream))
