"""The card of a call in the background: its state, and a button that cancels it."""

from __future__ import annotations

from mcp_notebook.client.background_call import BackgroundCall
from mcp_notebook.rendering import look
from mcp_notebook.rendering.tasks import task_card
from mcp_notebook.visible import visible
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["TaskCard"]


class TaskCard(Surface):
    """A call in the background; `draw` shows its present state.

    Args:
        call: The call.
    """

    def __init__(self, call: BackgroundCall) -> None:
        self._call = call
        super().__init__("task", {"tool": visible(call.tool, one_line=True), "seconds": call.seconds})
        self.draw()

    def draw(self) -> None:
        """Show the present state; may be called from any thread."""
        html, open = self.rendering.html, self._call.status in ("working", "input_required")
        if (html, open) != (self.state.get("html"), self.state.get("open")):
            self.set(html=html, open=open)

    @property
    def rendering(self) -> look.Rendering:
        """The call as it is now."""
        return task_card(self._call)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {"cancel": lambda _: self._call.cancel()}
