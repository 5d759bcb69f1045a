"""One open connection to a server, usable from any thread."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, TimeoutError, wait
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from weakref import WeakSet

from mcp_types import Implementation, LoggingMessageNotification, Root, ServerCapabilities
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_notebook.client.aio import Aio
from mcp_notebook.client.answering import Answering
from mcp_notebook.client.answers import root
from mcp_notebook.client.blocking import Blocking
from mcp_notebook.client.extensions import Chosen, declared
from mcp_notebook.client.extensions.events import EventStreams
from mcp_notebook.client.following import Following
from mcp_notebook.client.notices import say
from mcp_notebook.client.questions import Answerer
from mcp_notebook.client.requests import Requests
from mcp_notebook.client.session import About
from mcp_notebook.client.sessions import EraChoice, Sessions
from mcp_notebook.client.signing_in import SignIn
from mcp_notebook.client.targets import Command, Live, Target, Url, in_words, transport_name
from mcp_notebook.errors import RequestError, innermost
from mcp_notebook.portal import GRACE, Portal
from mcp_notebook.recording import Recorder
from mcp_notebook.recording.wire import Wire
from mcp_notebook.visible import visible

__all__ = ["Connection", "Era", "end_commands"]


Era = Literal["modern", "legacy"]

DEADLINE = 60.0
"""Seconds that opening may take: a command may be downloaded first, as with `npx` and `uvx`."""

_WHO = Implementation(name="mcp-notebook", version=version("mcp-notebook"))


class Connection(Blocking):
    """A client of one server, open until `close`; also a context manager.

    One task of the portal's loop opens and closes it, because the SDK's client must be left by the task that entered
    it. Requests wait for their answer; interrupting the wait cancels the request at the server. `aio` offers the same
    requests for ``await``. If the server was lost, the next request connects again.

    Args:
        portal: The loop to run on.
        target: The server to connect to.
        era: The protocol to speak; for a server of this kernel, ``auto`` means the modern one.
        name: The name of the connection; defaults to what the server calls itself.
        answerer: Answers what the server asks during a request that brings no answers of its own.
        notice: Called with a line when it has connected again, and with the link to sign in.
        deadline: Seconds that connecting may take; None waits forever.
        timeout: Seconds that a request without its own timeout waits for its answer, or for the next progress report;
            None waits forever.
        client: The client's name and version for the server.
        extensions: The extensions of the protocol that the client declares: ``all``, ``none``, or their names.

    Attributes:
        target: The server.
        name: The notebook's name for the connection.
        timeout: Seconds that a request without its own timeout waits; None for no limit.
        aio: The requests as coroutines.
        extensions: The identifiers of the extensions that the client declares.

    Raises:
        McpNotebookError: The connection cannot be opened; one line says why. Every request may also raise it: the
            server refused it, its answer does not fit its own schema, or the connection broke.
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
        extensions: Chosen = "all",
    ) -> None:
        self.target = target
        self.timeout = timeout
        self._who = client
        self._own = Recorder(own_names=True)
        self._own.wire.on = True
        self._answering = Answering("", answerer)
        self._following = Following()
        found = declared(extensions, self._answering)
        self.extensions = [extension.identifier for extension in found]
        sign_in = SignIn(target, notice) if isinstance(target, Url) and target.oauth else None
        outside = isinstance(target, Url | Command | Live)
        self._sessions = Sessions(
            target,
            era,
            self.wire,
            {**self._options(outside), "extensions": found},
            sign_in=sign_in,
            notice=notice,
            deadline=deadline if outside and sign_in is None else None,
        )
        requests = Requests(
            self._sessions, self._answering, self._noted_by, kind=lambda: self.transport, client=client, timeout=timeout
        )
        super().__init__(portal, requests, next((e for e in found if isinstance(e, EventStreams)), None))
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
            # A modern server sends only the log messages that it is asked for.
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
        """Return whether it was closed; a lost connection does not count, since it connects again."""
        return self._sessions.closed

    @property
    def transport(self) -> str:
        """The transport: ``memory``, ``http``, ``sse`` or ``stdio``."""
        return transport_name(self._sessions.target)

    @property
    def answerer(self) -> Answerer | None:
        """The function that answers questions during a request without answers of its own."""
        return self._answering.answerer

    @answerer.setter
    def answerer(self, answerer: Answerer | None) -> None:
        self._answering.answerer = answerer

    @property
    def roots(self) -> list[Root] | None:
        """The roots that the server gets without anybody being asked; None if the answerer is asked.

        Setting them notifies a legacy server that wants to know. Directories are accepted too.
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
        """The recorder of the calls: the notebook's for its own servers, else one for this connection."""
        return self._noted_by()[0]

    @property
    def wire(self) -> Wire:
        """The recorded frames; always recorded if the server is not the notebook's own."""
        return self.recorder.wire

    @property
    def stderr(self) -> str:
        """The end of a command's stderr; empty for other targets."""
        return self._sessions.stderr

    @property
    def protocol_version(self) -> str:
        """The negotiated version of the protocol, such as ``2026-07-28``."""
        return self._sessions.about.protocol_version

    @property
    def era(self) -> Era:
        """``modern`` for versions from 2026-07-28 on, else ``legacy``."""
        return "modern" if self.protocol_version in MODERN_PROTOCOL_VERSIONS else "legacy"

    @property
    def server_info(self) -> Implementation | None:
        """The server's name and version; None if it does not say."""
        return self._about().server_info

    @property
    def capabilities(self) -> ServerCapabilities:
        """The server's capabilities."""
        return self._about().capabilities

    @property
    def instructions(self) -> str | None:
        """The server's instructions for a model; None if there are none."""
        return self._about().instructions

    def _about(self) -> About:
        if not self._sessions.asks_when_opened and not self.closed:
            self._portal.run(self._sessions.learn)
        return self._sessions.about

    def close(self) -> None:
        """Close the connection; cancel what is under way, and wait for it at most `GRACE` seconds.

        Raises:
            RequestError: The lifespan of a server in this process raised when it ended; the connection is closed
                nevertheless.
        """
        try:
            self._portal.finish(self._leave, GRACE)
        except (TimeoutError, CancelledError):
            pass
        except Exception as error:  # the author's lifespan may raise anything
            if isinstance(self.target, Url | Command | Live):
                say(f"{self.name!r} is closed, but its transport raised {innermost(error)!r} when it ended.")
                return
            raise RequestError(
                f"{self.name!r} is closed, but its lifespan raised {innermost(error)!r} when it ended."
            ) from error

    async def _leave(self) -> None:
        try:
            await self._following.stop()
            await self._sessions.close()
        finally:
            _OPEN.discard(self)  # last, because the process may exit while a stubborn command is being ended

    def follow(self, callback: Callable[[Any], None], *, uris: Sequence[str] = ()) -> Callable[[], None]:
        """Call `callback` with each notification that arrives, on the connection's loop.

        Notifications are changes of the lists, log messages, progress, and updates of the resources `uris`.

        Returns:
            A function that ends this.
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


_OPEN: WeakSet[Connection] = WeakSet()
"""Connections to close when the process exits: a command that ignores its stdin would outlive it."""

AT_EXIT = 4.5
"""Seconds to wait: the SDK closes a command's stdin, terminates it after 2 seconds and kills it after 4."""


@atexit.register
def end_commands(portal: Portal | None = None) -> None:
    """Close the connections to commands, of one portal or of all, and wait until the commands have ended."""
    commands = [c for c in list(_OPEN) if isinstance(c.target, Command) and portal in (None, c._portal)]
    wait([connection._portal.start(connection._leave) for connection in commands], AT_EXIT)
