"""One open connection to a server, usable from any thread."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, TimeoutError, wait
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar
from weakref import WeakSet

from mcp_types import (
    Implementation,
    LoggingMessageNotification,
    Root,
    ServerCapabilities,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_notebook.client.aio import Aio
from mcp_notebook.client.answering import Answering
from mcp_notebook.client.answers import root
from mcp_notebook.client.blocking import Blocking
from mcp_notebook.client.following import Following
from mcp_notebook.client.questions import Answerer
from mcp_notebook.client.requests import Requests
from mcp_notebook.client.session import About
from mcp_notebook.client.sessions import EraChoice, Sessions
from mcp_notebook.client.signing_in import SignIn
from mcp_notebook.client.targets import Command, Live, Target, Url, in_words
from mcp_notebook.errors import RequestError, innermost
from mcp_notebook.portal import GRACE, Portal
from mcp_notebook.recording import Recorder
from mcp_notebook.recording.wire import Wire
from mcp_notebook.visible import visible

__all__ = ["Connection", "Era", "end_commands"]

T = TypeVar("T")

Era = Literal["modern", "legacy"]

DEADLINE = 60.0
"""Seconds that opening may take: a command may have to be fetched first, as `npx` and `uvx` do."""

_WHO = Implementation(name="mcp-notebook", version=version("mcp-notebook"))


def say(notice: str) -> None:
    """Tell the user something that no cell asked for, in one line."""
    print(f"mcp: {visible(notice)}", file=sys.stderr)


class Connection(Blocking):
    """A client of one server, open until `close`; also a context manager.

    One task of the portal's loop opens and closes it, because the SDK's client must be left by the task that entered
    it. Requests wait for their answer; interrupting the wait cancels the request at the server. `aio` has the same
    requests for ``await``. Where the server was lost, the next request connects again.

    Args:
        portal: The loop that it lives on.
        target: Where to connect.
        era: Which protocol the client speaks; of a server of this kernel, ``auto`` is the modern one.
        name: What to call it; if not given, what the server calls itself.
        answerer: Answers what the server asks during a request that brings no answers of its own.
        notice: Told in one line that it has connected again, and where to sign in.
        deadline: Seconds that connecting may take; None waits for ever.
        timeout: Seconds that a request waits for its answer, or for the next report of progress, where it brings no
            timeout of its own; None waits for ever.
        client: What it tells the server of itself.

    Attributes:
        target: Where it goes.
        name: What the notebook calls it.
        timeout: Seconds that a request waits which brings no timeout of its own; None for ever.
        aio: The requests as coroutines.

    Raises:
        McpNotebookError: It cannot be opened; one line says why. And from every request: the server refused it, its
            answer does not fit its own schema, or the connection broke.
    """

    def __init__(
        self,
        portal: Portal,
        target: Target,
        era: EraChoice = "auto",
        *,
        name: str | None = None,
        answerer: Answerer | None = None,
        notice: Callable[[str], None] = say,
        deadline: float | None = DEADLINE,
        timeout: float | None = None,
        client: Implementation = _WHO,
    ) -> None:
        self.target = target
        self.timeout = timeout
        self._who = client
        self._own = Recorder()
        self._own.wire.on = True
        self._answering = Answering("", answerer)
        self._following = Following()
        sign_in = SignIn(target, notice) if isinstance(target, Url) and target.oauth else None
        outside = isinstance(target, Url | Command | Live)
        self._sessions = Sessions(
            target,
            era,
            self.wire,
            self._options(outside),
            sign_in=sign_in,
            notice=notice,
            deadline=deadline if outside and sign_in is None else None,
        )
        requests = Requests(
            self._sessions, self._answering, self._noted_by, kind=lambda: self.transport, client=client, timeout=timeout
        )
        super().__init__(portal, requests)
        self.aio = Aio(portal, requests)
        self._call_it(name or in_words(target))
        portal.run(self._sessions.open)
        if name is None and isinstance(target, Url | Command) and self._sessions.about.server_info is not None:
            self._call_it(self._sessions.about.server_info.name or self.name)
        _OPEN.add(self)

    def _options(self, outside: bool) -> dict[str, Any]:
        return {
            "client_info": self._who,
            "elicitation_callback": self._answering.elicit,
            "sampling_callback": self._answering.sample,
            "list_roots_callback": self._answering.list_roots,
            "message_handler": self._hear,
            # A modern server sends the log messages that it is asked for.
            "log_level": "debug" if outside else None,
        }

    def _call_it(self, name: str) -> None:
        self.name = self._answering.server = self._sessions.name = name

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        closed = ", closed" if self.closed else ""
        name = visible(self.name, one_line=True)
        return f"connection {name}: {self.protocol_version} ({self.era}) over {self.transport}{closed}"

    @property
    def closed(self) -> bool:
        """Whether it was closed; one that was lost is not: it connects again."""
        return self._sessions.closed

    @property
    def transport(self) -> str:
        """How it reaches the server: ``memory``, ``http``, ``sse`` or ``stdio``."""
        return _kind(self._sessions.target)

    @property
    def answerer(self) -> Answerer | None:
        """Who answers what the server asks during a request that brings no answers of its own."""
        return self._answering.answerer

    @answerer.setter
    def answerer(self, answerer: Answerer | None) -> None:
        self._answering.answerer = answerer

    @property
    def roots(self) -> list[Root] | None:
        """What the server is told without asking when it wants to know the roots; None where somebody is asked.

        Setting it tells a legacy server that asked to hear of it. Directories are taken too.
        """
        return self._answering.roots

    @roots.setter
    def roots(self, roots: Sequence[Root | str | Path] | None) -> None:
        given = None if roots is None else [r if isinstance(r, Root) else root(str(r)) for r in roots]
        if given != self._answering.roots:
            self._answering.roots = given
            if self.era == "legacy":
                self._ask(self._requests.tell_of_roots)

    @property
    def recorder(self) -> Recorder:
        """Keeps the calls: the notebook's own for its servers, else one of this connection."""
        return self._noted_by()[0]

    @property
    def wire(self) -> Wire:
        """The frames; kept all the time where the server is not the notebook's."""
        return self.recorder.wire

    @property
    def stderr(self) -> str:
        """The last that a command wrote to its stderr; empty for other targets."""
        return self._sessions.stderr

    @property
    def protocol_version(self) -> str:
        """The version of the protocol that was agreed on, such as ``2026-07-28``."""
        return self._sessions.about.protocol_version

    @property
    def era(self) -> Era:
        """``modern`` from 2026-07-28 on, else ``legacy``."""
        return "modern" if self.protocol_version in MODERN_PROTOCOL_VERSIONS else "legacy"

    @property
    def server_info(self) -> Implementation | None:
        """Name and version, as the server says; None where it does not."""
        return self._about().server_info

    @property
    def capabilities(self) -> ServerCapabilities:
        """What the server can do."""
        return self._about().capabilities

    @property
    def instructions(self) -> str | None:
        """What the server tells a model about itself; None where it says nothing."""
        return self._about().instructions

    def _about(self) -> About:
        if not self._sessions.asks_when_opened and not self.closed:
            self._portal.run(self._sessions.learn)
        return self._sessions.about

    def close(self) -> None:
        """Close the connection; what is still under way is cancelled, and waited for no longer than `GRACE`.

        Raises:
            RequestError: The server's lifespan raised when it ended; the connection is closed all the same.
        """
        try:
            self._portal.start(self._leave).result(GRACE)
        except (TimeoutError, CancelledError):
            pass
        except Exception as error:  # the author's lifespan may raise anything
            raise RequestError(
                f"{self.name!r} is closed, but its lifespan raised {innermost(error)!r} when it ended."
            ) from error

    async def _leave(self) -> None:
        try:
            await self._following.stop()
            await self._sessions.close()
        finally:
            _OPEN.discard(self)  # not before: a process may end while a command that does not listen is being ended

    def follow(self, callback: Callable[[Any], None], *, uris: Sequence[str] = ()) -> Callable[[], None]:
        """Tell `callback` of each notification that arrives, on the connection's loop.

        Those are changes of the lists, log messages, progress, and updates of the resources `uris`.

        Returns:
            What ends that.
        """
        self._portal.run(self._following.follow, self._sessions, callback, uris)

        def leave() -> None:
            self._portal.start(self._following.leave, self._sessions, callback)

        return leave

    async def _hear(self, message: Any) -> None:
        if isinstance(message, LoggingMessageNotification):
            noted = self._answering.latest()
            if noted is not None and noted.here and noted.call is not None:
                params = message.params.model_dump(by_alias=True, mode="json", exclude_none=True)
                noted.call.add("message", {key: params.get(key) for key in ("level", "data", "logger")})
        await self._following.hear(message)

    def _noted_by(self) -> tuple[Recorder, bool]:
        """Return the recorder, and whether a server of this kernel writes to it."""
        runtime = getattr(self.target, "runtime", None)
        return (self._own, False) if runtime is None else (runtime.recorder, True)


def _kind(target: Target) -> str:
    if isinstance(target, Command):
        return "stdio"
    if isinstance(target, Url):
        return target.transport
    return "http" if isinstance(target, Live) else "memory"


_OPEN: WeakSet[Connection] = WeakSet()
"""What is to be closed when the process ends: a command would outlive it that does not look at its stdin."""

AT_EXIT = 4.5
"""Seconds: the SDK closes a command's stdin, ends it after 2 and kills it after 4."""


@atexit.register
def end_commands(portal: Portal | None = None) -> None:
    """Close the connections to commands, those of one portal or all, and wait until the commands have ended."""
    commands = [c for c in list(_OPEN) if isinstance(c.target, Command) and portal in (None, c._portal)]
    wait([connection._portal.start(connection._leave) for connection in commands], AT_EXIT)
