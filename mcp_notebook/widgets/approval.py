"""The approval card: the calls that wait for a person, each with Allow and Deny, and the latest decisions."""

from __future__ import annotations

import threading
import time
from typing import Any

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.rendering import look
from mcp_notebook.rendering.approvals import approvals, decided, heading, request_card, who
from mcp_notebook.server.approval import Approval
from mcp_notebook.server.approval_request import ApprovalRequest
from mcp_notebook.visible import visible
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["PAUSE", "ApprovalCard"]

PAUSE = 0.5
"""Seconds before the buttons of a new request work, so that a click meant for another request does not answer it."""


class ApprovalCard(Surface):
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
        self._rows: dict[int, tuple[ApprovalRequest, float]] = {}
        self._lock = threading.RLock()
        super().__init__("approvals", {"name": visible(name, one_line=True), "pause": PAUSE})
        approval.observe(self._draw)
        self._draw()

    @property
    def rendering(self) -> look.Rendering:
        """The waiting requests and the latest decisions."""
        with self._lock:
            self._draw()  # a request that has just arrived may not be drawn yet
            rows = "".join(request_card(request) for request, _ in self._rows.values())
            html = heading(self._approval, self._name) + rows + decided(self._approval)
            return look.Rendering(approvals(self._approval, self._name), html)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {"allow": self._allow, "deny": self._deny, "again": lambda _: self._approval.ask_again()}

    def _draw(self) -> None:
        """Show the current state; called on any thread."""
        with self._lock:
            waiting = self._approval.waiting
            new = [request for request in waiting if request.number not in self._rows]
            if new and len(new) == len(waiting):
                self._rows.clear()
            self._rows |= {request.number: (request, time.monotonic()) for request in new}
            self.set(
                heading=heading(self._approval, self._name),
                past=decided(self._approval),
                standing=bool(self._approval.standing),
                rows=[self._row(request) for request, _ in self._rows.values()],
            )

    @staticmethod
    def _row(request: ApprovalRequest) -> dict[str, Any]:
        return {
            "number": request.number,
            "tool": visible(request.tool, one_line=True),
            "who": who(request),
            "html": request_card(request),
            "left": max(request.left, 0.0),
            "open": request.decision is None,
        }

    def _allow(self, message: dict[str, Any]) -> None:
        self._decide(message, lambda number: self._approval.allow(number, always=bool(message.get("always"))))

    def _deny(self, message: dict[str, Any]) -> None:
        reason = str(message.get("reason", "")).strip()
        self._decide(message, lambda number: self._approval.deny(number, reason))

    def _decide(self, message: dict[str, Any], decide: Any) -> None:
        request, since = self._rows.get(int(message["number"]), (None, 0.0))
        if request is None or time.monotonic() - since < PAUSE:
            return
        try:
            decide(request.number)
        except UnknownNameError:  # already decided; the row says how
            self._draw()
