"""The approval card: the calls that wait for a person, each with Allow and Deny, and the latest decisions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as w

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.rendering.approvals import approvals, decided, heading, request_card, who
from mcp_notebook.server.approval import Approval
from mcp_notebook.server.approval_request import ApprovalRequest
from mcp_notebook.visible import visible

__all__ = ["ApprovalCard"]

PAUSE = 0.5
"""Seconds before the buttons of a new request work, so that a click meant for another request does not answer it."""


class ApprovalCard(w.VBox):
    """The calls that wait for a person at one listener, updated as they come and go.

    An answered row keeps its place, so that no button moves under the pointer. Answered rows disappear when a request
    arrives and no earlier one is waiting.

    Args:
        approval: The requests and decisions of the listener.
        name: The notebook's name for the server.
    """

    def __init__(self, approval: Approval, name: str) -> None:
        self._approval = approval
        self._name = name
        self._rows: dict[int, _Row] = {}
        self._lock = threading.RLock()
        self._title = w.HTML()
        self._list = w.VBox()
        self._again = w.Button(
            description="Ask again for all tools",
            tooltip='Revoke all "always allow" decisions',
            layout=w.Layout(width="auto", display="none"),
        )
        self._again.on_click(lambda _: approval.ask_again())
        self._past = w.HTML()
        super().__init__([self._title, self._list, self._again, self._past])
        approval.observe(self._draw)
        self._draw()

    def _draw(self) -> None:
        """Show the current state; called on any thread."""
        with self._lock:
            waiting = self._approval.waiting
            new = [request for request in waiting if request.number not in self._rows]
            if new and len(new) == len(waiting):
                self._rows.clear()
            self._rows |= {request.number: _Row(self._approval, request) for request in new}
            if new:
                self._list.children = tuple(self._rows.values())
            for row in self._rows.values():
                row.draw()
            self._set(self._title, heading(self._approval, self._name))
            self._set(self._past, decided(self._approval))
            self._again.layout.display = None if self._approval.standing else "none"

    @staticmethod
    def _set(widget: w.HTML, html: str) -> None:
        if widget.value != html:
            widget.value = html

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        self._draw()  # a request that has just arrived may not be drawn yet
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        # ipywidgets cuts the text after 110 characters.
        bundle["text/plain"] = repr(self)
        bundle["text/html"] = self._title.value + "".join(row.html for row in self._rows.values()) + self._past.value
        return bundle

    def __repr__(self) -> str:
        return approvals(self._approval, self._name)


class _Row(w.VBox):
    """One request, with the buttons that answer it."""

    def __init__(self, approval: Approval, request: ApprovalRequest) -> None:
        self._approval = approval
        self._request = request
        self._armed = False
        self._shown = w.HTML()
        label = f"{visible(request.tool, one_line=True)}, request {request.number}"
        self._buttons = [
            self._button("Allow", f"Allow {label}", lambda: approval.allow(request.number)),
            self._button("Deny", f"Deny {label}", lambda: approval.deny(request.number, self._reason.value.strip())),
            self._button(
                "Always allow this tool",
                f"Allow {label}, and do not ask about this tool again for {who(request)}",
                lambda: approval.allow(request.number, always=True),
            ),
        ]
        self._reason = w.Text(
            placeholder="reason to deny; the model sees it",
            description="reason",
            layout=w.Layout(width="26em"),
            style={"description_width": "auto"},
        )
        buttons = w.HBox([*self._buttons, self._reason], layout=w.Layout(flex_flow="row wrap"))
        super().__init__([self._shown, buttons], layout=w.Layout(padding="0 0 4px 0"))
        timer = threading.Timer(PAUSE, self._arm)
        timer.daemon = True
        timer.start()

    def _button(self, text: str, tooltip: str, act: Callable[[], ApprovalRequest]) -> w.Button:
        def clicked(_button: object) -> None:
            try:
                act()
            except UnknownNameError:  # already decided; the row says how
                self.draw()

        button = w.Button(description=text, tooltip=tooltip, disabled=True, layout=w.Layout(width="auto"))
        button.on_click(clicked)
        return button

    def _arm(self) -> None:
        self._armed = True
        self.draw()

    def draw(self) -> None:
        """Show the request's current state."""
        for button in (*self._buttons, self._reason):
            button.disabled = not self._armed or self._request.decision is not None
        if self._shown.value != self.html:
            self._shown.value = self.html

    @property
    def html(self) -> str:
        """The request as HTML."""
        return request_card(self._request)
