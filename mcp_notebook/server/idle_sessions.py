"""End idle sessions of legacy clients early when there are many.

A client before protocol version 2026-07-28 opens a session and should end it. Many never do. The SDK keeps such a
session for half an hour, about 25 kB each (measured, mcp 2.0), and refuses new ones when there are too many.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from contextlib import suppress

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MOST_SESSIONS", "IdleSessions"]

MOST_SESSIONS = 1_000
"""Most sessions open at once. One more replaces the session that has been unused for longest."""

IDLE_SESSIONS, IDLE_SECONDS = 100, 10
"""Above this number, sessions that were unused for this many seconds end. An open stream counts as use."""

ENDING_SECONDS = 1
"""Most seconds that ending a session may take."""

_SESSION = b"mcp-session-id"


class IdleSessions:
    """An ASGI app around a server's own that ends idle sessions the way their clients could: by DELETE."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()  # ordered by last use, oldest first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as an ASGI app."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if len(self._sessions) > IDLE_SESSIONS:
            await self._end_idle()
        given = next((value for name, value in scope["headers"] if name == _SESSION), None)
        if given is None:
            await self.app(scope, receive, self._noticing(scope, send))
        elif session := self._sessions.get(given):
            if session.ended is not None:  # the SDK would begin an answer and never end it
                await session.ended.wait()
            session.requests += 1
            try:
                await self.app(scope, receive, send)
            finally:
                session.requests -= 1
                session.since = time.monotonic()
                if scope["method"] == "DELETE":
                    self._sessions.pop(given, None)
                elif given in self._sessions:
                    self._sessions.move_to_end(given)
        else:
            await self.app(scope, receive, send)

    def _noticing(self, scope: Scope, send: Send) -> Send:
        async def noticing(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                for name, value in message.get("headers", ()):
                    if name.lower() == _SESSION:
                        self._sessions[value] = _Session(scope)
            await send(message)

        return noticing

    async def _end_idle(self) -> None:
        now, full = time.monotonic(), len(self._sessions) >= MOST_SESSIONS
        for key, session in list(self._sessions.items()):
            if len(self._sessions) <= IDLE_SESSIONS or (now - session.since < IDLE_SECONDS and not full):
                return
            if session.requests or session.ended is not None:
                continue
            full = False  # one place is enough for the client that waits
            session.ended = anyio.Event()
            try:
                # An error in an author's own middleware here does not concern the client whose request this is.
                with suppress(Exception), anyio.move_on_after(ENDING_SECONDS):
                    await self.app(session.ending(key), _nothing, _ignore)
            finally:
                session.ended.set()
                self._sessions.pop(key, None)


class _Session:
    """A session, with the headers that its client opened it with."""

    __slots__ = ("_scope", "ended", "requests", "since")

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.requests = 0  # not yet fully answered
        self.since = time.monotonic()
        self.ended: anyio.Event | None = None  # exists from the moment the session begins to end

    def ending(self, key: bytes) -> Scope:
        """Return the request that ends the session, in its own client's name: the SDK accepts it from no other."""
        left_out = (b"content-length", b"content-type", b"transfer-encoding")
        headers = [(name, value) for name, value in self._scope["headers"] if name not in left_out]
        return {**self._scope, "method": "DELETE", "headers": [*headers, (_SESSION, key)]}


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(_: Message) -> None:
    pass
