"""`Call`: one request and all that came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Literal, NamedTuple

from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic_core import to_json

from mcp_notebook.recording.characters import whole

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
    "fits",
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

MOST_DEPTH = 100
"""Levels of JSON that are kept; who shows or compares it goes as deep, and Python's stack has an end."""

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
        self.name = _shortened(whole(name), MOST_CHARACTERS_OF_NAME)
        self.client = _shortened(whole(client), MOST_CHARACTERS_OF_CLIENT)
        self.transport = transport
        self.protocol_version = protocol_version
        self.function = function
        # As JSON text: one object instead of many, which the garbage collector would visit again and again.
        self._arguments, self.cut = _packed(arguments)
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
            self.error, self.code = _shortened(whole(error), MOST_CHARACTERS_OF_ERROR), code
            self.size += len(self.error)
        if data is not None:
            self._data, _ = _packed({"data": data})
            self.size += len(self._data)
        if result is not None:
            self._result, cut = _packed(result)
            self.cut = self.cut or cut
            self.size += len(self._result)


current: ContextVar[Call | None] = ContextVar("mcp_notebook_call", default=None)
"""The call that the running code works for; threads and tasks that it starts inherit it."""


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else _cut(text, [most])


def _packed(value: Any) -> tuple[bytes, bool]:
    """Return a JSON value as text, and whether it had to be cut."""
    try:
        text = to_json(value)
    except ValueError:  # half of a surrogate pair, which JSON can carry and UTF-8 cannot; or too deep for it
        kept, _ = fitted(value, MOST_BYTES_OF_VALUES)
    else:
        levels = text.count(b"{") + text.count(b"[")  # no more than that
        if len(text) <= MOST_BYTES_OF_VALUES and (levels <= MOST_DEPTH or not _is_deep(value)):
            return text, False
        kept = _cut(value, [MOST_BYTES_OF_VALUES])
    return _json(kept), kept is not value


def _json(value: Any) -> bytes:
    try:
        return to_json(value)
    except ValueError:  # half a character, which neither UTF-8 nor a front end can carry
        return json.dumps(whole(value), default=repr).encode()


def fitted(value: Any, room: int) -> tuple[Any, int]:
    """Return a JSON value cut to about `room` bytes and `MOST_DEPTH`, and its size; what fits is returned as it is."""
    value = whole(value)
    size = _size(value, room)
    return (value, size) if size <= room and not _is_deep(value) else (_cut(value, [room]), min(size, room))


def fits(value: Any, room: int) -> bool:
    """Whether a JSON value has at most `room` bytes and `MOST_DEPTH`."""
    return _size(value, room) <= room and not _is_deep(value)


def _is_deep(value: Any) -> bool:
    """Whether a JSON value has more levels than are kept."""
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        inside = [item for item in level if isinstance(item, (dict, list, tuple)) and item]
        if not inside:
            return False
        level = [child for item in inside for child in (item.values() if isinstance(item, dict) else item)]
    return True


def _size(value: Any, most: int) -> int:
    """About how many bytes a JSON value takes; counting stops past `most`."""
    size = 0
    left = [value]
    while left and size <= most:
        item = left.pop()
        if isinstance(item, (str, bytes)):
            size += len(item)
        elif isinstance(item, dict):
            size += 4 * len(item) + sum(map(len, item))
            left += item.values()
        elif isinstance(item, (list, tuple)):
            size += 2 * len(item)
            left += item
        else:
            size += 8
    return size


def _cut(value: Any, left: list[int], levels: int = MOST_DEPTH) -> Any:
    """Return as much of a value as `left` has room for, and so many levels; what is left out is marked where it was."""
    room = max(left[0], 0)
    if isinstance(value, str):
        left[0] -= len(value)
        return value if len(value) <= room else f"{value[:room]}[{len(value) - room} more characters]"
    if isinstance(value, bytes):
        left[0] -= 8
        return f"[{len(value)} bytes]"
    if levels < 0 and isinstance(value, (dict, list, tuple)) and value:
        left[0] -= 8
        return "[deeper]"
    if isinstance(value, dict):
        mapping: dict[str, Any] = {}
        for key, item in value.items():
            if left[0] <= 0:
                mapping["..."] = f"[{len(value) - len(mapping)} more]"
                break
            left[0] -= 4
            name = _cut(key, left)
            mapping[name] = _cut(item, left, levels - 1)
        return mapping
    if isinstance(value, (list, tuple)):
        items: list[Any] = []
        for item in value:
            if left[0] <= 0:
                items.append(f"[{len(value) - len(items)} more]")
                break
            left[0] -= 2
            items.append(_cut(item, left, levels - 1))
        return items
    left[0] -= 8
    return value
