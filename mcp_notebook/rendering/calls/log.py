"""Render the log of calls, and the output of one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from mcp_notebook.recording import Call
from mcp_notebook.rendering import look
from mcp_notebook.rendering.badges import state_chip

__all__ = ["log", "put_out"]

Explain = Callable[[BaseException], str]
Place = Callable[[Callable[..., Any] | None], str]
"""Names the cell that defined a function; "" if no cell did."""

WIDTH_OF_ARGUMENTS = 60
WIDTH_OF_NAMES = 100


def log(calls: Sequence[Call], place: Place, *, more: int = 0, times: bool = True) -> look.Rendering:
    """Draw a table of calls; `place` names the cell that defined the function of each."""
    rows = [
        (
            str(call.number),
            _short(call.title, WIDTH_OF_NAMES),
            _arguments(call),
            _ended(call),
            "" if call.duration is None or not times else look.duration(call.duration),
            _short(call.client, WIDTH_OF_NAMES) or "unnamed",
            f"{call.transport}, {call.era}",
            place(call.function),
        )
        for call in calls
    ]
    if not rows:
        empty = "none yet. Call a tool with %mcp call NAME, or from a client after %mcp serve."
        return look.Rendering(f"calls: {empty}", look.card("calls", f"<p>{escape(empty)}</p>"))
    headers = ("", "what", "arguments", "ended", "took" if times else "", "client", "over", "defined in")
    title = f"calls, the latest {len(rows)} of {len(rows) + more}" if more else "calls"
    cells = [
        [escape(n), look.code(what), look.code(args) if args else "", state_chip(call.state, ended), *map(escape, rest)]
        for call, (n, what, args, ended, *rest) in zip(calls, rows, strict=True)
    ]
    text = [title, *look.columns([headers, *rows])]
    return look.Rendering("\n".join(text), look.card(escape(title), look.table(headers, cells, numbers=(0, 4))))


def put_out(call: Call, explain: Explain) -> str:
    """Draw (HTML) the prints and the exception of a call, for its author."""
    printed = call.text("stdout", "stderr", "log")
    html = look.card("output (clients do not see this)", look.pre(printed)) if printed else ""
    if call.raised is not None:
        html += look.card("exception (clients do not see this)", look.pre(explain(call.raised)))
    return html


def _ended(call: Call) -> str:
    denied = call.state == "error" and call.approval is not None and not call.approval.allowed
    return call.state + (", denied" if denied else "") + (f", {call.rounds} rounds" if call.rounds > 1 else "")


def _arguments(call: Call) -> str:
    arguments = call.arguments
    if not isinstance(arguments, dict):  # the call is malformed
        return _short(look.json_line(arguments), WIDTH_OF_ARGUMENTS)
    return _short(" ".join(f"{key}={look.json_line(value)}" for key, value in arguments.items()), WIDTH_OF_ARGUMENTS)


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
