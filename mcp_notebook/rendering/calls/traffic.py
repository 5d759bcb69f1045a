"""Make the rows of the traffic view from calls and frames, and find the call that a frame belongs to."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.badges import state_kind
from mcp_notebook.rendering.calls.frames import Asked, in_words, method_of

if TYPE_CHECKING:
    from mcp_notebook.cells import Cell

__all__ = ["CallRow", "CallRows", "FrameRow", "call_of", "cell_source", "frame_card", "rows_of_frames"]

CHECKING = "Sent by the client itself: it needs the output schemas to check results."
"""Explains a ``tools/list`` that the user did not ask for."""

MOST_SEARCHED = 2_000
"""Characters of a row that are searched."""

MOST_APART = 2.0
"""The most seconds between a request on the wire and its recorded call; a busy loop takes that long."""


class CallRow:
    """A call as a row; its words are cached, because search reads those of ten thousand rows after each key."""

    __slots__ = ("_words", "item")

    def __init__(self, call: Call) -> None:
        self.item = call
        self._words: str | None = None

    @property
    def key(self) -> str:
        """The row's key, the same as long as the call is kept."""
        return f"call {self.item.number}"

    @property
    def at(self) -> float:
        """Seconds since the epoch."""
        return self.item.started

    @property
    def method(self) -> str:
        """The protocol's method."""
        return self.item.method

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that a filter can ask for: the call's state, and ``running`` also while it waits."""
        state = self.item.state
        return ("running", state) if self.item.running else (state,)

    def drawn(self) -> dict[str, Any]:
        """Return what the row shows."""
        call = self.item
        own = call.transport == "memory" or not call.client or call.client.startswith("mcp-notebook")
        return {
            "call": call.number,
            "out": own,
            "who": "from the notebook" if own else f"from {call.client}",
            "title": call.title,
            "text": call.error or "",
            "state": call.state,
            "kind": state_kind(call.state),
            "clock": _clock(self.at),
            "at": self.at,
            "took": call.duration,
            "length": "" if call.duration is None else look.duration(call.duration),
        }

    @property
    def words(self) -> str:
        """The text to search in."""
        if self._words is not None:
            return self._words
        call = self.item
        found = f"{call.method} {call.name} {call.state} {call.client} {call.error or ''} {call.arguments}"
        words = found[:MOST_SEARCHED].lower()
        if not call.running:
            self._words = words
        return words


