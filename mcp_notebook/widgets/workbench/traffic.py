"""Show live traffic: calls as they begin and end, and the frames on the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w

from mcp_notebook.cells import Cell
from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.traffic import CallRow, CallRows, FrameRow, call_of, frame_card, rows_of_frames
from mcp_notebook.widgets.workbench.calls import CallDetail
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.paging import BESIDE, DETAIL, PagedList

__all__ = ["Traffic"]

ANY = "any"

MOST_UNFINISHED = 1_000
"""The number of latest calls among which running ones are looked for."""

STATES = ("running", "done", "error", "refused", "cancelled", "from client", "from server")
KINDS = ("calls", "frames", "calls and frames")

Row = CallRow | FrameRow


class Traffic(w.HBox):
    """The list of calls and frames, and the details of the chosen one.

    Args:
        subject: The server and connection whose traffic is shown.
        edit: Opens a call's arguments in the form of its tool.
        keep_frames: Begins to keep frames.
    """

    def __init__(self, subject: Inspected, edit: Callable[[Call], None], keep_frames: Callable[[], None]) -> None:
        self._subject = subject
        self._keep_frames = keep_frames
        self._kind = _dropdown("Show", [*KINDS])
        self._method = _dropdown("Method", [ANY])
        self._state = _dropdown("State", [ANY, *STATES])
        self._pause = w.ToggleButton(description="Pause", tooltip="Stop updating the list", layout={"width": "auto"})
        self._rows = CallRows()
        self._held: Sequence[Row] | None = None
        self._news = w.HTML()
        self._list = PagedList[Row](
            "calls and frames",
            key=lambda found: found.key,
            cells=lambda found: found.cells,
            words=lambda found: found.words,
            chosen=self._show,
            filters=(self._kind, self._method, self._state),
            filter_now=self._filter,
            following=True,
        )
        self._calls: list[Call] = []
        self._call = CallDetail(subject, edit)
        self._frame = w.HTML()
        self._open = w.Button(description="Show the call", tooltip="Show the call that this frame belongs to")
        self._open.on_click(lambda _: self._open_call())
        self._hint = w.HTML(look.muted("Choose a row to see its details."))
        self._detail = w.VBox([self._hint], layout=DETAIL)
        self._kind.observe(self._choose_kind, "value")
        self._pause.observe(self._hold, "value")
        bar = w.HBox([self._pause, self._news], layout={"align_items": "center", "flex": "0 0 auto"})
        listed = w.VBox([bar, self._list.box], layout={"flex": "1 1 28em", "min_width": "0", "overflow": "visible"})
        # In a column, the basis would be a height.
        self._list.box.layout.flex = "0 0 auto"
        super().__init__([listed, self._detail], layout=BESIDE)

    @property
    def count(self) -> int:
        """The number of calls, as of the last `update`."""
        return len(self._calls)

    @property
    def unfinished(self) -> bool:
        """Return whether a call still runs; its progress is not reported, so it must be looked at again."""
        return any(call.running for call in self._calls[-MOST_UNFINISHED:])

    def update(self) -> None:
        """Show the current traffic; may be called from any thread."""
        self._calls = self._subject.calls
        rows = self._found()
        if self._held is not None:
            new = len(rows) - len(self._held)
            self._news.value = f"paused, {new:,} new" if new > 0 else "paused"
            return
        self._news.value = ""
        self._offer({found.method for found in rows} - {""})
        self._list.show(rows)
        chosen = self._list.chosen
        if isinstance(chosen, CallRow):
            self._call.update()

    def choose(self, call: Call) -> None:
        """Show one call."""
        self._kind.value, self._method.value, self._state.value = "calls", ANY, ANY
        self.update()
        self._list.choose(("call", call.number))

    def _found(self) -> Sequence[Row]:
        calls = self._rows.of(self._calls)
        if self._kind.value == "calls":
            return calls
        frames = rows_of_frames(list(self._subject.connection.wire.frames))
        return frames if self._kind.value == "frames" else sorted([*calls, *frames], key=lambda found: found.at)

    def _offer(self, methods: set[str]) -> None:
        """Offer the methods that occur in the list."""
        options = [ANY, *sorted(methods)]
        if options != list(self._method.options):
            kept = self._method.value
            self._method.options = options
            self._method.value = kept if kept in methods else ANY

    def _filter(self) -> Callable[[Row], bool] | None:
        method, state = self._method.value, self._state.value
        if method == state == ANY:
            return None
        return lambda found: method in (ANY, found.method) and state in (ANY, found.state)

    def _choose_kind(self, change: Any) -> None:
        if change["new"] != "calls" and not self._subject.connection.wire.on:
            self._keep_frames()
        if self._held is None:
            self.update()

    def _hold(self, change: Any) -> None:
        self._held = self._found() if change["new"] else None
        self._pause.description = "Resume" if change["new"] else "Pause"
        self.update()

    def _show(self, found: Row | None) -> None:
        if found is None:
            self._detail.children = [self._hint]
        elif isinstance(found, CallRow):
            self._call.show(found.item)
            self._detail.children = [self._call]
        else:
            belongs = self._call_of(found.item)
            self._frame.value = frame_card(found, belongs, self._cell(found.item))
            self._open.disabled = belongs is None
            self._detail.children = [w.HBox([self._open]), self._frame]

    def _open_call(self) -> None:
        found = self._list.chosen
        call = self._call_of(found.item) if isinstance(found, FrameRow) else None
        if call is not None:
            self.choose(call)

    def _call_of(self, frame: Frame) -> Call | None:
        return call_of(frame, list(self._subject.connection.wire.frames), self._subject.calls)

    def _cell(self, frame: Frame) -> Cell | None:
        params = frame.message.get("params") if isinstance(frame.message, dict) else None
        name = (params.get("name") or params.get("uri")) if isinstance(params, dict) else None
        return next((found.cell for (_, known), found in self._subject.definitions().items() if known == name), None)


def _dropdown(name: str, options: list[str]) -> w.Dropdown:
    chooser = w.Dropdown(description=name, options=options, layout={"width": "auto"})
    chooser.style.description_width = "4em"
    return chooser
