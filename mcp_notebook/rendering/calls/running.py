"""Render a call that runs: its progress, and its output so far."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from mcp_notebook.recording import Call
from mcp_notebook.rendering import look
from mcp_notebook.rendering.badges import state_chip
from mcp_notebook.rendering.calls.events import notified
from mcp_notebook.visible import visible

__all__ = ["in_words", "printed_so_far", "running_card", "share"]

MOST_PRINTED = 20_000
"""Characters of the output that are shown, the last ones; the whole is shown when the call has ended."""

MOST_LINES = 15
"""Lines of the output in the card, the last ones: what scrolls would jump back at each update."""


def running_card(
    name: str, seconds: float, progress: tuple[float, float | None, str | None] | None, printed: str
) -> look.Rendering:
    """Draw a running call.

    Args:
        name: The tool.
        seconds: The time since it was called.
        progress: The latest report of its progress: the progress, the total if known, and a message.
        printed: Its output so far.
    """
    took = f"{int(seconds)} s" if seconds < 60 else look.duration(seconds)
    done = share(progress[0], progress[1]) if progress is not None else None
    percent = f"{done:.0%}" if done is not None else ""
    words = ", ".join(filter(None, [percent.replace("%", " %"), in_words(*progress) if progress is not None else ""]))
    tail = "\n".join(printed.rstrip("\n").splitlines()[-MOST_LINES:])
    text = "\n".join([", ".join(filter(None, [f"calling {name}", took, words])), *tail.splitlines()])
    value = f' value="{done:.3f}"' if done is not None else ""
    bar = f'<progress max="1"{value} aria-label="progress of the call"></progress>' if progress is not None else ""
    line = f"<p>{bar} {escape(words)}</p>" if progress is not None else ""
    title = f"{look.code(name)} {state_chip('running')} {look.muted(took)}"
    return look.Rendering(text, look.card(title, line, look.pre(tail, whole=True) if tail else ""))


def printed_so_far(call: Call) -> str:
    """Return what a call has printed, logged and sent as messages, in order; of a long output the end."""
    return "".join(_lines(call))[-MOST_PRINTED:]


def _lines(call: Call) -> Iterator[str]:
    for event in call.events:
        if event.kind in ("stdout", "stderr", "log"):
            yield str(event.value)
        elif event.kind == "message":
            yield f"{notified('message', event.value)}\n"


def share(progress: float, total: float | None) -> float | None:
    """Return how much of the whole is done, from 0 to 1; None if that is not known."""
    known = total is not None and total > 0 and math.isfinite(progress / total)
    return min(max(progress / total, 0.0), 1.0) if known and total else None


def in_words(progress: float, total: float | None, message: str | None) -> str:
    """Write a report of progress: ``1 of 3, reading``."""
    of = "" if total is None else f" of {total:,.9g}"
    return visible(", ".join(filter(None, [f"{progress:,.9g}{of}", message])), one_line=True)