@dataclass(frozen=True)
class FrameRow:
    """A frame as a row.

    Attributes:
        item: The frame.
        method: The protocol's method; for a result, the method of its request.
        what: A few words that name the message.
        note: An explanation, if it is not obvious why the frame was sent.
    """

    item: Frame
    method: str
    what: str
    note: str = ""

    @property
    def key(self) -> str:
        """The row's key, the same as long as the frame is kept."""
        return f"frame {self.item.at} {id(self.item)}"

    @property
    def at(self) -> float:
        """Seconds since the epoch."""
        return self.item.at

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that a filter can ask for: the sender."""
        return (f"from {self.item.direction}",)

    def drawn(self) -> dict[str, Any]:
        """Return what the row shows."""
        frame = self.item
        return {
            "call": 0,
            "out": frame.direction == "client",
            "who": f"from the {frame.direction}",
            "title": self.what,
            "text": self.note,
            "state": "client's own" if self.note else "frame",
            "kind": "",
            "clock": _clock(self.at),
            "at": self.at,
            "took": 0.0,
            "length": "",
        }

    @property
    def words(self) -> str:
        """The text to search in."""
        return f"{self.what} from {self.item.direction} {self.item.message}"[:MOST_SEARCHED].lower()


class CallRows:
    """The rows of the recorded calls; existing rows are used again."""

    def __init__(self) -> None:
        self._rows: list[CallRow] = []

    def of(self, calls: Sequence[Call]) -> list[CallRow]:
        """Return a row for each call; `calls` are in the order of their numbers."""
        first = calls[0].number if calls else 0
        kept = self._rows[bisect_left(self._rows, first, key=lambda kept: kept.item.number) :] if calls else []
        last = kept[-1].item.number if kept else 0
        new = calls[bisect_right(calls, last, key=lambda call: call.number) :]
        self._rows = [*kept, *map(CallRow, new)]
        return self._rows


def rows_of_frames(frames: Sequence[Frame]) -> list[FrameRow]:
    """Return a row for each frame; an answer is named after its request."""
    asked: Asked = {}
    return _own_marked([FrameRow(frame, method_of(frame, asked), _words(frame, asked)) for frame in frames])


def call_of(frame: Frame, frames: Sequence[Frame], calls: Sequence[Call]) -> Call | None:
    """Return the call that a frame belongs to: the nearest in time with the same method and name."""
    request = frame if _asks(frame) else next((f for f in reversed(frames) if _answers(frame, f)), None)
    if request is None:
        return None
    params = request.message.get("params") or {}
    name = params.get("name") or params.get("uri")
    same = [call for call in calls if call.method == request.message["method"] and call.name == name]
    nearest = min(same, key=lambda call: abs(call.started - request.at), default=None)
    return nearest if nearest is not None and abs(nearest.started - request.at) < MOST_APART else None


def frame_card(found: FrameRow, call: Call | None, cell: Cell | None) -> str:
    """Draw (HTML) one frame, the call that it is part of, and the cell that defined the function."""
    frame = found.item
    way = "client to server" if frame.direction == "client" else "server to client"
    facts = [way, frame.transport, *([f"exchange {frame.exchange}"] if frame.exchange else [])]
    body = frame.message if isinstance(frame.message, str) else look.json_text(frame.message)
    return look.card(
        f"{look.code(found.what)} {look.muted(' · '.join(facts))}",
        f"<p>{escape(found.note)}</p>" if found.note else "",
        look.section("HTTP", look.pre(frame.head)) if frame.head else "",
        look.section("message", look.pre(body)) if body else "",
        f"<p>part of call {call.number}, {escape(call.state)}</p>" if call is not None else "",
    ) + cell_source(cell)


def cell_source(cell: Cell | None) -> str:
    """Draw (HTML) the source of a cell; "" for None."""
    if cell is None:
        return ""
    return look.card(f"defined in cell {cell.execution_count}", look.pre(cell.source))


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _words(frame: Frame, asked: Asked) -> str:
    if isinstance(frame.message, dict) and ("method" in frame.message or "id" in frame.message):
        return in_words(frame, asked)
    line = frame.head.partition("\n")[0]
    return f"{line} {look.json_text(frame.message) if frame.message else ''}".strip()


def _own_marked(rows: list[FrameRow]) -> list[FrameRow]:
    """Explain each ``tools/list`` next to a ``tools/call``."""
    requests = [i for i, found in enumerate(rows) if _asks(found.item) and found.method.startswith("tools/")]
    for before, at, after in zip([None, *requests], requests, [*requests[1:], None], strict=False):
        near = {rows[i].method for i in (before, after) if i is not None}
        if rows[at].method == "tools/list" and "tools/call" in near:
            rows[at] = replace(rows[at], note=CHECKING)
    return rows


def _asks(frame: Frame) -> bool:
    message = frame.message
    return frame.direction == "client" and isinstance(message, dict) and "method" in message and "id" in message


def _answers(frame: Frame, request: Frame) -> bool:
    """Return whether a frame answers a request or reports its progress."""
    if not _asks(request) or request.at > frame.at:
        return False
    if request.exchange:
        return frame.exchange == request.exchange
    message: dict[str, Any] = frame.message if isinstance(frame.message, dict) else {}
    if "method" not in message:
        return frame.direction == "server" and message.get("id") == request.message["id"]
    token = ((request.message.get("params") or {}).get("_meta") or {}).get("progressToken")
    params = message.get("params")
    return token is not None and isinstance(params, dict) and params.get("progressToken") == token
