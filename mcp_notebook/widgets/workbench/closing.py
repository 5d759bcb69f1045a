"""Closing a widget with all that is in it, which ipywidgets leaves open."""

from __future__ import annotations

import ipywidgets as w

from mcp_notebook.widgets.question import QuestionCard

__all__ = ["close_inside"]


def close_inside(box: w.Widget) -> None:
    """Close what is in a box, at any depth, so that neither the kernel nor the browser keeps it."""
    for child in getattr(box, "children", ()):
        if isinstance(child, QuestionCard):
            child.answer.cancel()  # or the request would wait for it for ever
        close_inside(child)
        child.close()
