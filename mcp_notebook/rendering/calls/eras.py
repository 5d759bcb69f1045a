"""Render one call under the legacy and the modern protocol, with the frames side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from html import escape
from itertools import groupby, zip_longest
from typing import Any, NamedTuple

from mcp_notebook.json_diff import differences
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.frames import Asked, in_words

__all__ = ["lens"]

WIDTH = 46
"""Characters in a column of the text, if there are two."""

NARROW = 38
"""Characters in a column of the text, if there are three."""

PHASES = {
    "connect": "",
    "request": "",
    "meanwhile": "",
    "result": "",
    "alongside": "The SDK's client lists the tools, to check the result against the output schema.",
    "leave": "",
}
"""The parts of a call, in order, each with a note or "" for none."""

NOTHING = {
    ("connect", "modern"): "nothing: each request names the client and the version",
    ("leave", "modern"): "nothing: there is no session",
}


class EraLine(NamedTuple):
    """A row of the comparison: a frame, its part of the call, and its message in words.

    Attributes:
        times: The number of equal frames in a row; `frame` is the first of them.
    """

    phase: str
    words: str
    facts: tuple[str, ...]
    frame: Frame
    times: int = 1


def lens(
    tool: str, sides: Mapping[str, Sequence[Frame]], *, full: bool = False, notes: Sequence[str] = ()
) -> look.Rendering:
    """Draw the frames of one call in both eras, part by part, without details that differ on each run.

    Args:
        tool: The tool that was called.
        sides: The frames of each column, from connecting until the connection was closed, by its title: ``legacy``,
            ``modern``, and what else begins with the name of an era.
        full: Whether to add the messages as JSON, folded; they contain ids and states that differ on each run.
        notes: Further lines to show below.
    """
    lines = {era: _counted(_lines(frames)) for era, frames in sides.items()}
    titles = [_title(era, frames) for era, frames in sides.items()]
    notes = [_same(lines), *notes]
    text = [f"{tool} in both eras", "", *_beside(*titles)]
    rows: list[str] = []
    for phase, about in PHASES.items():
        aligned = _aligned(*([line for line in side if line.phase == phase] for side in lines.values()))
        if not aligned:
            continue
        text += ["", f"{phase}{': ' if about else ''}{about}"]
        rows.append(f'<tr><td colspan="{len(sides)}">{look.heading(5, phase)}{look.muted(about)}</td></tr>')
        absent = [NOTHING.get((phase, era.partition(" ")[0]), "") if side else "" for era, side in lines.items()]
        for i, row in enumerate(aligned):
            cells = [_cell(line, absent[j] if i == 0 else "") for j, line in enumerate(row)]
            text += _beside(*cells)
            rows.append("<tr>" + "".join(map(_html, row, cells, [full] * len(row))) + "</tr>")
    head = "".join(f'<th style="width:{100 // len(titles)}%">{escape(title)}</th>' for title in titles)
    table = f'<table style="width:100%;table-layout:fixed"><tr>{head}</tr>{"".join(rows)}</table>'
    # Three columns are wider than some cells, and what scrolls has to be in reach of the keyboard.
    wide = f'<div class="rows" role="group" aria-label="columns of messages" tabindex="0">{table}</div>'
    html = look.card(
        f"{look.code(tool)} in both eras",
        table if len(sides) == 2 else wide,
        "".join(f"<p>{escape(line)}</p>" for line in notes),
    )
    return look.Rendering("\n".join([*text, "", *notes]), html)


def _title(era: str, frames: Sequence[Frame]) -> str:
    exchanges = len({frame.exchange for frame in frames if frame.exchange})
    messages = sum(isinstance(frame.message, dict) for frame in frames)
    over = f"{exchanges} HTTP requests, " if exchanges else ""
    return f"{era}: {over}{messages} messages"


def _lines(frames: Sequence[Frame]) -> Iterator[EraLine]:
    """Return the rows to show for the frames, each with its part of the call."""
    asked: Asked = {}
    method = {("client", "tools/list"): "alongside", ("server", "result of tools/list"): "alongside"}
    for frame in frames:
        first, *headers = frame.head.splitlines() or [""]
        verb = first.partition(" ")[0]
        if isinstance(frame.message, dict):
            words = in_words(frame, asked)
            phase = method.get((frame.direction, words)) or _phase(frame, words)
            yield EraLine(phase, words, (*_headers(headers), *_facts(frame.message)), frame)
        elif verb in ("GET", "DELETE"):
            words = {"GET": "GET, a stream for messages from the server", "DELETE": "DELETE, the end of the session"}[
                verb
            ]
            yield EraLine("connect" if verb == "GET" else "leave", words, tuple(_headers(headers)), frame)


def _counted(lines: Iterable[EraLine]) -> list[EraLine]:
    runs = [list(run) for _, run in groupby(lines, lambda line: (line.phase, line.words, line.facts))]
    return [run[0]._replace(times=len(run)) for run in runs]


def _phase(frame: Frame, words: str) -> str:
    method = words.removeprefix("result of ").removeprefix("error of ")
    if method in ("initialize", "notifications/initialized", "server/discover"):
        return "connect"
    if frame.direction == "client" and words.startswith("tools/call"):
        return "meanwhile" if "inputResponses" in frame.message.get("params", {}) else "request"
    if frame.direction == "server" and method == "tools/call":
        result = frame.message.get("result")
        goes_on = isinstance(result, dict) and ("inputRequests" in result or result.get("resultType") == "task")
        return "meanwhile" if goes_on else "result"
    if frame.direction == "server" and method == "tasks/get":
        result = frame.message.get("result")
        ended = isinstance(result, dict) and result.get("status") in ("completed", "failed", "cancelled")
        return "result" if ended else "meanwhile"
    return "meanwhile"


def _headers(headers: Sequence[str]) -> Iterator[str]:
    of_task = any(header.startswith("mcp-method: tasks/") for header in headers)
    # Sessions and tasks have other ids on each run.
    other = {"mcp-session-id": "(of this session)", **({"mcp-name": "(of this task)"} if of_task else {})}
    for header in headers:
        name, _, value = header.partition(": ")
        if name.startswith("mcp-"):
            yield f"{name}: {other.get(name, value)}"


def _facts(message: dict[str, Any]) -> Iterator[str]:
    """List the fields in a message's params or result, and in their ``_meta``."""
    for part in ("params", "result", "error"):
        fields = message.get(part)
        if isinstance(fields, dict):
            names = [_field(name, value) for name, value in fields.items() if name != "_meta"]
            if names:
                yield f"{part}: {', '.join(names)}"
            if isinstance(fields.get("_meta"), dict):
                yield f"_meta: {', '.join(name.rpartition('/')[2] for name in fields['_meta'])}"


