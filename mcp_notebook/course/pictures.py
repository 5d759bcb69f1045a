"""Draw a line in the output of a cell while the cell runs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

__all__ = ["LivePlot"]

BETWEEN = 0.1
"""Seconds between two drawings: each takes a few hundredths of one."""

MARKS = {"passed": ("o", "#2e7d32"), "refused": ("x", "#b00020")}


class LivePlot:
    """A plot that grows while the cell runs; use it in a ``with`` block.

    Args:
        show: IPython's `display`, which every cell has.
        title: The title, which is also the text where pictures are not shown.
        x: The label of the horizontal axis.
        y: The label of the vertical axis.
        until: The highest value on each axis.
    """

    def __init__(self, show: Callable[..., Any], title: str, x: str, y: str, *, until: tuple[float, float]) -> None:
        from matplotlib.figure import Figure  # takes half a second to import

        self._show, self._title = show, title
        # A figure outside of pyplot: the notebook does not show it a second time.
        self._figure = Figure(figsize=(7, 2.6), layout="constrained")
        self._axes = self._figure.subplots()
        self._axes.set(title=title, xlabel=x, ylabel=y, xlim=(0, until[0]), ylim=(0, until[1]))
        self._axes.spines[["top", "right"]].set_visible(False)
        (self._line,) = self._axes.plot([], [], color="#1f5fbf", label=y)
        for name, (marker, color) in MARKS.items():
            self._axes.plot([], [], marker, color=color, label=name)
        self._axes.legend(loc="upper right", ncols=3, fontsize="small")
        self._points: list[tuple[float, float]] = []
        self._handle: Any = None
        self._drawn = 0.0

    def add(self, x: float, y: float, mark: str = "") -> None:
        """Add a point to the line; ``passed`` and ``refused`` also mark it."""
        self._points.append((x, y))
        self._line.set_data(*zip(*self._points, strict=True))
        if mark:
            marker, color = MARKS[mark]
            self._axes.plot([x], [y], marker, color=color)
        if time.monotonic() - self._drawn > BETWEEN:
            self._draw()

    def _draw(self) -> None:
        picture = io.BytesIO()
        self._figure.savefig(picture, format="png", dpi=100)
        self._drawn = time.monotonic()
        shown = {"image/png": picture.getvalue(), "text/plain": f"[plot: {self._title}]"}
        if self._handle is None:
            self._handle = self._show(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def __enter__(self) -> LivePlot:
        self._draw()
        return self

    def __exit__(self, *_: object) -> None:
        self._draw()
