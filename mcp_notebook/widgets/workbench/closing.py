"""Closing a widget with all that is in it, which ipywidgets leaves open."""

from __future__ import annotations

import ipywidgets as w

__all__ = ["close_inside"]


def close_inside(box: w.Widget) -> None:
    """Close what is in a box, at any depth, so that neither the kernel nor the browser keeps it."""
    for child in getattr(box, "children", ()):
        close_inside(child)
        child.close()
