"""Define the look of all output: cards, tables, JSON and errors, as HTML, and as text for terminals.

Colors and fonts come from the front end's CSS variables, with plain fallbacks. Words and shapes carry the meaning;
color only repeats it. HTML that loses the style sheet (GitHub, an untrusted notebook) is still readable.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from itertools import zip_longest
from typing import Any, Literal

from mcp_notebook.rendering.highlight import highlight
from mcp_notebook.visible import visible

__all__ = [
    "Rendering",
    "badge",
    "bullets",
    "card",
    "cell",
    "chip",
    "code",
    "columns",
    "counted",
    "duration",
    "error",
    "fold",
    "heading",
    "json_block",
    "json_code",
    "json_line",
    "json_pre",
    "json_text",
    "muted",
    "pre",
    "section",
    "style",
    "style_sheet",
    "table",
]

WIDTH = 100
"""Characters in a line of text."""

LONGEST_WORD = 15
"""Characters of a name or word that never breaks, however narrow its column is."""

TABLE_WIDTH = 130
"""Characters in a row of a table: a long line is easier to read than a wrapped cell."""

Kind = Literal["", "good", "info", "warn", "bad"]
"""The meaning of a badge or chip, which has a color."""

SIGNS: dict[Kind, str] = {"": "·", "good": "✓", "info": "→", "warn": "!", "bad": "✗"}
"""The sign before the words of a chip, so that its color says nothing more."""


@cache
def style_sheet() -> str:
    """Return the style sheet, without comments and needless spaces."""
    text = files("mcp_notebook.rendering").joinpath("style.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};])\s*|([:,])\s+|\s+", lambda space: space[1] or space[2] or " ", text).strip()


@cache
def style() -> str:
    """Return the style sheet as an element: each card carries it."""
    return f"<style>{style_sheet()}</style>"


class Rendering:
    """An output in two forms: HTML for front ends that show it, and text for all others.

    Both have only visible characters, because the content may come from anywhere, and terminals obey some characters.
    """

    def __init__(self, text: str, html: str) -> None:
        self.text = visible(text)
        self.html = visible(html)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html


def card(title: str, *parts: str, bad: bool = False) -> str:
    """Frame parts (HTML) under a title (HTML); `bad` marks an error, by shape and words besides color."""
    kind = "mcpnb bad" if bad else "mcpnb"
    return visible(f'{style()}<div class="{kind}">{heading(4, title)}{"".join(parts)}</div>')


def section(title: str, body: str) -> str:
    """Put a small heading over a part (HTML); return "" for an empty part."""
    return f"{heading(5, escape(title))}{body}" if body else ""


def heading(level: int, title: str) -> str:
    """Write a heading (HTML), which JupyterLab's table of contents leaves out: that is for the notebook's own."""
    return f'<h{level} class="jp-toc-ignore">{title}</h{level}>'


def badge(words: str, kind: Kind = "") -> str:
    """Name a trait of something, such as *destructive*."""
    return f'<span class="badge {kind}">{escape(visible(words))}</span>'


def chip(words: str, kind: Kind = "") -> str:
    """Name a state, such as *error*, after its sign."""
    return f'<span class="chip {kind}"><span>{SIGNS[kind]}</span> {escape(visible(words))}</span>'


def duration(seconds: float) -> str:
    """Write a time to three digits: ``4.2 ms``, ``123 ms``, ``1.23 s``, ``12.3 s``, ``2 min 5 s``, ``1 h 3 min``."""
    for limit, unit, digits in ((0.01, 1000, 1), (1, 1000, 0), (10, 1, 2), (60, 1, 1)):
        if round(seconds * unit, digits) < limit * unit:
            return f"{seconds * unit:.{digits}f} {'ms' if unit > 1 else 's'}"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """Lay out cells (HTML) under headers; the columns in `numbers` are aligned as numbers."""

    def row(cells: Sequence[tuple[str, str]]) -> str:
        marks = (f"<{tag}{' class=n' if i in numbers else ''}>{cell}</{tag}>" for i, (tag, cell) in enumerate(cells))
        return f"<tr>{''.join(marks)}</tr>"

    # Screen readers announce a header, so it needs words.
    head = row([("th" if header else "td", escape(header)) for header in headers]) if any(headers) else ""
    return f"<table>{head}{''.join(row([('td', cell) for cell in cells]) for cells in rows)}</table>"


def columns(rows: Iterable[Sequence[str]], *, indent: str = "  ") -> list[str]:
    """Lay out cells (text) in columns and wrap long ones; the text counterpart of `table`."""
    cells = [[*(visible(cell, one_line=True) for cell in row[:-1]), visible(row[-1])] for row in rows]
    if not cells:
        return []
    widths = _fitting([max(map(len, column)) for column in zip(*cells, strict=True)], len(indent))
    lines: list[str] = []
    for row in cells:
        wrapped = [
            textwrap.wrap(cell, max(width, 1), break_on_hyphens=False, break_long_words=False)
            for cell, width in zip(row, widths, strict=True)
        ]
        for parts in zip_longest(*wrapped, fillvalue=""):
            line = "  ".join(f"{part:<{width}}" for part, width in zip(parts, widths, strict=True))
            lines.append((indent + line).rstrip())
    return lines


def _fitting(widths: list[int], indent: int) -> list[int]:
    """Make columns narrower if they do not fit: the last one first, then the widest.

    The first column, which has names, keeps its width; the others keep at least 24. The width depends on a terminal but
    not on other surroundings, so that saved notebooks are the same everywhere.
    """
    terminal = sys.__stdout__ is not None and not sys.__stdout__.closed and sys.__stdout__.isatty()
    columns = shutil.get_terminal_size().columns if terminal else TABLE_WIDTH
    *lead, last = widths
    while indent + sum(lead) + 2 * len(lead) + min(last, 40) > min(columns, TABLE_WIDTH):
        wide = [i for i in range(1, len(lead)) if lead[i] > 24]
        if not wide:
            break
        lead[max(wide, key=lambda i: lead[i])] -= 1
    return [*lead, min(last, max(40, min(columns, WIDTH) - indent - sum(lead) - 2 * len(lead)))]


def counted(number: int, noun: str) -> str:
    """Return a number of things in words: ``no cases``, ``1 case``, ``1,000 cases``."""
    return f"{f'{number:,}' if number else 'no'} {noun}{'' if number == 1 else 's'}"


def code(text: object) -> str:
    """Format a name as code; a long word may break after its parts."""
    return f"<code>{cell(visible(str(text)))}</code>"


def cell(text: str) -> str:
    """Write the text of a table's cell; a long word, such as a URI, may break after its parts."""
    return re.sub(r"\S+", lambda word: _breaking(word[0]) if len(word[0]) > LONGEST_WORD else word[0], escape(text))


