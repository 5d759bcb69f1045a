"""Draw the steps of a sequence as a picture: SVG without scripts, links and ids, in the colors of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.steps import Step

__all__ = ["picture"]

CHARACTER = 7.3
"""Pixels for one character; no font of a page's code is wider than that in this size."""

SMALLER = 6.7
"""Pixels for one character of an extract."""

MARGIN = 46
TIMES = 64
"""Pixels: beside the outermost lines, and for the times on the left."""

TOP = 56
ABOVE = 34
BELOW = 16
"""Pixels: down to the first message, between two messages, and more for one with an extract."""

NARROWEST = 200
BAR = 4
"""Pixels: between two lines at least, and half of the bar on a line that works on a request."""

LEGIBLE = 0.7
"""The part of its size down to which a picture shrinks on a narrow page, before it scrolls."""

COLORS = {
    "request": "currentColor",
    "result": "var(--mcpnb-good)",
    "error": "var(--mcpnb-bad)",
    "notification": "var(--mcpnb-dim)",
}


def picture(title: str, steps: Sequence[Step], who: Sequence[str]) -> str:
    """Draw (SVG) steps between participants, in the order of these, with a description in sentences."""
    timed = any(step.at is not None for step in steps)
    where = _places(steps, who, MARGIN + (TIMES if timed else 0))
    rows, y = [], TOP
    for step in steps:
        rows.append(y)
        y += ABOVE + (BELOW if step.extract and step.number else 0)
    beside = [len(step.label) * SMALLER + 28 for step in steps if step.sender == step.receiver == who[-1]]
    width, height = where[who[-1]] + max([MARGIN, *beside]), y
    marks = [_participant(name, x, height) for name, x in where.items()]
    marks += _bars(steps, rows, where)
    for step, row in zip(steps, rows, strict=True):
        time = "" if step.at is None else _words(look.duration(step.at), TIMES - 8, row + 4, DIM + SMALL + END)
        marks.append(f"<g>{_tooltip(step)}{time}{_step(step, where, row)}</g>")
    about = f"<title>{escape(title)}</title><desc>{escape(_said(steps))}</desc>"
    size = f'width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}"'
    shrinks = f"display:block;max-width:100%;min-width:{width * LEGIBLE:.0f}px;height:auto"
    style = f"{shrinks};color:var(--mcpnb-fg);font:12px var(--mcpnb-mono)"
    svg = f'<svg role="img" {size} style="{style}" fill="currentColor">{about}{"".join(marks)}</svg>'
    # An element that scrolls has to be in reach of the keyboard.
    wide = 'class="scrolled" style="max-height:none" role="group" aria-label="sequence diagram" tabindex="0"'
    return f"<div {wide}>{svg}</div>"


SMALL = ' font-size="11"'
BOLD = ' font-weight="600"'
DIM = ' fill="var(--mcpnb-dim)"'
END = ' text-anchor="end"'
MIDDLE = ' text-anchor="middle"'


def _places(steps: Sequence[Step], who: Sequence[str], left: float) -> dict[str, float]:
    """Return where the participants' lines are: as far apart as the words between them need."""
    gaps = [float(NARROWEST)] * (len(who) - 1)
    for step in steps:
        first, last = sorted((who.index(step.sender), who.index(step.receiver)))
        status = len(step.status) + 7 if step.status else 0
        title, extract = len(step.title) + 3 + status, 0 if first == last else len(step.extract)
        needs = max(title * CHARACTER, extract * SMALLER) + 34 if step.number else 0
        for i in range(first, last):
            gaps[i] = max(gaps[i], needs / (last - first))
    places = [left]
    for gap in gaps:
        places.append(places[-1] + gap)
    return dict(zip(who, places, strict=True))


def _said(steps: Sequence[Step]) -> str:
    """Return the diagram in sentences, for people who cannot see it."""
    return " ".join(
        f"{step.sender}: {step.label}."
        if step.sender == step.receiver
        else f"{step.number}, {step.sender} to {step.receiver}: {step.label}."
        for step in steps
    )


def _participant(name: str, x: float, height: int) -> str:
    box = f'<rect x="{x - 38:.0f}" y="4" width="76" height="24" rx="4" fill="var(--mcpnb-fill)"'
    line = f'<line x1="{x:.0f}" y1="28" x2="{x:.0f}" y2="{height - 6}" stroke="var(--mcpnb-line)"/>'
    return line + box + ' stroke="var(--mcpnb-line)"/>' + _words(name, x, 20, BOLD + MIDDLE)


def _bars(steps: Sequence[Step], rows: Sequence[int], where: Mapping[str, float]) -> list[str]:
    """Draw a bar on the line of who works on a request, from the request to its end."""
    asked = {step.number: (step, row) for step, row in zip(steps, rows, strict=True) if step.kind == "request"}
    bars = []
    for step, row in zip(steps, rows, strict=True):
        ends = step.kind in ("result", "error") or step.words == "notifications/cancelled"
        if ends and step.of in asked:
            request, begun = asked.pop(step.of)
            x = where[request.receiver] - BAR
            place = f'x="{x:.0f}" y="{begun}" width="{2 * BAR}" height="{row - begun}"'
            bars.append(f'<rect {place} fill="var(--mcpnb-fill)" stroke="var(--mcpnb-dim)"/>')
    return bars


def _step(step: Step, where: Mapping[str, float], y: int) -> str:
    here, there = where[step.sender], where[step.receiver]
    if step.kind == "gap":
        return _words(step.words, here + 14, y - 2, DIM)
    if here == there:
        dot = f'<circle cx="{here:.0f}" cy="{y}" r="3.5"/>'
        return dot + _words(step.label, here + 12, y + 4, DIM + SMALL)
    left = min(here, there) + 14
    number = f"<tspan{DIM}>{step.number}</tspan> <tspan{BOLD}>{escape(step.title)}</tspan>"
    words = f'<text x="{left:.0f}" y="{y - 7}">{number}</text>'
    if step.status:
        words += _words(f"HTTP {step.status}", max(here, there) - 14, y - 7, DIM + SMALL + END)
    if step.extract:
        words += _words(step.extract, left, y + 15, DIM + SMALL)
    return _arrow(step, here, there, y) + words


def _arrow(step: Step, here: float, there: float, y: int) -> str:
    way = 1 if here < there else -1
    here, there = here + BAR * way, there - BAR * way
    color, dashed = COLORS[step.kind], step.kind == "notification"
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    end = there if dashed else there - 6 * way
    line = f'<line x1="{here:.0f}" y1="{y}" x2="{end:.0f}" y2="{y}" stroke="{color}" stroke-width="1.5"{dashes}/>'
    head = f'd="M{there - 8 * way:.0f} {y - 5}L{there:.0f} {y}L{there - 8 * way:.0f} {y + 5}'
    if dashed:
        return f'{line}<path {head}" fill="none" stroke="{color}" stroke-width="1.5"/>'
    return f'{line}<path {head}z" fill="{color}"/>'


def _words(text: str, x: float, y: int, style: str) -> str:
    return f'<text x="{x:.0f}" y="{y}"{style}>{escape(text)}</text>'


def _tooltip(step: Step) -> str:
    return f"<title>{escape(step.detail or step.label)}</title>"
