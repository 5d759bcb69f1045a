"""Tables of what is there: servers, tools, resources, prompts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from mcp_notebook.widgets import look

__all__ = ["listing"]


def listing(
    title: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    empty: str,
    numbers: Sequence[int] = (),
) -> look.Rendering:
    """Draw a table of names (first column) and facts; `empty` says what to do where there are no rows.

    A name that is there twice is pointed out.
    """
    if not rows:
        return look.Rendering(f"{title}: {empty}", look.card(escape(title), f"<p>{escape(empty)}</p>"))
    twice = ", ".join(name for name, count in Counter(first for first, *_ in rows).items() if count > 1)
    notes = [f"More than one is called {twice}: the server decides which of them a request reaches."] if twice else []
    text = [title, *look.columns([headers, *rows]), *(f"  {note}" for note in notes)]
    cells = [[look.code(first), *(escape(cell) for cell in rest)] for first, *rest in rows]
    table = look.table(headers, cells, numbers=numbers)
    html = look.card(escape(title), table, *(f"<p>{escape(note)}</p>" for note in notes))
    return look.Rendering("\n".join(text), html)