def _field(name: str, value: Any) -> str:
    telling = name in ("protocolVersion", "resultType", "action", "code", "isError")
    return f"{name} {value if isinstance(value, str) else look.json_line(value)}" if telling else name


def _aligned(*sides: Sequence[EraLine]) -> list[tuple[EraLine | None, ...]]:
    """Put the lines of one part in rows: equal messages beside each other, and the lines between them in order."""
    rows: list[tuple[EraLine | None, ...]] = []
    for done, side in enumerate(sides):
        words = [next(line.words for line in reversed(row) if line is not None) for row in rows]
        matcher = SequenceMatcher(None, words, [line.words for line in side], autojunk=False)
        before = (None,) * done
        rows = [
            (*(row or before), line)
            for _, a, b, c, d in matcher.get_opcodes()
            for row, line in zip_longest(rows[a:b], side[c:d])
        ]
    return rows


def _cell(line: EraLine | None, absent: str) -> str:
    if line is None:
        return absent
    arrow = "client →" if line.frame.direction == "client" else "← server"
    many = f", {line.times} times" if line.times > 1 else ""
    return "\n".join([f"{arrow} {line.words}{many}", *(f"  {fact}" for fact in line.facts)])


def _html(line: EraLine | None, cell: str, full: bool) -> str:
    first, *facts = cell.splitlines() or [""]
    body = "".join(f'<div class="dim" style="overflow-wrap:anywhere">{escape(fact.strip())}</div>' for fact in facts)
    if full and line is not None and isinstance(line.frame.message, dict):
        body += look.json_block("as JSON", line.frame.message)
    return f"<td>{look.code(first) if line else look.muted(first)}{body}</td>"


def _beside(*sides: str) -> list[str]:
    """Lay out texts side by side."""
    width = WIDTH if len(sides) == 2 else NARROW
    rows = zip_longest(*(_wrapped(side, width) for side in sides), fillvalue="")
    return ["  " + "  ".join(f"{line:<{width}}" for line in row).rstrip() for row in rows]


def _wrapped(text: str, width: int) -> list[str]:
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(line, width, subsequent_indent=f"{indent}  ", break_on_hyphens=False)
    return lines


def _same(sides: Mapping[str, list[EraLine]]) -> str:
    """Compare the results of all columns, in a sentence."""
    results = {era: [line.frame.message for line in side if line.phase == "result"] for era, side in sides.items()}
    without = [era for era, messages in results.items() if not messages]
    if without:
        return f"The {' and the '.join(without)} era got no result."
    old, *others = (_result(messages[-1]) for messages in results.values())
    places = [difference.dotted for new in others for difference in differences(old, new)]
    return f"The results differ: {', '.join([*dict.fromkeys(places)][:5])}." if places else "The result is the same."


def _result(end: dict[str, Any]) -> dict[str, Any]:
    part = end.get("result", end.get("error"))
    if isinstance(part, dict) and "taskId" in part:
        part = part.get("result", part.get("error"))
    return {k: v for k, v in part.items() if k not in ("_meta", "resultType")} if isinstance(part, dict) else {}
