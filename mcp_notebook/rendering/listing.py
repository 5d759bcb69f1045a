"""Render lists as tables: servers, tools, resources, prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from mcp_notebook.rendering import look
from mcp_notebook.rendering.content import draw_problems

__all__ = ["listing"]


def listing(
    title: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    empty: str,
    numbers: Sequence[int] = (),
    problems: Sequence[object] = (),
    notes: Sequence[str] = (),
) -> look.Rendering:
    """Draw a table of names (first column) and facts, with a note on duplicate names.

    Args:
        title: The title.
        headers: The titles of the columns.
        rows: The cells.
        empty: The text for an empty list, with the next step.
        numbers: The columns of numbers.
        problems: The problems with the list.
        notes: Further lines to show below.
    """
    wrong, wrong_html = draw_problems([str(problem) for problem in problems])
    after = [f"  {line}" for line in wrong.splitlines()]
    if not rows:
        html = look.card(escape(title), f"<p>{escape(empty)}</p>", wrong_html)
        return look.Rendering("\n".join([f"{title}: {empty}", *after]), html)
    twice = ", ".join(name for name, count in Counter(first for first, *_ in rows).items() if count > 1)
    same = [f"More than one is named {twice}: the server decides which of them a request reaches."] if twice else []
    notes = [*same, *notes]
    text = [title, *look.columns([headers, *rows]), *(f"  {note}" for note in notes), *after]
    cells = [[look.code(first), *(look.cell(cell) for cell in rest)] for first, *rest in rows]
    table = look.table(headers, cells, numbers=numbers)
    html = look.card(escape(title), table, *(f"<p>{escape(note)}</p>" for note in notes), wrong_html)
    return look.Rendering("\n".join(text), html)
