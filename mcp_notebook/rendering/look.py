"""Define the look of all output: cards, tables, JSON and errors, as HTML, and as text for terminals.

Colors and fonts come from the front end's CSS variables, with plain fallbacks. Words and shapes carry the meaning;
color only repeats it. HTML that loses the style sheet (GitHub, an untrusted notebook) is still readable.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from typing import Any

from mcp_notebook.visible import visible

__all__ = [
    "Rendering",
    "bullets",
    "card",
    "code",
    "columns",
    "error",
    "fold",
    "json_block",
    "json_line",
    "json_text",
    "muted",
    "pre",
    "section",
    "table",
]

WIDTH = 100
"""Characters in a line of text."""

TABLE_WIDTH = 130
"""Characters in a row of a table: a long line is easier to read than a wrapped cell."""

# The class is doubled to override the front end's own rules for HTML in outputs.
_STYLE = """<style>
.mcpnb{--mcpnb-fg:var(--jp-content-font-color1,var(--vscode-foreground,inherit));
--mcpnb-dim:var(--jp-content-font-color2,var(--vscode-descriptionForeground,#666));
--mcpnb-line:var(--jp-border-color2,var(--vscode-panel-border,#bbb));
--mcpnb-fill:var(--jp-layout-color2,var(--vscode-textCodeBlock-background,rgba(127,127,127,.1)));
--mcpnb-bad:var(--jp-error-color1,var(--vscode-errorForeground,#b00020));
--mcpnb-mono:var(--jp-code-font-family,var(--vscode-editor-font-family,monospace));
color:var(--mcpnb-fg);border:1px solid var(--mcpnb-line);border-radius:4px;padding:10px 14px;margin:4px 0;
max-width:60em;line-height:1.45;font-size:var(--jp-content-font-size1,13px);
font-family:var(--jp-content-font-family,var(--vscode-font-family,sans-serif))}
.mcpnb .mcpnb:not(.bad){border:0;padding:0;margin:0}
.mcpnb.mcpnb h4{margin:0 0 6px;font-size:1.08em;font-weight:600;color:inherit}
.mcpnb.mcpnb h5{margin:10px 0 2px;font-size:.92em;font-weight:600;color:var(--mcpnb-dim)}
.mcpnb.mcpnb p{margin:4px 0}.mcpnb.mcpnb ul{margin:2px 0;padding-left:1.3em}
.mcpnb.mcpnb code,.mcpnb.mcpnb pre{font-family:var(--mcpnb-mono);font-size:.95em;color:inherit;background:none}
.mcpnb.mcpnb pre{background:var(--mcpnb-fill);padding:8px 10px;margin:4px 0;border-radius:3px;overflow:auto;
max-height:26em;white-space:pre-wrap;overflow-wrap:anywhere}
.mcpnb.mcpnb table{border-collapse:collapse;margin:2px 0;color:inherit}
.mcpnb.mcpnb table th,.mcpnb.mcpnb table td{text-align:left;vertical-align:top;padding:3px 16px 3px 0;border:0;
border-bottom:1px solid var(--mcpnb-line);background:none;white-space:normal}
.mcpnb.mcpnb th{font-weight:600;color:var(--mcpnb-dim)}
.mcpnb.mcpnb table tbody tr{background:none}.mcpnb.mcpnb tr:last-child td{border-bottom:0}
.mcpnb.mcpnb table .n{text-align:right;font-variant-numeric:tabular-nums}
.mcpnb.mcpnb .dim{color:var(--mcpnb-dim);font-weight:400}
.mcpnb.mcpnb.bad{border-left:4px solid var(--mcpnb-bad)}.mcpnb.mcpnb.bad h4{color:var(--mcpnb-bad)}
.mcpnb.mcpnb summary{cursor:pointer;color:var(--mcpnb-dim);margin-top:8px}
.mcpnb.mcpnb img{max-width:100%;margin:4px 0}
.mcpnb.mcpnb .scrolled{overflow:auto;max-height:26em}
.mcpnb.mcpnb .tree summary{margin-top:0;color:inherit}
.mcpnb.mcpnb .tree ul{list-style:none;margin:0;padding-left:1.2em}
.mcpnb.mcpnb .tree :not(pre)>code{background:none;padding:0;white-space:pre-wrap;overflow-wrap:anywhere}
</style>"""


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
    return visible(f'{_STYLE}<div class="{kind}"><h4>{title}</h4>{"".join(parts)}</div>')


def section(title: str, body: str) -> str:
    """Put a small heading over a part (HTML); return "" for an empty part."""
    return f"<h5>{escape(title)}</h5>{body}" if body else ""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """Lay out cells (HTML) under headers; the columns in `numbers` are aligned as numbers."""

    def row(cells: Sequence[str], tag: str) -> str:
        marks = (f"<{tag}{' class=n' if i in numbers else ''}>{cell}</{tag}>" for i, cell in enumerate(cells))
        return f"<tr>{''.join(marks)}</tr>"

    head = row([escape(header) for header in headers], "th") if any(headers) else ""
    return f"<table>{head}{''.join(row(cells, 'td') for cells in rows)}</table>"


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


def code(text: object) -> str:
    """Format a name as code."""
    return f"<code>{escape(visible(str(text)))}</code>"


def muted(text: str) -> str:
    """Dim a text of less importance."""
    return f'<span class="dim">{escape(visible(text))}</span>'


def pre(text: str, *, whole: bool = False) -> str:
    """Show preformatted text; a long one in a box that scrolls, unless it is to be shown `whole`."""
    style = ' style="max-height:none"' if whole else ""
    return f"<pre{style}>{escape(text)}</pre>"


def json_text(value: Any) -> str:
    """Write a JSON value: on one line if that is short, else indented."""
    line = json_line(value)
    return line if len(line) <= WIDTH - 20 else json.dumps(value, ensure_ascii=False, indent=2, default=str)


def json_line(value: Any) -> str:
    """Write a JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def json_block(summary: str, value: Mapping[str, Any]) -> str:
    """Fold a JSON value away under a summary."""
    return fold(escape(summary), pre(json.dumps(value, ensure_ascii=False, indent=2, default=str)))


def fold(summary: str, body: str, *, opened: bool = False) -> str:
    """Fold a part (HTML) away under a summary (HTML)."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>{body}</details>"


def bullets(lines: Sequence[str]) -> str:
    """List lines (text)."""
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>" if lines else ""


def error(title: str, text: str) -> str:
    """Show an error."""
    return card(escape(title), pre(text), bad=True)
