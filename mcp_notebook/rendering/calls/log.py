"""Render the log of calls, and the output of one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from mcp_notebook.recording import Call
from mcp_notebook.rendering import look
from mcp_notebook.rendering.badges import state_chip
from mcp_notebook.rendering.calls.card import call_body

__all__ = ["log", "put_out"]

Explain = Callable[[BaseException], str]
Place = Callable[[Callable[..., Any] | None], str]
"""Names the cell that defined a function; "" if no cell did."""

WIDTH_OF_ARGUMENTS = 60
WIDTH_OF_NAMES = 100

MOST_OPENED = 20
MOST_CHARACTERS_OF_A_BODY = 8_000
MOST_CHARACTERS_OF_BODIES = 40_000
"""The limits for what the lines of a log open to, because it is saved with the notebook."""


def log(
    calls: Sequence[Call], place: Place, explain: Explain = repr, *, more: int = 0, times: bool = True
) -> look.Rendering:
    """Draw a list of calls, of which the latest open.

    Args:
        calls: The calls.
        place: Names the cell that defined the function of each.
        explain: Describes an exception of a function, for its author.
        more: The number of earlier calls.
        times: Whether to show the durations.
    """
    rows = [
        (
            str(call.number),
            _short(f"{'↳ ' if call.within else ''}{call.title}", WIDTH_OF_NAMES),
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
    bodies = _bodies(calls, place, explain, times)
    lines = [f"<div>{_line(list(map(escape, headers)), 'head')}</div>", *map(_opening, map(_line, cells), bodies)]
    return look.Rendering("\n".join(text), look.card(escape(title), f'<div class="rows">{"".join(lines)}</div>'))


def _line(cells: Sequence[str], kind: str = "") -> str:
    """Lay out cells (HTML) in a line; the spaces are for places without the style sheet."""
    return f'<span class="row {kind}">{" ".join(f"<span>{cell}</span>" for cell in cells)}</span>'


def _opening(line: str, body: str) -> str:
    return f"<details><summary>{line}</summary>{body}</details>" if body else f"<div>{line}</div>"


def _bodies(calls: Sequence[Call], place: Place, explain: Explain, times: bool) -> list[str]:
    """Draw (HTML) the whole of the latest calls, as far as they are short; "" for the others."""
    bodies, left = [], MOST_CHARACTERS_OF_BODIES
    for number, call in enumerate(reversed(calls)):
        body = ""
        if number < MOST_OPENED:
            body = "".join(call_body(call, place(call.function), explain, times=times)[1])
            if len(body) > min(left, MOST_CHARACTERS_OF_A_BODY):
                body = f"<p>It is too long to show here: {look.code(f'%mcp log {call.number}')}</p>"
            left -= len(body)
        bodies.append(body)
    return bodies[::-1]


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
