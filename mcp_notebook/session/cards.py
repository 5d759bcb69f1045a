"""Show a rendering as a card with tools, where a person sees it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from mcp_notebook.rendering import look
from mcp_notebook.session.person import has_viewer
from mcp_notebook.session.session import Session

if TYPE_CHECKING:
    from mcp_notebook.widgets.card import Card

__all__ = ["card_of"]


def card_of(
    session: Session,
    rendering: look.Rendering,
    head: str | None = None,
    tabs: Mapping[str, str] = MappingProxyType({}),
) -> Card | look.Rendering:
    """Return what shows a rendering: a `Card`, or the rendering itself where nobody would see more of it."""
    if not has_viewer(session.shell):
        return rendering
    from mcp_notebook.widgets.card import Card  # ipywidgets takes 0.2 s to import

    session.surfaces.prepare()
    return Card(rendering, head, tabs)
