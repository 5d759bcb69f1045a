"""Render what differs between two servers or sessions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from mcp_notebook.rendering import look
from mcp_notebook.server.session_differences import SessionDifference

__all__ = ["differences_table"]


def differences_table(before: str, after: str, found: Sequence[SessionDifference]) -> look.Rendering:
    """Draw the differences between two sessions of these names."""
    title = f"{before} → {after}"
    if not found:
        same = "The same: what the servers say and list, and the results of calls that both have."
        return look.Rendering(f"{title}: {same}", look.card(escape(title), f"<p>{same}</p>"))
    text = [title]
    rows = []
    for each in found:
        text.append(f"  {each.how} {each.what} {each.name}")
        text += [f"    {line}" for line in each.lines]
        lines = "".join(f"<div>{escape(line)}</div>" for line in each.lines)
        rows.append([escape(each.what), look.code(each.name), escape(each.how), lines])
    html = look.card(escape(title), look.table(("what", "name", "", "changes"), rows))
    return look.Rendering("\n".join(text), html)
