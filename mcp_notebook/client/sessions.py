"""Keep the session of a connection: the open one, or a new one if it was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import Any, Literal, TypeAlias, TypeVar

import anyio
from mcp.client import Client
from mcp.server import Server
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types.version import LATEST_MODERN_VERSION, MODERN_PROTOCOL_VERSIONS

from mcp_notebook.client import failures, limits, reading
from mcp_notebook.client.framed import Watch, framed
from mcp_notebook.client.refusals import Refusal
from mcp_notebook.client.session import About, OpenClient, discover
from mcp_notebook.client.signing_in import SignIn
from mcp_notebook.client.targets import Command, Live, Target, Url, in_words
from mcp_notebook.client.transports import Stderr, transport_of
from mcp_notebook.errors import McpNotebookError, RequestError
from mcp_notebook.portal import GRACE
from mcp_notebook.recording.wire import Wire
from mcp_notebook.server.sdk_gaps import InspectingClient

__all__ = ["EraChoice", "Sessions"]

T = TypeVar("T")

EraChoice: TypeAlias = Literal["auto", "modern", "legacy"]
"""The protocol that a client speaks; ``auto`` asks the server, and falls back to the earlier handshake."""

SILENCE = 10.0
"""Seconds after which a person is told why connecting takes so long, as when a command is downloaded first."""


class Sessions:
    """The sessions of one connection, one after another.

    Args:
        target: The server to connect to.
        era: The protocol to speak.
        wire: Keeps the frames, if it is on.
        options: The callbacks, and other options of the SDK's `Client`.
        sign_in: Signs in, if the target requires it.
        notice: Called with a line when a lost session was replaced, or when a new one takes long.
        deadline: Seconds that opening a session may take; None waits forever.

    Attributes:
        about: The server's description of itself from the latest opening.
        closed: Whether the connection is closed.
        target: The target of the latest session: a URL may turn out to belong to a server of the SSE transport.
    """

    def __init__(
        self,
        target: Target,
        era: EraChoice,
        wire: Wire,
        options: dict[str, Any],
        *,
        sign_in: SignIn | None,
        notice: Callable[[str], None],
        deadline: float | None,
    ) -> None:
        self.about: About
        self.name = ""
        self.target = target
        self._era = era
        self._wire = wire
        self._options = options
        self._sign_in = sign_in
        self._notice = notice
        self._deadline = deadline
        self._lock = anyio.Lock()
        self._session: OpenClient | None = None
        self.closed = False
        self._stderr = Stderr() if isinstance(target, Command) else None

    @property
    def stderr(self) -> str:
        """The end of a command's stderr; empty for other targets."""
        return self._stderr.tail if self._stderr is not None else ""

    @property
    def noise(self) -> str | None:
        """The first line in the open session that was not a message; None if there was none."""
        return self._session.watch.noise if self._session is not None else None

    @property
    def open_client(self) -> Client | None:
        """The client of the open session; None if it was lost and no request has replaced it yet."""
        session = self._session
        return None if session is None or session.ended else session.client

    async def open(self) -> None:
        """Open the first session.

        Raises:
            McpNotebookError: It cannot be opened; one line says why.
        """
        try:
            with self._asking_once():
                await self._open()
        except BaseException:
            self._give_back()
            raise

    async def learn(self) -> None:
        """Ask a server of this kernel what it is; others are asked when they are opened."""
        session = await self._current()
        await discover(session.client)
        self.about = About.of(session.client)

    async def close(self) -> None:
        """Close the open session; raise what went wrong then."""
        self.closed = True
        try:
            if self._session is not None:
                await self._session.close()
        finally:
            self._give_back()

    async def run(self, request: Callable[[Client], Awaitable[T]], *, again: Callable[[], bool] = lambda: True) -> T:
        """Make a request in the open session.

        If it certainly did not reach the server, and `again` agrees, it is made once more in a new session. A request
        that may have run is never repeated.

        Raises:
            Exception: The SDK's error, see `failures.of_request`.
        """
        session = await self._current()
        try:
            return await request(session.client)
        except MCPError as error:
            refusal = Refusal.of(error)
            if refusal is None or not refusal.never_ran or not again() or not self._may_differ:
                raise
        return await request((await self._instead_of(session)).client)

    @property
    def _may_differ(self) -> bool:
        # A session of the handshake can be replaced, and a live notebook may listen elsewhere by now.
        return isinstance(self.target, Live) or self.about.protocol_version not in MODERN_PROTOCOL_VERSIONS

    async def _current(self) -> OpenClient:
        if self.closed:
            raise RequestError(f"The connection to {self.name!r} is closed. Connect again.")
        session = self._session
        if session is None or session.ended:
            return await self._instead_of(session)
        return session

    async def _instead_of(self, lost: OpenClient | None) -> OpenClient:
        # Several requests may notice the loss at once; the lock lets one of them open the new session for all.
        async with self._lock:
            if self._session is not lost and self._session is not None:
                return self._session  # another request was first
            self._session = None
            if lost is not None:
                with suppress(Exception), anyio.move_on_after(GRACE):  # its errors concern only the lost session
                    await lost.close()
            with self._asking_once():
                session = await self._open()
            self._notice(f"{self.name!r} was gone; connected again.")
            return session

    def _asking_once(self) -> AbstractContextManager[None]:
        return self._sign_in.once() if self._sign_in is not None else nullcontext()

    async def _open(self) -> OpenClient:
        hint = asyncio.get_running_loop().call_later(SILENCE, self._say_that_it_waits)
        watch, began = Watch(), anyio.current_time()
        try:
            return await self._attempt(watch, self._deadline_of_first)
        except Exception as error:  # noqa: BLE001 - any error becomes one line
            if (session := await self._attempt_otherwise(error, anyio.current_time() - began)) is not None:
                return session
            raise self._failed(error, watch) from (None if self._outside else error)
        finally:
            hint.cancel()

    async def _attempt(self, watch: Watch, deadline: float | None) -> OpenClient:
        modern = self._era == "modern" or not self.asks_when_opened
        client = InspectingClient(
            self._transport(watch),
            see=reading.see,
            read_anyway=reading.read_anyway,
            mode="legacy" if self._era == "legacy" else LATEST_MODERN_VERSION if modern else "auto",
            cache=None,
            **self._options,
        )
        session = OpenClient(client, watch, discover if modern and self.asks_when_opened else None)
        await session.open(deadline)
        self.about = About.of(client)
        self._session = session
        return session

    async def _attempt_otherwise(self, error: Exception, taken: float) -> OpenClient | None:
        """Try again as for an earlier server, if the new way of asking may be the reason for the failure.

        Raises:
            RequestError: A command does not start in that way either.
        """
        before = self.target, self._era
        if isinstance(self.target, Command) and self._era == "auto" and failures.has_started(error):
            assert self._stderr is not None
            self._stderr.begin()
            self._era, deadline = "legacy", self._deadline and max(self._deadline - taken, self._deadline / 4)
        elif isinstance(self.target, Url) and self._era != "modern" and failures.may_be_sse(error, self.target):
            self.target, deadline = replace(self.target, transport="sse"), limits.ENDPOINT
        else:
            return None
        watch = Watch()
        try:
            return await self._attempt(watch, deadline)
        except Exception as again:  # noqa: BLE001 - as above
            failed = self._failed(again, watch) if isinstance(self.target, Command) else None
            self.target, self._era = before
            if failed is not None:
                raise failed from None
            return None

    def _failed(self, error: Exception, watch: Watch) -> McpNotebookError:
        # The SDK's nested groups say no more than the line; what a lifespan of this kernel raised does.
        return failures.of_opening(error, self.target, watch, self.stderr, self._era)

    @property
    def _deadline_of_first(self) -> float | None:
        if self._deadline is None or self._era != "auto" or not isinstance(self.target, Command):
            return self._deadline
        return max(self._deadline - SILENCE, self._deadline * 3 / 4)  # the rest is for a start in the legacy era

    @property
    def _outside(self) -> bool:
        return isinstance(self.target, Url | Command | Live)

    def _say_that_it_waits(self) -> None:
        if self._deadline is not None:
            waits = f"{in_words(self.target)!r} has not answered yet; it has {self._deadline:g} s to do so."
            self._notice(waits + failures.last_words(self.stderr))

    @property
    def asks_when_opened(self) -> bool:
        """Return whether opening asks the server what it is; `learn` asks a modern server of this kernel."""
        return self._era == "legacy" or not isinstance(self.target, MCPServer | Server)

    def _transport(self, watch: Watch) -> Any:
        if isinstance(self.target, MCPServer | Server):
            return framed(self.target, self._wire) if self._wire.on else self.target
        auth = self._sign_in.auth if self._sign_in is not None else None
        return transport_of(self.target, self._wire, watch, self._stderr, auth)

    def _give_back(self) -> None:
        if self._stderr is not None:
            self._stderr.close()
        if self._sign_in is not None:
            self._sign_in.close()
