"""Find the frames of a call among all frames: its rounds, their answers, and what went to and fro meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering.calls.extracts import named_in
from mcp_notebook.rendering.calls.frames import session_of
from mcp_notebook.rendering.content import as_object

__all__ = ["frames_of"]

MOST_APART = 2.0
"""The most seconds between a request on the wire and its recorded call; a busy loop takes that long."""

ANSWERING = frozenset({"inputResponses", "requestState"})
"""The parameters of a request that goes on with an earlier one."""


def frames_of(call: Call, frames: Sequence[Frame], calls: Sequence[Call] = ()) -> list[Frame]:
    """Return the frames of a call, in order; none if its request was not kept.

    A request that is nearer in time to another one of `calls` is that call's. Without HTTP, a message of the server
    that names no request is taken for the call's if no other request is open.
    """
    first = _first(call, frames, [other for other in calls if other is not call])
    if first is None:
        return []
    trail = _Trail(frames[: first + 1])
    for frame in frames[first + 1 :]:
        trail.follow(frame)
    return trail.frames


def _first(call: Call, frames: Sequence[Frame], others: Sequence[Call]) -> int | None:
    """Return the place of the request that began a call: the nearest in time of those that look like it."""
    same = [
        (abs(frame.at - call.started), i)
        for i, frame in enumerate(frames)
        if abs(frame.at - call.started) < MOST_APART
        and (frame.transport == "memory") == (call.transport == "memory")
        and _asks(frame, "client")
        and _is_like(call, frame.message)
        and not any(_is_nearer(other, frame, abs(frame.at - call.started)) for other in others)
    ]
    return min(same)[1] if same else None


def _is_nearer(other: Call, frame: Frame, distance: float) -> bool:
    near = abs(frame.at - other.started) < distance
    return near and (frame.transport == "memory") == (other.transport == "memory") and _is_like(other, frame.message)


def _is_like(call: Call, message: dict[str, Any]) -> bool:
    params = as_object(message.get("params"))
    if message["method"] != call.method or named_in(params) not in ("", call.name) or ANSWERING & params.keys():
        return False
    given = params.get("arguments")
    return call.cut or call.method != "tools/call" or not given or given == call.arguments


def _asks(frame: Frame, sender: str) -> bool:
    message = frame.message
    return frame.direction == sender and isinstance(message, dict) and "method" in message and "id" in message


def _other(frame: Frame) -> str:
    return "server" if frame.direction == "client" else "client"


class _Trail:
    """The frames of a call so far, and by what later ones are recognized.

    Attributes:
        frames: The frames.
    """

    def __init__(self, until: Sequence[Frame]) -> None:
        first = until[-1]
        self.frames: list[Frame] = []
        self._method = first.message["method"]
        self._session = session_of(first)
        self._open: dict[tuple[str, str], Any] = {}
        self._exchanges: set[int] = set()
        self._others: set[str] = set()
        self._waits: dict[str, Any] = {}
        self._task: Any = None
        for frame in until[:-1]:
            self._note_other(frame)
        self._take(first)

    def follow(self, frame: Frame) -> None:
        """Keep a frame if it is the call's."""
        if self._is_ours(frame):
            self._take(frame)
        else:
            self._note_other(frame)

    def _is_ours(self, frame: Frame) -> bool:
        if frame.exchange and frame.exchange in self._exchanges:
            return True
        if _asks(frame, "client"):
            return self._goes_on(frame.message["method"], as_object(frame.message.get("params")))
        # Messages outside the call's HTTP requests can belong to it if they are of the same client.
        same = session_of(frame) == self._session and bool(frame.exchange) == bool(self.frames[0].exchange)
        return same and self._is_about_us(frame, as_object(frame.message))

    def _is_about_us(self, frame: Frame, message: dict[str, Any]) -> bool:
        """Return whether an answer, a notification or a question is about an open request of the call."""
        params = as_object(message.get("params"))
        if "method" not in message:
            return (_other(frame), str(message.get("id"))) in self._open
        if "requestId" in params:
            return (frame.direction, str(params["requestId"])) in self._open
        if "progressToken" in params:
            return any(params["progressToken"] == token for token in self._open.values() if token is not None)
        return frame.direction == "server" and not frame.exchange and bool(self._open) and not self._others

    def _goes_on(self, method: Any, params: dict[str, Any]) -> bool:
        """Return whether a request is the next round of the call, or about the task that it has become."""
        if self._task is not None and params.get("taskId") == self._task:
            return True
        if method != self._method or not self._waits or not ANSWERING & params.keys():
            return False
        state = self._waits.get("requestState")
        asked = as_object(self._waits.get("inputRequests")).keys()
        return params.get("requestState") == state and as_object(params.get("inputResponses")).keys() <= asked

    def _take(self, frame: Frame) -> None:
        self.frames.append(frame)
        if frame.exchange:
            self._exchanges.add(frame.exchange)
        message = as_object(frame.message)
        if "method" in message:
            params = as_object(message.get("params"))
            if "id" in message:
                key = (frame.direction, str(message["id"]))
                self._open[key] = as_object(params.get("_meta")).get("progressToken")
            elif "requestId" in params:
                self._open.pop((frame.direction, str(params["requestId"])), None)
            return
        self._open.pop((_other(frame), str(message.get("id"))), None)
        result = as_object(message.get("result"))
        if frame.direction == "server":
            self._waits = result if ANSWERING & result.keys() or "inputRequests" in result else {}
            self._task = result.get("taskId", self._task)

    def _note_other(self, frame: Frame) -> None:
        message = as_object(frame.message)
        if frame.exchange or "id" not in message:
            return
        key = str(message["id"])
        if _asks(frame, "client"):
            self._others.add(key)
            self._open.pop(("client", key), None)  # a new connection, which counts from 1 again
        elif frame.direction == "server" and "method" not in message:
            self._others.discard(key)
