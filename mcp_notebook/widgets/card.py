"""A card with what only a script can give to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mcp_notebook.rendering import look
from mcp_notebook.widgets.surface import Surface

__all__ = ["Card"]


class Card(Surface):
    """A rendering whose JSON, tables and images can be searched, sorted, enlarged and copied.

    Args:
        rendering: The card, as it is where there are no widgets.
        head: The part of it (HTML) above the tabs; None if it has no tabs.
        tabs: The other parts (HTML) by their titles, of which one is seen at a time.
    """

    def __init__(
        self, rendering: look.Rendering, head: str | None = None, tabs: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._rendering = rendering
        shown = [{"words": words, "html": html} for words, html in tabs.items()]
        super().__init__("card", state={"html": rendering.html if head is None else head, "tabs": shown})

    @property
    def rendering(self) -> look.Rendering:
        """The card for places without widgets."""
        return self._rendering
