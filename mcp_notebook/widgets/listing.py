"""Tables of what is there: servers, tools, resources, prompts."""

from __future__ import annotations

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
    """Draw a table of names (first column) and facts; `empty` says what to do where there are no rows."""
    if not rows:
        return look.Rendering(f"{title}: {empty}", look.card(escape(title), f"<p>{escape(empty)}</p>"))
    text = [title, *look.columns([headers, *rows])]
    cells = [[look.code(first), *(escape(cell) for cell in rest)] for first, *rest in rows]
    return look.Rendering("\n".join(text), look.card(escape(title), look.table(headers, cells, numbers=numbers)))
