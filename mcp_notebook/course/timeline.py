"""Draw in which order things happened: a row for each thing, from its beginning to its end.

A step to the right is the next event, and not a time. So the picture of a lesson is the same on each run.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Timeline"]

BEGIN, END, EVENT = "[", "]", "*"


class Timeline:
    """Rows with events, in the order in which they came; any thread may add one.

    In a notebook it shows itself as a picture. As text, a row is ``[`` from its beginning to ``]``, with ``*`` for each
    event between; a row without ``]`` goes on.
    """

    def __init__(self) -> None:
        self._events: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def begin(self, row: str) -> None:
        """Note that a thing has begun."""
        self._add(row, BEGIN)

    def end(self, row: str) -> None:
        """Note that a thing has ended."""
        self._add(row, END)

    def event(self, row: str) -> None:
        """Note that something happened."""
        self._add(row, EVENT)

    @contextmanager
    def bar(self, row: str) -> Iterator[None]:
        """Note the beginning and the end of the block."""
        self.begin(row)
        try:
            yield
        finally:
            self.end(row)

    def _add(self, row: str, kind: str) -> None:
        with self._lock:
            self._events.append((row, kind))

    def rows(self) -> dict[str, list[tuple[str, int]]]:
        """Return the events of each row, as their kind and their step; the row that began first comes first."""
        with self._lock:
            events = list(self._events)
        rows: dict[str, list[tuple[str, int]]] = {}
        for step, (row, kind) in enumerate(events):
            rows.setdefault(row, []).append((kind, step))
        return rows

    def __repr__(self) -> str:
        rows = self.rows()
        width = max((len(row) for row in rows), default=0)
        return "\n".join(f"{row:{width}}  {self._as_text(events)}" for row, events in rows.items()) or "nothing yet"

    def _as_text(self, events: list[tuple[str, int]]) -> str:
        line = [" "] * len(self._events)
        for begin, end in _bars(events, len(line)):
            line[begin : end + 1] = "-" * (min(end, len(line) - 1) - begin + 1)
        for kind, step in events:
            line[step] = kind
        return "".join(line).rstrip()

    def _repr_png_(self) -> bytes:
        from matplotlib.figure import Figure  # it takes half a second to import

        rows = self.rows()
        figure = Figure(figsize=(7, 0.6 + 0.38 * len(rows)), dpi=80, layout="constrained")
        axes = figure.subplots()
        for place, events in enumerate(rows.values()):
            bars = [(begin, end - begin) for begin, end in _bars(events, len(self._events))]
            axes.broken_barh(bars, (place - 0.3, 0.6), facecolor="#9cc3ee", edgecolor="#1f5fbf")
            dots = [step for kind, step in events if kind == EVENT]
            axes.plot(dots, [place] * len(dots), "o", color="#a65d00")
        axes.set(yticks=range(len(rows)), yticklabels=list(rows), xticks=[], ylim=(len(rows) - 0.5, -0.5))
        axes.set_xlabel("order of events →")
        axes.spines[["top", "right", "left"]].set_visible(False)
        png = io.BytesIO()
        figure.savefig(png, format="png")
        return png.getvalue()


def _bars(events: list[tuple[str, int]], steps: int) -> Iterator[tuple[int, int]]:
    """Yield where each bar of a row begins and ends; one that goes on ends after the last step."""
    begun: list[int] = []
    for kind, step in events:
        if kind == BEGIN:
            begun.append(step)
        elif kind == END and begun:
            yield begun.pop(), step
    yield from ((begin, steps) for begin in begun)
