"""Calls as the recorder kept them: the log, one call, and what it put out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from mcp_types import CallToolResult, GetPromptResult, ReadResourceResult
from pydantic import BaseModel, ValidationError

from mcp_notebook.recording import Call, Event
from mcp_notebook.widgets import content, look

__all__ = ["call_card", "log", "put_out"]

Explain = Callable[[BaseException], str]

WIDTH_OF_ARGUMENTS = 60


def log(calls: Sequence[Call], place: Callable[[Call], str], *, more: int = 0, times: bool = True) -> look.Rendering:
    """Draw a table of calls; `place` names the cell that defined what was called."""
    rows = [
        (
            str(call.number),
            _what(call),
            _arguments(call),
            _ended(call),
            "" if call.duration is None or not times else _milliseconds(call.duration),
            call.client or "unnamed",
            f"{call.transport}, {call.era}",
            place(call),
        )
        for call in calls
    ]
    if not rows:
        empty = "none yet. Call a tool: %mcp call NAME, or from a client on %mcp serve."
        return look.Rendering(f"calls: {empty}", look.card("calls", f"<p>{escape(empty)}</p>"))
    headers = ("", "what", "arguments", "ended", "ms" if times else "", "client", "over", "defined in")
    title = f"calls, the latest {len(rows)} of {len(rows) + more}" if more else "calls"
    cells = [
        [escape(n), look.code(what), look.code(args) if args else "", *map(escape, rest)]
        for n, what, args, *rest in rows
    ]
    text = [title, *look.columns([headers, *rows])]
    return look.Rendering("\n".join(text), look.card(escape(title), look.table(headers, cells, numbers=(0, 4))))


def call_card(call: Call, place: str, explain: Explain) -> look.Rendering:
    """Draw one call with all that came of it."""
    facts = [
        ("method", call.method),
        ("server", f"{call.server}{', defined in ' + place if place else ''}"),
        ("client", f"{call.client or 'unnamed'}, over {call.transport}, {call.protocol_version} ({call.era})"),
        ("ended", call.state + ("" if call.duration is None else f", {_milliseconds(call.duration)} ms")),
        ("arguments", look.json_text(call.arguments)),
    ]
    if call.approval is not None:
        facts.append(("approval", f"{call.approval}, after {call.approval.waited:.1f} s"))
    if call.error:
        facts.append(("error", call.error))
    shown = [(name, _event(event)) for name, event in _timeline(call)]
    result = _result(call)
    raised = explain(call.raised) if call.raised is not None else ""
    title = f"call {call.number}: {_what(call)}"
    lines = [title, *look.columns(facts)]
    for name, body in [*shown, ("result", result), ("raised (clients do not see this)", raised)]:
        if body:
            lines += [f"  {name}", *(f"    {line}" for line in body.rstrip("\n").splitlines())]
    parts = [look.table(("", ""), [[look.muted(name), look.code(value)] for name, value in facts])]
    parts += [look.section(name, look.pre(body)) for name, body in [*shown, ("result", result)] if body]
    parts += [look.section("raised (clients do not see this)", look.pre(raised))] if raised else []
    bad = call.state in ("error", "refused")
    return look.Rendering("\n".join(lines), look.card(escape(title), *parts, bad=bad))


def put_out(call: Call, explain: Explain) -> str:
    """Draw (HTML) what a call printed and raised, for its author."""
    printed = "".join(str(e.value) for e in call.events if e.kind in ("stdout", "stderr", "log"))
    html = look.card("what it printed (clients do not see this)", look.pre(printed)) if printed else ""
    if call.raised is not None:
        html += look.card("what it raised (clients do not see this)", look.pre(explain(call.raised)))
    return html


def _result(call: Call) -> str:
    if call.result is None:
        return ""
    if call.cut:
        return look.json_text(call.content)
    try:
        return content.render(_RESULTS[call.method].model_validate(call.result)).text
    except (KeyError, ValidationError):  # of another kind
        return look.json_text(call.content)


_RESULTS: dict[str, type[BaseModel]] = {
    "tools/call": CallToolResult,
    "resources/read": ReadResourceResult,
    "prompts/get": GetPromptResult,
}


def _timeline(call: Call) -> list[tuple[str, Event]]:
    return [(f"{event.kind}, after {_milliseconds(event.at)} ms", event) for event in call.events]


def _event(event: Event) -> str:
    if isinstance(event.value, str):
        return event.value
    if event.kind == "display" and isinstance(event.value, dict):
        return str(next((event.value[kind] for kind in _READABLE if kind in event.value), ", ".join(event.value)))
    return look.json_text(event.value)


_READABLE = ("text/markdown", "text/plain")


def _ended(call: Call) -> str:
    denied = call.state == "error" and call.approval is not None and not call.approval.allowed
    return call.state + (", denied" if denied else "") + (f", {call.rounds} rounds" if call.rounds > 1 else "")


def _what(call: Call) -> str:
    return call.name if call.method == "tools/call" else f"{call.method} {call.name}"


def _arguments(call: Call) -> str:
    text = " ".join(f"{key}={_short(value)}" for key, value in call.arguments.items())
    return text if len(text) <= WIDTH_OF_ARGUMENTS else text[: WIDTH_OF_ARGUMENTS - 1] + "…"


def _short(value: Any) -> str:
    return look.json_text(value).replace("\n", " ")


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"
