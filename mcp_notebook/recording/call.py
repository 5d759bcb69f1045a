"""`Call`: one request and all that came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from mcp_notebook.recording.characters import whole
from mcp_notebook.recording.cutting import fitted, packed, shortened

__all__ = [
    "MOST_BYTES_OF_EVENTS",
    "MOST_BYTES_OF_VALUES",
    "MOST_CHARACTERS_OF_NAME",
    "Call",
    "Decision",
    "Event",
    "Kind",
    "State",
    "current",
    "fitted",
]

Kind = Literal["stdout", "stderr", "display", "log", "message", "progress", "question", "answer"]
State = Literal[
    "running", "waiting for approval", "waiting for the main thread", "done", "error", "refused", "cancelled"
]

MOST_BYTES_OF_VALUES = 100_000
"""What is kept of a call's arguments, and as much again of its result; longer ones are cut, with a mark."""

MOST_BYTES_OF_EVENTS = 200_000
"""What is kept of all that a call prints, shows, logs and reports."""

MOST_CHARACTERS_OF_NAME = 2_000
"""What is kept of the name or URI that a call asks for."""

MOST_CHARACTERS_OF_CLIENT = 200
"""What is kept of the name and version that a client gives itself."""

MOST_CHARACTERS_OF_ERROR = 20_000
"""What is kept of the text of an error."""

BYTES_OF_A_CALL = 1_000
"""About what a call takes beside the texts that it keeps."""


class Event(NamedTuple):
    """Something that a call put out or asked.

    Attributes:
        kind: ``stdout``, ``stderr`` and ``display`` are what it printed and showed, ``log`` is a record of Python's
            logging; ``message`` and ``progress`` are what it sent its client, ``question`` and ``answer`` what the
            server asked the client.
        at: Seconds since the call began.
        value: A text; for a display its MIME bundle, for the others what the protocol carries.
    """

    kind: Kind
    at: float
    value: Any


class Decision(NamedTuple):
    """Whether a call that a person was asked about may run.

    Attributes:
        allowed: Whether it may.
        by: Who decided: a person; the timeout, because nobody did; the notebook, because it stopped listening or too
            many waited; or ``cancelled``, where the client did not wait for it.
        waited: Seconds.
        reason: What the person, or the notebook, says.
    """

    allowed: bool
    by: Literal["a person", "timeout", "the notebook", "cancelled"]
    waited: float
    reason: str = ""

    def __str__(self) -> str:
        word = "allowed" if self.allowed else "denied"
        if self.by == "timeout":
            return f"{word}: nobody answered in time"
        if self.by == "cancelled":
            return "not decided: the client cancelled it"
        return f"{word} by {self.by}" + (f": {self.reason}" if self.reason else "")


