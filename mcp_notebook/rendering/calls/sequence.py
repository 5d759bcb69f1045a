"""Draw a call as a sequence diagram: the messages between its participants, from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.steps import Step, bounded, steps_of

__all__ = ["diagram"]

ORDER = ("person", "model", "client", "server")
LONGEST_LABEL = 44

CHARACTER = 7.3
"""Pixels for one character of a label; the font is not wider than that."""

ROW = 30
TIMES = 70
MARGIN = 40
"""Pixels: between two messages, for the times on the left, and around the diagram."""


def diagram(source: Call | Sequence[Frame], *, times: bool = True) -> look.Rendering:
    """Draw a call, or the frames of one, as a sequence diagram.

    Solid lines are requests; dashed ones are answers and notifications. An action of one side alone is a dot on its
    line.

    Args:
        source: A recorded call, which may still run, or frames in order.
        times: Whether to show the milliseconds since the first message. If not, the drawing of frames also leaves out
            the messages' contents, which differ on each run.
    """
    title = f"call {source.number}: {source.name}" if isinstance(source, Call) else "frames"
    steps = bounded(steps_of(source))
    if not times and not isinstance(source, Call):
        steps = [step._replace(detail="") for step in steps]
    if not steps:
        return look.Rendering(f"{title}: none", look.card(escape(title), "<p>There is nothing to draw yet.</p>"))
    who = [name for name in ORDER if any(name in (step.sender, step.receiver) for step in steps)]
    text = _as_text(steps, who, times=times)
    svg = _as_svg(title, steps, who, times=times)
    folded = look.fold("as text", f'<pre style="white-space:pre">{escape(text)}</pre>')
    return look.Rendering(f"{title}\n{text}", look.card(escape(title), svg, folded))


def _label(step: Step) -> str:
    words = " ".join(step.words.split())
    return words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1]}…"


def _time(step: Step) -> str:
    return "" if step.at is None else look.duration(step.at)


def _gaps(steps: Sequence[Step], who: Sequence[str]) -> list[int]:
    """Return the characters that the labels between each participant and the next one take."""
    gaps = [len("server")] * (len(who) - 1)
    for step in steps:
        left, right = sorted((who.index(step.sender), who.index(step.receiver)))
        for i in range(left, right):
            gaps[i] = max(gaps[i], -(-len(_label(step)) // (right - left)))
    return gaps


def _as_text(steps: Sequence[Step], who: Sequence[str], *, times: bool) -> str:
    places = [0]
    for gap in _gaps(steps, who):
        places.append(places[-1] + gap + 8)
    head = "".join(f"{name:<{place}}" for name, place in zip(who, [*_widths(places), 0], strict=True)).rstrip()
    lines = [(head, "")] + [(_line(step, who, places), _time(step)) for step in steps]
    wide = max(len(time) for _, time in lines) if times else 0
    return "\n".join((f"{time:>{wide}}  {line}" if times else line).rstrip() for line, time in lines)


def _widths(places: Sequence[int]) -> list[int]:
    return [right - left for left, right in pairwise(places)]


def _line(step: Step, who: Sequence[str], places: Sequence[int]) -> str:
    """Draw one step between the lines of the participants."""
    line = [" "] * (places[-1] + 1)
    for place in places:
        line[place] = "|"
    here, there = places[who.index(step.sender)], places[who.index(step.receiver)]
    label = _label(step)
    if here == there:
        return "".join(line[: here + 1]) + f" * {label}" + "".join(line[here + len(label) + 4 :])
    left, right = sorted((here, there))
    stroke = "." if step.reply else "-"
    arrow = f"{stroke * 2} {label} ".ljust(right - left - 2, stroke)
    line[left + 1 : right] = f"{arrow}>" if here < there else f"<{arrow}"
    return "".join(line)


def _as_svg(title: str, steps: Sequence[Step], who: Sequence[str], *, times: bool) -> str:
    left = MARGIN + (TIMES if times else 0)
    places = [float(left)]
    for gap in _gaps(steps, who):
        places.append(places[-1] + max(gap * CHARACTER + 30, 130))
    beside = max((len(_label(step)) for step in steps if step.sender == step.receiver == who[-1]), default=0)
    width, height = places[-1] + max(MARGIN, beside * CHARACTER + 24), ROW * (len(steps) + 2)
    where = dict(zip(who, places, strict=True))
    marks = [_participant(name, x, height) for name, x in where.items()]
    for i, step in enumerate(steps):
        y = ROW * (i + 2)
        marks.append(f"<g>{_tooltip(step)}{_step(step, where[step.sender], where[step.receiver], y)}</g>")
        if times:
            marks.append(_words(_time(step), TIMES - 8, y + 4, 'text-anchor="end" fill="var(--mcpnb-dim)"'))
    about = f"<title>{escape(title)}</title><desc>{escape(_said(steps))}</desc>"
    size = f'width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}"'
    style = "display:block;color:var(--mcpnb-fg);font:12px var(--mcpnb-mono)"
    svg = f'<svg role="img" {size} style="{style}" fill="currentColor">{about}{"".join(marks)}</svg>'
    return f'<div style="overflow:auto;max-height:44em" tabindex="0">{svg}</div>'


def _said(steps: Sequence[Step]) -> str:
    """Return the diagram in sentences, for people who cannot see it."""
    return " ".join(
        f"{step.sender}: {_label(step)}."
        if step.sender == step.receiver
        else f"{step.sender} to {step.receiver}: {_label(step)}."
        for step in steps
    )


def _participant(name: str, x: float, height: int) -> str:
    box = f'<rect x="{x - 34:.0f}" y="6" width="68" height="22" rx="3" fill="var(--mcpnb-fill)" stroke="currentColor"/>'
    line = f'<line x1="{x:.0f}" y1="28" x2="{x:.0f}" y2="{height - 8}" stroke="var(--mcpnb-line)"/>'
    return line + box + _words(name, x, 21, 'text-anchor="middle" font-weight="600"')


def _step(step: Step, here: float, there: float, y: int) -> str:
    if here == there:
        dot = f'<circle cx="{here:.0f}" cy="{y}" r="3.5"/>'
        return dot + _words(_label(step), here + 10, y + 4, 'fill="var(--mcpnb-dim)"')
    way = 1 if here < there else -1
    dashes = ' stroke-dasharray="4 3"' if step.reply else ""
    line = f'<line x1="{here:.0f}" y1="{y}" x2="{there - 6 * way:.0f}" y2="{y}" stroke="currentColor"{dashes}/>'
    head = f'<path d="M{there:.0f} {y}l{-8 * way} -4v8z"/>'
    return line + head + _words(_label(step), (here + there) / 2, y - 6, 'text-anchor="middle"')


def _words(text: str, x: float, y: int, style: str) -> str:
    return f'<text x="{x:.0f}" y="{y}" {style}>{escape(text)}</text>'


def _tooltip(step: Step) -> str:
    words = f"{step.words}\n{step.detail}" if step.detail else step.words
    return f"<title>{escape(words)}</title>"
