"""Record one request with its output, questions and result."""

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
    "checking",
    "current",
    "fitted",
]

Kind = Literal["stdout", "stderr", "display", "log", "message", "progress", "question", "answer"]
State = Literal[
    "running", "waiting for approval", "waiting for the main thread", "done", "error", "refused", "cancelled"
]

MOST_BYTES_OF_VALUES = 100_000
"""The limit for a call's arguments, and again for its result; longer ones are cut and marked."""

MOST_BYTES_OF_EVENTS = 200_000
"""The limit for everything that a call prints, displays, logs and reports."""

MOST_CHARACTERS_OF_NAME = 2_000
"""The limit for the name or URI of a call."""

MOST_CHARACTERS_OF_CLIENT = 200
"""The limit for a client's own name and version."""

MOST_CHARACTERS_OF_ERROR = 20_000
"""The limit for the text of an error."""

BYTES_OF_A_CALL = 1_000
"""The approximate size of a call without the texts that it keeps."""


class Event(NamedTuple):
    """An output or a question during a call.

    Attributes:
        kind: ``stdout``, ``stderr`` and ``display`` are output of the function; ``log`` is a record of Python's
            logging; ``message`` and ``progress`` are notifications to the client; ``question`` and ``answer`` are the
            server's question and the client's answer.
        at: Seconds since the call began.
        value: A text; for a display its MIME bundle; for notifications, questions and answers the protocol's data.
    """

    kind: Kind
    at: float
    value: Any


class Decision(NamedTuple):
    """The decision on a call that needed approval.

    Attributes:
        allowed: Whether the call may run.
        by: ``a person``; ``timeout``, because nobody decided; ``the notebook``, because it stopped listening or too
            many calls waited; or ``cancelled``, because the client stopped waiting.
        waited: Seconds until the decision.
        reason: The reason that the person or the notebook gave.
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
    """One request with its output, questions and result.

    Attributes:
        number: Counts from 1 in each kernel.
        server: The server's name.
        method: The protocol's method: ``tools/call``, ``resources/read``, ``prompts/get`` or ``completion/complete``.
        name: The name of the tool or prompt, or the URI.
        client: The client's own name and version.
        transport: ``memory``, ``http``, ``sse``, ``bridge``, ``door`` or ``stdio``.
        protocol_version: The protocol version of the request, such as ``2026-07-28``.
        function: The function behind it; None if there is none.
        started: Seconds since the epoch.
        state: The state or outcome; a tool's own error is ``error``, and a protocol error is ``refused``.
        duration: Seconds; None while it runs.
        error: The text of a protocol error.
        code: The code of a protocol error; None if the error is not from the server.
        problems: The problems that the client found with the result.
        raised: The function's exception, which clients do not see; only the latest calls keep it.
        malformed: Whether the protocol's types rejected the request, so that our client cannot send it again.
        cut: Whether the name, the arguments or the result were too long to be kept in full.
        counted: The bytes of the call that the recorder has counted.
        session: The session of the request, while it runs.
        rounds: The number of requests; more than one if the client was asked in between.
        task: Whether the server made a task of it.
        asks: Whether the client was asked something instead of being answered, and can go on with another round.
        within: The number of the call whose code made this one; None if none did.
        of_a_check: Whether a check of the course made it, on a database of its own: such a call is not made again.
        approval: The decision on the call; None if it needed no approval.
        allowed: While it runs, the tool's entry and a digest of the name and arguments that were approved. If they
            differ in a later round, the person is asked again.
    """

    number = 0
    state: State = "running"
    duration: float | None = None
    error: str | None = None
    code: int | None = None
    problems: Sequence[str] = ()
    raised: BaseException | None = None
    rounds = 1
    task = False
    asks = False
    within: int | None = None
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
        # As JSON text: one object instead of many for the garbage collector to visit.
        self._arguments, self.cut = packed(arguments, MOST_BYTES_OF_VALUES)
        self.of_a_check = checking.get()
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
        """The tool's name, or the method and name of another request."""
        return self.name if self.method == "tools/call" else f"{self.method} {self.name}"

    @property
    def running(self) -> bool:
        """Return whether the call still runs."""
        return self.duration is None

    @property
    def arguments(self) -> Any:
        """The arguments as received, an object unless the call is malformed; long ones are cut."""
        return json.loads(self._arguments)

    @property
    def result(self) -> dict[str, Any] | None:
        """The result as sent to the client; a long one is cut. None if there is none."""
        return None if self._result is None else json.loads(self._result)

    @property
    def data(self) -> Any:
        """The data of a protocol error; long data is cut. None if there is none."""
        return None if self._data is None else json.loads(self._data)["data"]

    @property
    def events(self) -> list[Event]:
        """The output and questions, in order."""
        return self._events or []

    @property
    def content(self) -> dict[str, Any]:
        """The result without the fields that the protocol adds to every result."""
        return {key: value for key, value in (self.result or {}).items() if key not in ("_meta", "resultType")}

    def text(self, *kinds: Kind) -> str:
        """Return the output of these kinds, in order, as one text."""
        return "".join(str(event.value) for event in self.events if event.kind in kinds)

    def add(self, kind: Kind, value: Any) -> None:
        """Keep an output or a question of the call; beyond the limit, keep only a mark."""
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
        """Record the outcome; `code` and `data` are those of a protocol error."""
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
"""The call that runs the current code; threads and tasks that the code starts inherit it."""

checking: ContextVar[bool] = ContextVar("mcp_notebook_checking", default=False)
"""True while a check of the course runs the current code; see `Call.of_a_check`."""
