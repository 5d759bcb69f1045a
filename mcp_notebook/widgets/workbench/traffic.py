"""Show live traffic: calls as they begin and end, the frames on the wire, and one of them in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mcp_notebook import cells
from mcp_notebook.cells import Cell
from mcp_notebook.recording import Call
from mcp_notebook.recording.as_tests import testable
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.sequence import diagram
from mcp_notebook.rendering.calls.traffic import (
    CallRow,
    CallRows,
    FrameRow,
    call_of,
    cell_source,
    frame_card,
    rows_of_frames,
)
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.replaying import can_replay
from mcp_notebook.widgets.workbench.rows import asked_rows

__all__ = ["Traffic"]

MOST_UNFINISHED: Final = 1_000
"""The number of latest calls among which running ones are looked for."""

MOST_COMPARED: Final = 50
"""Calls of the same definition that are offered for a comparison."""

TrafficRow = CallRow | FrameRow


class Traffic:
    """The calls and frames of the inspected server.

    Args:
        subject: The server and connection whose traffic is shown.
        keep_frames: Begins to keep frames.
    """

    def __init__(self, subject: Inspected, keep_frames: Callable[[], None]) -> None:
        self._subject, self._keep_frames = subject, keep_frames
        self._rows = CallRows()
        self._frames: tuple[list[Frame], list[FrameRow]] = [], []
        self._held: tuple[Sequence[CallRow], Sequence[FrameRow]] | None = None

    @property
    def unfinished(self) -> bool:
        """Return whether a call still runs; its progress is not reported, so it must be looked at again."""
        return any(call.running for call in self._subject.calls[-MOST_UNFINISHED:])

    @property
    def news(self) -> int:
        """The number of calls that came while the list is held."""
        return 0 if self._held is None else max(len(self._subject.calls) - len(self._held[0]), 0)

    def hold(self, *, on: bool) -> None:
        """Hold the list still, or let it go on."""
        self._held = (list(self._call_rows()), self._frame_rows()) if on else None

    def rows(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the rows that a message asks for, of ``calls``, ``frames`` or ``both``, and the methods in them."""
        show = message.get("show", "calls")
        if show != "calls" and not self._subject.connection.wire.on:
            self._keep_frames()
        rows = self._all(show)
        if (pinned := message.get("pinned")) is not None:
            rows = [row for row in self._all("calls") if row.key in set(pinned)]
        return {**asked_rows(rows, message), "methods": sorted({row.method for row in rows} - {""})}

    def show(self, key: str) -> dict[str, Any]:
        """Return one call or frame in full."""
        kind, _, rest = key.partition(" ")
        if kind == "call":
            call = self._subject.connection.recorder.find(int(rest))
            return {"gone": True} if call is None else self._shown_call(call)
        found = next((row for row in self._frame_rows() if row.key == key), None)
        return {"gone": True} if found is None else self._shown_frame(found)

    def _all(self, show: str) -> Sequence[TrafficRow]:
        calls, frames = self._held or (self._call_rows(), () if show == "calls" else self._frame_rows())
        if show == "calls":
            return calls
        return frames if show == "frames" else sorted([*calls, *frames], key=lambda row: row.at)

    def _call_rows(self) -> Sequence[CallRow]:
        return self._rows.of(self._subject.calls)

    def _frame_rows(self) -> Sequence[FrameRow]:
        frames = self._subject.connection.wire.frames
        known, rows = self._frames
        if len(frames) != len(known) or any(a is not b for a, b in zip(frames[-1:], known[-1:], strict=True)):
            rows = rows_of_frames(frames)
            self._frames = frames, rows
        return rows

    def _shown_call(self, call: Call) -> dict[str, Any]:
        card = call_card(call, cells.place_of(call.function), cells.explain)
        parts = [("Call", card.html), ("Sequence", diagram(call).html)]
        cell = cell_source(cells.cell_of(call.function))
        whole = not call.cut and not call.malformed
        return {
            "call": call.number,
            "parts": [*parts, *([("Cell", cell)] if cell else [])],
            "replay": can_replay(call),
            "edit": whole and call.method == "tools/call",
            "save": testable(call),
            "others": self._others(call),
        }

    def _others(self, call: Call) -> list[dict[str, Any]]:
        """Return the other calls of the same definition, the latest first."""
        others = [
            {"call": other.number, "words": f"call {other.number}, {other.state}"}
            for other in reversed(self._subject.calls)
            if other is not call and other.name == call.name and other.method == call.method
        ]
        return others[:MOST_COMPARED]

    def _shown_frame(self, row: FrameRow) -> dict[str, Any]:
        frames = self._subject.connection.wire.frames
        call = call_of(row.item, frames, self._subject.calls)
        html = frame_card(row, call, self._cell(row.item))
        return {"call": 0, "parts": [("Frame", html)], "part_of": 0 if call is None else call.number}

    def _cell(self, frame: Frame) -> Cell | None:
        params = frame.message.get("params") if isinstance(frame.message, dict) else None
        name = (params.get("name") or params.get("uri")) if isinstance(params, dict) else None
        return next((found.cell for (_, known), found in self._subject.definitions().items() if known == name), None)
