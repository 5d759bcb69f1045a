"""Show the progress of a call: a bar, and words next to it."""

from __future__ import annotations

from html import escape
from threading import RLock
from typing import Any

import ipywidgets as w

from mcp_notebook.rendering import look
from mcp_notebook.visible import visible

__all__ = ["ProgressBar"]


class ProgressBar(w.HBox):
    """The progress of a call; it keeps its place while it is hidden, before the first report.

    All methods may be called from any thread, and a bar can be used again after its end. Without a total, the bar
    moves back and forth.

    Args:
        label: The name of the bar for screen readers.
    """

    def __init__(self, label: str = "progress of the call") -> None:
        self._label = label
        self._share: float | None = None
        self._said = ""
        self._state = ""
        self._lock = RLock()
        self._bar = w.HTML()
        self._words = w.HTML()
        super().__init__([self._bar, self._words], layout=w.Layout(visibility="hidden", align_items="center"))
        self._draw()

    def begin(self) -> None:
        """Show that the call runs, without figures."""
        self._set(None, "", "running")

    def report(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Show `progress` of `total`, if the total is known, and a message."""
        share = min(max(progress / total, 0.0), 1.0) if total and total > 0 else None
        self._set(share, ", ".join(filter(None, [_amount(progress, total), message])), "running")

    def end(self, state: str) -> None:
        """Show how the call ended, such as ``done`` or ``cancelled``; the bar is full if done, and else stays."""
        self._set(1.0 if state == "done" else self._share or 0.0, self._said, state)

    def _set(self, share: float | None, said: str, state: str) -> None:
        with self._lock:
            self._share, self._said, self._state = share, said, state
            self._draw()
            self.layout.visibility = "visible"

    def _draw(self) -> None:
        value = "" if self._share is None else f' max="100" value="{100 * self._share:.0f}"'
        self._bar.value = (
            '<progress style="width:14em;height:.9em;vertical-align:middle;accent-color:var(--jp-brand-color1,'
            f'var(--vscode-progressBar-background,#1976d2))" aria-label="{escape(self._label)}"{value}></progress>'
        )
        self._words.value = f'<span style="font-variant-numeric:tabular-nums">{escape(self._in_words)}</span>'

    @property
    def _in_words(self) -> str:
        share = "" if self._share is None or self._state != "running" else f"{100 * self._share:.0f} %"
        return ", ".join(filter(None, [share or self._state, self._said]))

    def __repr__(self) -> str:
        return visible(f"{self._label}: {self._in_words or 'not begun'}", one_line=True)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        bundle["text/plain"] = repr(self)
        bundle["text/html"] = look.muted(repr(self))
        return bundle


def _amount(progress: float, total: float | None) -> str:
    return f"{progress:,.9g}" if total is None else f"{progress:,.9g} of {total:,.9g}"