class Call:
    """One request and all that came of it.

    Attributes:
        number: Counts from 1 in each kernel.
        server: The name of the server.
        method: The protocol's method: ``tools/call``, ``resources/read``, ``prompts/get`` or ``completion/complete``.
        name: The tool, URI or prompt that was asked for.
        client: Name and version, as the client gave them.
        transport: ``memory``, ``http``, ``sse``, ``bridge`` or ``stdio``.
        protocol_version: That of the request, such as ``2026-07-28``.
        function: The function behind it; None where there is none.
        started: Seconds since the epoch.
        state: How far it is, or how it ended: a tool's own error is ``error``, a protocol error ``refused``.
        duration: Seconds; None while it runs.
        error: The text of a protocol error.
        code: The code of a protocol error; None where the error is not a server's.
        problems: What is wrong with its result, where the client found something.
        raised: What the function raised and clients are not told; only the latest calls keep it.
        malformed: Whether the protocol's types refused it, so that no client of ours can send it again.
        cut: Whether its name, its arguments or its result were too long to be kept whole.
        counted: How many bytes of it the recorder has counted.
        session: The session of the request, while it runs.
        rounds: How many requests it took; more than one where the client was asked in between.
        approval: What was decided where a person was asked whether it may run; None where nobody was.
        allowed: What was allowed, while it runs: the tool's entry, and a digest of its name and arguments. Another
            round is asked about again where they differ.
    """

    number = 0
    state: State = "running"
    duration: float | None = None
    error: str | None = None
    code: int | None = None
    problems: Sequence[str] = ()
    raised: BaseException | None = None
    rounds = 1
    malformed = False
    approval: Decision | None = None
    allowed: tuple[Any, bytes] | None = None
    counted = 0
    session: Any = None
    _result: bytes | None = None
    _data: bytes | None = None
    _events: list[Event] | None = None
    _left = MOST_BYTES_OF_EVENTS

    def __init__(
        self,
        *,
        server: str,
        method: str,
        name: str,
        arguments: Any,
        client: str = "",
        transport: str = "memory",
        protocol_version: str = "",
        function: Callable[..., Any] | None = None,
    ) -> None:
        self.server = server
        self.method = method
        self.name = shortened(whole(name), MOST_CHARACTERS_OF_NAME)
        self.client = shortened(whole(client), MOST_CHARACTERS_OF_CLIENT)
        self.transport = transport
        self.protocol_version = protocol_version
        self.function = function
        # As JSON text: one object instead of many, which the garbage collector would visit again and again.
        self._arguments, self.cut = packed(arguments, MOST_BYTES_OF_VALUES)
        self.cut = self.cut or self.name != name
        self.size = BYTES_OF_A_CALL + len(self._arguments) + len(self.name) + len(self.client)
        self.started = time.time()
        self._origin = time.perf_counter()

    @property
    def era(self) -> Literal["legacy", "modern"]:
        """``modern`` from 2026-07-28 on, else ``legacy``."""
        return "modern" if self.protocol_version in MODERN_PROTOCOL_VERSIONS else "legacy"

    @property
    def title(self) -> str:
        """What was called: a tool by its name alone, the rest with the method."""
        return self.name if self.method == "tools/call" else f"{self.method} {self.name}"

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self.duration is None

    @property
    def arguments(self) -> Any:
        """As they came in, an object unless the call is malformed; long ones are cut."""
        return json.loads(self._arguments)

    @property
    def result(self) -> dict[str, Any] | None:
        """The result as it went to the client; long ones are cut. None where there is none."""
        return None if self._result is None else json.loads(self._result)

    @property
    def data(self) -> Any:
        """What came with a protocol error; long data is cut. None where there is none."""
        return None if self._data is None else json.loads(self._data)["data"]

    @property
    def events(self) -> list[Event]:
        """What it put out and asked, in order."""
        return self._events or []

    @property
    def content(self) -> dict[str, Any]:
        """The result without what the protocol adds to every result."""
        return {key: value for key, value in (self.result or {}).items() if key not in ("_meta", "resultType")}

    def text(self, *kinds: Kind) -> str:
        """Return what it put out of these kinds, in order, as one text."""
        return "".join(str(event.value) for event in self.events if event.kind in kinds)

    def add(self, kind: Kind, value: Any) -> None:
        """Keep something that the call put out or asked; past the bound, only the mark that there was more."""
        if self._left <= 0:
            return
        kept, size = fitted(value, self._left)
        self._left -= size + 1
        self.size += size
        if self._events is None:
            self._events = []
        events = self._events
        if events and events[-1].kind == kind and kind in ("stdout", "stderr"):
            events[-1] = events[-1]._replace(value=events[-1].value + kept)
        else:
            events.append(Event(kind, time.perf_counter() - self._origin, kept))

    def end(
        self,
        state: State,
        result: Mapping[str, Any] | None = None,
        error: str | None = None,
        *,
        code: int | None = None,
        data: Any = None,
    ) -> None:
        """Keep how it ended; code and data are those of a protocol error."""
        self.duration = time.perf_counter() - self._origin
        self.state = state
        self.session = None
        if error is not None:
            self.error, self.code = shortened(whole(error), MOST_CHARACTERS_OF_ERROR), code
            self.size += len(self.error)
        if data is not None:
            self._data, _ = packed({"data": data}, MOST_BYTES_OF_VALUES)
            self.size += len(self._data)
        if result is not None:
            self._result, cut = packed(result, MOST_BYTES_OF_VALUES)
            self.cut = self.cut or cut
            self.size += len(self._result)


current: ContextVar[Call | None] = ContextVar("mcp_notebook_call", default=None)
"""The call that the running code works for; threads and tasks that it starts inherit it."""
