"""Render a session that is a file."""

from __future__ import annotations

from html import escape
from pathlib import Path

from mcp_notebook.recording.saved import SavedSession
from mcp_notebook.rendering import look

__all__ = ["counts", "saved_card"]


def saved_card(path: Path, session: SavedSession) -> look.Rendering:
    """Draw what was written into a file."""
    title, what = f"session {path}", f"{counts(session)} of {session.server.name}"
    next_step = f"%mcp open {path} shows it, and %mcp mock {path} answers from it."
    html = look.card(f"session {look.code(path)}", f"<p>{escape(what)}</p><p>{look.muted(next_step)}</p>")
    return look.Rendering(f"{title}\n  {what}\n  {next_step}", html)


def counts(session: SavedSession) -> str:
    """Return how much a session has, in words."""
    listed = sum(map(len, session.lists.values()))
    parts = [(listed, "definition"), (len(session.calls), "call"), (len(session.frames), "frame")]
    return ", ".join(f"{number:,} {word}{'s' if number != 1 else ''}" for number, word in parts)
