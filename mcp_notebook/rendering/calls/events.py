"""Render the output and questions of a call, in a form for each kind of event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from mcp_notebook.recording import Event
from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import Part, as_object, draw, shortened
from mcp_notebook.schema import parameters
from mcp_notebook.server.listing import argument_in_words
from mcp_notebook.urls import address_of

__all__ = ["draw_events", "notified"]

MOST_EVENTS = 100
ENDS = 2
"""The most events of a call that are drawn, and the notifications at each end of a long run."""

_PICTURES = ("image/png", "image/jpeg")
_READABLE = ("text/markdown", "text/plain")


def draw_events(events: Sequence[Event], *, times: bool = True) -> Iterator[tuple[str, Part]]:
    """Draw at most `MOST_EVENTS` events, each under its kind; of a run of notifications, draw only the ends."""
    drawn: list[tuple[str, Part]] = []
    for kind, run in groupby(events, lambda event: event.kind):
        if kind in ("progress", "message"):
            drawn.append(_notifications(kind, list(run), times))
        else:
            drawn += [(f"{kind}{_after(event, times)}", _DRAWN.get(kind, _text)(event.value)) for event in run]
    yield from drawn[:MOST_EVENTS]
    if len(drawn) > MOST_EVENTS:
        yield f"... {len(drawn) - MOST_EVENTS} more", ("", "")


def _notifications(kind: str, run: Sequence[Event], times: bool) -> tuple[str, Part]:
    """Draw a run of notifications of one kind as a list."""
    left_out = len(run) - 2 * ENDS
    lines = [
        shortened(notified(kind, event.value)) for event in (run if left_out <= 1 else [*run[:ENDS], *run[-ENDS:]])
    ]
    if left_out > 1:
        lines.insert(ENDS, f"... {left_out} more")
    return f"{kind}{_after(run[0], times)}", ("\n".join(lines), look.bullets(lines))


def _after(event: Event, times: bool) -> str:
    return f", after {look.duration(event.at)}" if times else ""


def notified(kind: str, params: Any) -> str:
    """Describe a notification: ``1 of 3, reading`` for progress, ``info: done`` for a log message."""
    fields = as_object(params)
    if kind == "progress":
        of = "" if fields.get("total") is None else f" of {fields['total']}"
        return ", ".join(filter(None, [f"{fields.get('progress')}{of}", str(fields.get("message") or "")]))
    return f"{fields.get('level')}: {_plain(fields.get('data'))}" if kind == "message" else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else look.json_line(value)


def _text(value: Any) -> Part:
    if not isinstance(value, str):
        return draw(value)
    return shortened(value), look.pre(shortened(value))


def _display(value: Any) -> Part:
    bundle = as_object(value)
    text = str(next((bundle[kind] for kind in _READABLE if kind in bundle), ", ".join(bundle)))
    for kind in _PICTURES:
        if isinstance(bundle.get(kind), str):
            return text, f'<img alt="{escape(text)}" src="data:{kind};base64,{escape(bundle[kind])}">'
    return _text(text)


def _words(text: str) -> Part:
    return shortened(text), f"<p>{escape(shortened(text))}</p>"


def _question(value: Any) -> Part:
    question = as_object(value)
    params = as_object(question.get("params"))
    if question.get("method") == "elicitation/create":
        text, html = _words(f"elicitation: {params.get('message', '')}")
        more, table = _url(str(params["url"])) if "url" in params else _asked_fields(params.get("requestedSchema"))
        return f"{text}\n{more}".rstrip(), html + table
    if question.get("method") == "sampling/createMessage":
        said = [_said(message) for message in params.get("messages") or [] if isinstance(message, dict)]
        system = [f"system: {params['systemPrompt']}"] if params.get("systemPrompt") else []
        return _text("\n".join(["sampling", *system, *said]))
    return _words("the client's roots") if question.get("method") == "roots/list" else draw(value)


def _url(url: str) -> Part:
    address = address_of(url)
    host = f"\nhost: {address.host or 'none'}" if address.cautions else ""
    return _words(f"{address.href or address.written}{host}")


def _asked_fields(schema: Any) -> Part:
    try:
        fields = parameters(as_object(schema))
        rows = [(p.name, argument_in_words(p, schema), p.description) for p in fields]
    except Exception:  # noqa: BLE001 - a broken schema must not hide the question
        return draw(schema)
    cells = [(look.code(name), escape(words), escape(description)) for name, words, description in rows]
    return "\n".join(look.columns(rows)), look.table((), cells) if cells else ""


def _answer(value: Any) -> Part:
    answer = as_object(value)
    given = answer.get("content")
    if "action" in answer:
        text, html = _words(str(answer["action"]))
        more, table = _given(given) if isinstance(given, dict) and given else ("", "")
        return f"{text}\n{more}".rstrip(), html + table
    if "role" in answer:
        return _text(f"{answer.get('model', 'a model')}, {_said(answer)}")
    if isinstance(answer.get("roots"), list):
        return _text("\n".join(str(as_object(root).get("uri")) for root in answer["roots"]) or "no roots")
    return draw(value)


def _given(content: Mapping[str, Any]) -> Part:
    rows = [(str(name), look.json_line(value)) for name, value in content.items()]
    return "\n".join(look.columns(rows)), look.table((), [(look.code(name), look.code(value)) for name, value in rows])


def _said(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    blocks = content if isinstance(content, list) else [content]
    words = [str(as_object(block).get("text") or f"[{as_object(block).get('type')}]") for block in blocks]
    return f"{message.get('role')}: {' '.join(words)}"


_DRAWN = {"display": _display, "question": _question, "answer": _answer}
