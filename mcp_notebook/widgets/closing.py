"""Close a widget together with everything in it, which ipywidgets leaves open."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as w

__all__ = ["close_inside", "close_with_all"]


def close_with_all(widget: w.Widget) -> None:
    """Close a widget and everything in it."""
    close_inside(widget)
    widget.close()


def close_inside(widget: w.Widget) -> None:
    """Close everything in a widget, so that neither the kernel nor the browser keeps it.

    That includes widgets at any depth, those not shown at the moment, and layouts and styles.
    """
    inside: dict[w.Widget, None] = {}
    _collect(widget, inside)
    inside.pop(widget)
    for part in inside:
        part.close()


def _collect(widget: w.Widget, found: dict[w.Widget, None]) -> None:
    if widget not in found:
        found[widget] = None
        for part in _parts(widget):
            _collect(part, found)


def _parts(widget: w.Widget) -> Iterator[w.Widget]:
    yield from getattr(widget, "children", ())
    # The attributes also have the widgets that are not shown at the moment.
    kept = [*vars(widget).values(), getattr(widget, "layout", None), getattr(widget, "style", None)]
    yield from (part for part in kept if isinstance(part, w.Widget))
