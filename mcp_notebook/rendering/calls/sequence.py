"""Draw a call or frames as a sequence diagram: the messages between the participants, from top to bottom."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape
from itertools import pairwise

from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.picture import picture
from mcp_notebook.rendering.calls.steps import Step, bounded
from mcp_notebook.rendering.calls.steps_of_call import steps_of_call
from mcp_notebook.rendering.calls.steps_of_frames import steps_of_frames
from mcp_notebook.visible import visible

__all__ = ["diagram"]

ORDER = ("person", "model", "client", "server")

LONGEST_LABEL = 64
"""Characters of a label between client and server, so that a line with two participants fits into `look.WIDTH`."""

LONGEST_BESIDE = 36
"""Characters of a label between the client and a person or model, or beside a line."""

LEGEND = "solid: requests and their results; dashed: notifications"


def diagram(
    source: Call | Sequence[Frame], frames: Sequence[Frame] = (), *, times: bool = True, note: str = ""
) -> look.Rendering:
    """Draw a call, or frames, as a sequence diagram.

    Solid lines are requests and their results; dashed ones are notifications. An action of one side alone is a dot on
    its line. The text has no times, ids and ports, so that it is the same on each run.

    Args:
        source: A recorded call, which may still run, or frames in order.
        frames: The frames of the call; without them, it is drawn as the recorder has it.
        times: Whether the picture shows the milliseconds since the first message. If not, the picture of frames also
            leaves out the messages' whole contents, which differ on each run.
        note: A line to show below.
    """
    of_call = isinstance(source, Call)
    title = f"call {source.number}: {visible(source.name, one_line=True)}" if isinstance(source, Call) else "frames"
    steps = steps_of_call(source) if isinstance(source, Call) and not frames else steps_of_frames(frames or source)  # type: ignore[arg-type]
    whole = times or (of_call and not frames)
    steps = [_written(step, times=times, whole=whole) for step in bounded(steps)]
    notes = [note] if note else []
    if not steps:
        nothing = "There is nothing to draw yet."
        html = "".join(f"<p>{escape(line)}</p>" for line in [nothing, *notes])
        return look.Rendering("\n".join([f"{title}: none", *notes]), look.card(escape(title), html))
    who = [name for name in ORDER if any(name in (step.sender, step.receiver) for step in steps)]
    text = _as_text(steps, who)
    legend = [LEGEND] if any(step.kind == "notification" for step in steps) else []
    below = "".join(f"<p>{look.muted(line)}</p>" for line in [*legend, *notes])
    folded = look.fold("as text", f'<pre style="white-space:pre">{escape(text)}</pre>')
    html = look.card(escape(title), picture(title, steps, who), below, folded)
    return look.Rendering("\n".join([title, text, *notes]), html)


def _written(step: Step, *, times: bool, whole: bool) -> Step:
    """Return a step as it is drawn: on one line, without what differs on each run if that is asked for."""
    words, extract, status = _line_of(step.words), _line_of(step.extract), _line_of(step.status)[:3]
    step = step._replace(status=status, detail=step.detail if whole else "", at=step.at if times else None)
    if step.kind != "gap":
        words, extract = _cut(words, _room(step) - 16), _cut(extract, _room(step) - 4)
    return step._replace(words=words, extract=extract)


def _room(step: Step) -> int:
    """Return the columns for the label of a step."""
    return LONGEST_LABEL if {step.sender, step.receiver} == {"client", "server"} else LONGEST_BESIDE


def _line_of(text: str) -> str:
    return visible(" ".join(text.split()), one_line=True)


def _width(text: str) -> int:
    """Return the columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def _cut(text: str, most: int) -> str:
    if _width(text) <= most:
        return text
    room, end = most - 1, 0
    while (room := room - _width(text[end])) >= 0:
        end += 1
    return f"{text[:end].rstrip()}…"


def _label(step: Step) -> str:
    """Return the line of text for a step; the words come first, and the extract takes the room that they leave."""
    status = f" (HTTP {step.status})" if step.status else ""
    number = f"{step.number} " if step.number else ""
    room = _room(step) - _width(f"{number}{step.title}{status}") - 2
    step = step._replace(extract=_cut(step.extract, room) if room >= 4 else "")
    return f"{number}{step.label}{status}"


def _gaps(steps: Sequence[Step], who: Sequence[str]) -> list[int]:
    """Return the columns that the labels between each participant and the next one take."""
    gaps = [len("server")] * (len(who) - 1)
    for step in steps:
        left, right = sorted((who.index(step.sender), who.index(step.receiver)))
        if step.kind == "gap" and left < len(gaps):
            right = left + 1  # its words are between two lines
        for i in range(left, right):
            gaps[i] = max(gaps[i], -(-_width(_label(step)) // (right - left)))
    return gaps


def _as_text(steps: Sequence[Step], who: Sequence[str]) -> str:
    places = [0]
    for gap in _gaps(steps, who):
        places.append(places[-1] + gap + 8)
    widths = [*(right - left for left, right in pairwise(places)), 0]
    head = "".join(f"{name:<{place}}" for name, place in zip(who, widths, strict=True))
    return "\n".join(line.rstrip() for line in [head, *(_line(step, who, places) for step in steps)])


def _line(step: Step, who: Sequence[str], places: Sequence[int]) -> str:
    """Draw one step between the lines of the participants."""
    lane = ":" if step.kind == "gap" else "|"
    line = [" "] * (places[-1] + 1)
    for place in places:
        line[place] = lane
    here, there = places[who.index(step.sender)], places[who.index(step.receiver)]
    label = _label(step)
    if here == there:
        note = f"   {label}" if step.kind == "gap" else f" * {label}"
        return "".join(line[: here + 1]) + note + "".join(line[here + 1 + _width(note) :])
    left, right = sorted((here, there))
    stroke = "." if step.kind == "notification" else "-"
    arrow = f"{stroke * 2} {label} "
    arrow += stroke * (right - left - 2 - _width(arrow))
    line[left + 1 : right] = [f"{arrow}>" if here < there else f"<{arrow}"]
    return "".join(line)