def _breaking(word: str) -> str:
    return re.sub(r"(?<=[_./-])(?=\w)", "<wbr>", word)


def muted(text: str) -> str:
    """Dim a text of less importance."""
    return f'<span class="dim">{escape(visible(text))}</span>'


def pre(text: str, *, whole: bool = False) -> str:
    """Show preformatted text; a long one in a box that scrolls, unless it is to be shown `whole`."""
    return f"<pre{_WHOLE if whole else ''}>{escape(text)}</pre>"


def json_pre(text: str, *, whole: bool = False) -> str:
    """Show JSON, with its parts marked, as `pre` shows text."""
    return f"<pre class=json{_WHOLE if whole else ''}>{highlight(text)}</pre>"


_WHOLE = ' style="max-height:none"'


def json_code(text: str) -> str:
    """Show JSON within a line."""
    return f"<code>{highlight(visible(text))}</code>"


def json_text(value: Any) -> str:
    """Write a JSON value: on one line if that is short, else indented."""
    line = json_line(value)
    return line if len(line) <= WIDTH - 20 else json.dumps(value, ensure_ascii=False, indent=2, default=str)


def json_line(value: Any) -> str:
    """Write a JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def json_block(summary: str, value: Mapping[str, Any]) -> str:
    """Fold a JSON value away under a summary."""
    return fold(escape(summary), json_pre(json.dumps(value, ensure_ascii=False, indent=2, default=str)))


def fold(summary: str, body: str, *, opened: bool = False) -> str:
    """Fold a part (HTML) away under a summary (HTML)."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>{body}</details>"


def bullets(lines: Sequence[str]) -> str:
    """List lines (text)."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>" if lines else ""


def error(title: str, text: str) -> str:
    """Show an error."""
    return card(escape(title), pre(text), bad=True)
