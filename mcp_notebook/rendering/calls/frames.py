"""Render frames: whole, or one line each."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, TypeAlias

from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import as_object

__all__ = ["Asked", "brief_wire_log", "in_words", "method_of", "session_of", "wire_log"]

Asked: TypeAlias = dict[tuple[int, str, str], str]
"""The methods of earlier requests, by exchange, sender and id; also under exchange 0, for any exchange."""

NAMED_IN_BRIEF = ("authorization", "last-event-id", "mcp-")
"""The prefixes of the headers that a brief line names, without their values."""

WIDTH_OF_TEXT = 60
"""Characters shown of a message that is not JSON."""


def wire_log(frames: Sequence[Frame]) -> look.Rendering:
    """Draw frames in the order in which they were sent."""
    if not frames:
        return _no_frames()
    lines, parts = ["frames"], []
    for frame in frames:
        head, whole = _way(frame), _whole(frame)
        lines += [head, *(f"    {line}" for line in whole.splitlines())]
        parts.append(look.section(head, look.pre(whole)))
    return look.Rendering("\n".join(lines), look.card("frames", *parts))


def _way(frame: Frame) -> str:
    arrow = "client to server" if frame.direction == "client" else "server to client"
    return f"{arrow}, {frame.transport}{f', exchange {frame.exchange}' if frame.exchange else ''}"


def _whole(frame: Frame) -> str:
    body = frame.message if isinstance(frame.message, str) else look.json_text(frame.message)
    return "\n".join(filter(None, [frame.head, body]))


def brief_wire_log(frames: Sequence[Frame]) -> look.Rendering:
    """Draw one line for each frame, without details that differ on each run: ids, ports, times and contents.

    The empty end of a stream is left out, because its place among the frames differs on each run.
    """
    rows: list[tuple[str, str, str, str]] = []
    asked: Asked = {}
    streams = set()
    for frame in frames:
        line, *headers = frame.head.splitlines() or [""]
        if line.startswith("GET "):
            streams.add(frame.exchange)
        if frame.direction == "server" and frame.message == "" and frame.exchange in streams:
            continue
        arrow = "client →" if frame.direction == "client" else "← server"
        named = [header.partition(":")[0] for header in headers if header.startswith(NAMED_IN_BRIEF)]
        rows.append((arrow, _http(line, headers, frame.message), in_words(frame, asked), ", ".join(named)))
    if not rows:
        return _no_frames()
    used = [i for i in range(4) if any(row[i] for row in rows)]
    names, *table = ([row[i] for i in used] for row in (("from", "HTTP", "message", "headers"), *rows))
    cells = [[arrow.replace(" ", "&nbsp;"), *map(_marked, rest)] for arrow, *rest in table]
    text = ["frames", *look.columns([names, *table])]
    return look.Rendering("\n".join(text), look.card("frames", look.table(names, cells)))


def _no_frames() -> look.Rendering:
    empty = "kept from now on. Make a request, then look again."
    return look.Rendering(f"frames: {empty}", look.card("frames", f"<p>{escape(empty)}</p>"))


def _marked(names: str) -> str:
    whole = '<span style="white-space:nowrap">{}</span>'
    return ", ".join(whole.format(look.code(name)) for name in names.split(", ") if name)


def _http(line: str, headers: Sequence[str], message: Any) -> str:
    """Return the request line without its query, which may name a session, or the status with the content type."""
    values = [
        header.partition(":")[2].partition(";")[0].strip() for header in headers if header.startswith("content-type:")
    ]
    return " ".join([line.partition("?")[0], *(values if message and line[:1].isdigit() else ())])


def method_of(frame: Frame, asked: Asked) -> str:
    """Return the method of a message, or of the request that it answers; `asked` keeps the earlier methods."""
    message, sender = frame.message, frame.direction
    if not isinstance(message, dict):
        return ""
    number = str(message.get("id"))
    if "method" not in message:
        other = "server" if sender == "client" else "client"
        # Several clients may use the same id; an answer usually comes in the exchange of its request.
        return asked.get((frame.exchange, other, number)) or asked.get((0, other, number), "")
    method = str(message["method"])
    if "id" in message:
        asked[frame.exchange, sender, number] = asked[0, sender, number] = method
    return method


def session_of(frame: Frame) -> str:
    """Return the id of the legacy HTTP session that a frame belongs to; "" if its head names none."""
    lines = (line for line in frame.head.splitlines() if line.startswith("mcp-session-id: "))
    return next(lines, "").partition(": ")[2]


def in_words(frame: Frame, asked: Asked) -> str:
    """Name a message by its method, or by the request that it answers; `asked` is as in `method_of`."""
    message, method = frame.message, method_of(frame, asked)
    if not isinstance(message, dict):
        return str(message).partition("?")[0][:WIDTH_OF_TEXT]
    if "method" not in message:
        words = f"{'error' if 'error' in message else 'result'} of {method or 'a request'}"
        waits = as_object(message.get("result")).get("resultType") == "input_required"
        return f"{words}: input required" if waits else words
    params = message.get("params")
    named = (params.get("name") or params.get("uri")) if isinstance(params, dict) else None
    return f"{method} {named}" if named else method
