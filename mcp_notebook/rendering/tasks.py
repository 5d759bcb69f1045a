"""Render calls in the background: one as a card, and all as a table."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from mcp_notebook.client.background_call import BackgroundCall
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.running import in_words, printed_so_far, share
from mcp_notebook.rendering.content import draw_result
from mcp_notebook.rendering.listing import listing
from mcp_notebook.visible import visible

__all__ = ["task_card", "tasks_table"]

_KINDS: dict[str, look.Kind] = {
    "working": "info",
    "input_required": "warn",
    "completed": "good",
    "failed": "bad",
    "cancelled": "",
}

MOST_CHARACTERS = 100
"""The limit for a message in the table; the card shows all of it."""


def task_card(call: BackgroundCall) -> look.Rendering:
    """Draw a call in the background as it is now; without the time, which would differ each time its cell runs."""
    status, says = call.status, _says(call)
    what = f"{visible(call.tool, one_line=True)} on {visible(call.server, one_line=True)}"
    lines, parts = [f"call of {what} in the background: {_words(status)}"], []
    if says:
        lines.append(f"  {says}")
        parts.append(f"<p>{_bar(call)} {escape(says)}</p>")
    printed = printed_so_far(call.outcome.call) if call.outcome is not None and call.outcome.call is not None else ""
    if printed:
        lines += [f"  {line}" for line in printed.splitlines()]
        parts.append(look.pre(printed))
    if call.outcome is not None:
        text, html = draw_result(call.outcome.result)
        lines += [f"  {line}".rstrip() for line in text.splitlines()]
        parts.append(html)
    title = f"{look.code(call.tool)} {look.chip(_words(status), _KINDS[status])} {look.muted(f'on {call.server}')}"
    return look.Rendering("\n".join(lines), look.card(title, *parts, bad=status == "failed"))


def tasks_table(calls: Iterable[tuple[int, BackgroundCall]]) -> look.Rendering:
    """List calls in the background by their numbers."""
    rows = [
        (str(number), call.tool, call.server, _words(call.status), look.duration(call.seconds), _short(_says(call)))
        for number, call in calls
    ]
    return listing(
        "calls in the background",
        ("", "tool", "server", "status", "time", "message"),
        rows,
        empty="none. %mcp call TOOL --background starts one.",
    )


def _words(status: str) -> str:
    return status.replace("_", " ")


def _says(call: BackgroundCall) -> str:
    if call.progress is not None and call.task_id is None and call.status == "working":
        return in_words(*call.progress)
    return visible(call.message or "", one_line=True)


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _bar(call: BackgroundCall) -> str:
    if call.progress is None or call.status != "working":
        return ""
    done = share(call.progress[0], call.progress[1])
    value = f' value="{done:.3f}"' if done is not None else ""
    return f'<progress max="1"{value} aria-label="progress of the call"></progress>'
