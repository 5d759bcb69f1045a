"""The approval card: the calls that wait for a person, each with Allow and Deny, and what was decided."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets as w

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.server.approval import Approval, left_in_words
from mcp_notebook.server.approval_request import LONG, ApprovalRequest
from mcp_notebook.server.listing import behavior, listed
from mcp_notebook.visible import visible
from mcp_notebook.widgets import look

__all__ = ["ApprovalCard", "who"]

PAUSE = 0.5
"""Seconds for which the buttons of a new request do nothing, so that a click meant for another does not answer it."""

DECISIONS_SHOWN = 10


class ApprovalCard(w.VBox):
    """What waits for a person at one listener, as it comes and goes.

    A row stays where it is when it is answered, so that no button moves under the pointer; answered rows go when the
    next request finds nobody waiting.

    Args:
        approval: Where the requests wait.
        name: What the notebook calls the server.
    """

    def __init__(self, approval: Approval, name: str) -> None:
        self._approval = approval
        self._name = name
        self._rows: dict[int, _Row] = {}
        self._lock = threading.RLock()
        self._title = w.HTML()
        self._list = w.VBox()
        self._again = w.Button(
            description="Ask for all again",
            tooltip="Forget what was allowed for the rest",
            layout=w.Layout(width="auto", display="none"),
        )
        self._again.on_click(lambda _: approval.ask_again())
        self._past = w.HTML()
        super().__init__([self._title, self._list, self._again, self._past])
        approval.observe(self._draw)
        self._draw()

    def _draw(self) -> None:
        """Show how it is now; called on any thread."""
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
            self._set(self._title, self._heading(waiting))
            self._set(self._past, self._history())
            self._again.layout.display = None if self._approval.standing else "none"

    @staticmethod
    def _set(widget: w.HTML, html: str) -> None:
        if widget.value != html:
            widget.value = html

    def _heading(self, waiting: list[ApprovalRequest]) -> str:
        which = "" if self._approval.which == "all" else " that may destroy something"
        rule = (
            f"You are asked about each call from outside this notebook to a tool of {look.code(self._name)}{which}. "
            f"One that nobody answers within {self._approval.timeout:g} s is denied."
        )
        count = f"{len(waiting)} waiting for you" if waiting else "nothing waits"
        return look.card(f"approvals: {count}", f"<p>{rule}</p>")

    def _history(self) -> str:
        latest = self._approval.decided[-DECISIONS_SHOWN:]
        rows = [[escape(cell) for cell in _past(request)] for request in reversed(latest)]
        standing = [f"{tool} from {_quoted(client, person)}" for client, person, _, tool in self._approval.standing]
        parts = []
        if standing:
            parts.append(f"<p>Allowed for the rest: {escape(_line('; '.join(standing)))}</p>")
        if rows:
            parts.append(look.table(("", "tool", "client, as it calls itself", "decision"), rows, numbers=(0,)))
        return look.card("decided", *parts) if parts else ""

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        self._draw()  # what began to wait just now may not be drawn yet
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        # ipywidgets cuts the text after 110 characters.
        bundle["text/plain"] = repr(self)
        bundle["text/html"] = self._title.value + "".join(row.html for row in self._rows.values()) + self._past.value
        return bundle

    def __repr__(self) -> str:
        waiting = self._approval.waiting
        count = f"{len(waiting)} waiting for you" if waiting else "nothing waits"
        lines = [f"approvals of {_line(self._name)}: {count}"]
        for request in waiting:
            lines += [
                f"  {request.number}  {who(request)} wants to call {_line(request.tool)} "
                f"({left_in_words(request.left)}{', asked again: ' + REDEFINED if request.redefined else ''})",
                *(f"       {line}" for line in _arguments(request).splitlines()),
            ]
        if waiting:
            lines.append("  %mcp allow N, %mcp deny N [REASON]")
        latest = [_past(request) for request in self._approval.decided[-DECISIONS_SHOWN:]]
        return "\n".join([*lines, *(["decided", *look.columns(latest)] if latest else [])])


REDEFINED = "the tool was defined anew after the first question"


class _Row(w.VBox):
    """One request, with the buttons that answer it."""

    def __init__(self, approval: Approval, request: ApprovalRequest) -> None:
        self._approval = approval
        self._request = request
        self._armed = False
        self._shown = w.HTML()
        label = f"{_line(request.tool)}, request {request.number}"
        self._buttons = [
            self._button("Allow", f"Allow {label}", lambda: approval.allow(request.number)),
            self._button("Deny", f"Deny {label}", lambda: approval.deny(request.number, self._reason.value.strip())),
            self._button(
                "Allow this tool for the rest",
                f"Allow {label}, and ask no more about this tool for {who(request)}",
                lambda: approval.allow(request.number, always=True),
            ),
        ]
        self._reason = w.Text(
            placeholder="reason for a Deny; the model is told",
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
            except UnknownNameError:  # it ended meanwhile, and the row says how
                self.draw()

        button = w.Button(description=text, tooltip=tooltip, disabled=True, layout=w.Layout(width="auto"))
        button.on_click(clicked)
        return button

    def _arm(self) -> None:
        self._armed = True
        self.draw()

    def draw(self) -> None:
        """Show how the request is now."""
        for button in (*self._buttons, self._reason):
            button.disabled = not self._armed or self._request.decision is not None
        if self._shown.value != self.html:
            self._shown.value = self.html

    @property
    def html(self) -> str:
        """The request in words."""
        request = self._request
        decision = request.decision
        state = f"waiting: {left_in_words(request.left)}" if decision is None else str(decision)
        text = _arguments(request)
        length = f" ({len(text):,} characters)" if len(text) > LONG else ""
        facts = [("client", f"{_line(request.client)} (as it calls itself)")]
        if request.person:
            facts.append(("signed in as", _line(request.person)))
        if request.entry is not None:
            stated = request.entry.annotations
            facts.append(("tool", behavior({"annotations": listed(stated)} if stated else {})))
        if request.redefined:
            facts.append(("asked again", REDEFINED))
        return look.card(
            f"{request.number}: {look.code(_line(request.tool))} {look.muted(_line(state))}",
            look.table(("", ""), [[look.muted(name), escape(value)] for name, value in facts]),
            look.section(f"arguments, all of them{length}", look.pre(text)),
        )


def who(request: ApprovalRequest) -> str:
    """Name who makes a request: the client in quotes, as it calls itself, and the person if one is signed in."""
    return _quoted(request.client, request.person)


def _line(text: str) -> str:
    """Show a text in a line with others, every character visible: a client must not hide what it asks for."""
    return visible(text, one_line=True)


def _quoted(client: str, person: str) -> str:
    """Name a client and a person, in a way that a client cannot write for itself."""
    return _line(json.dumps(client, ensure_ascii=False) + (f", signed in as {person}" if person else ""))


def _past(request: ApprovalRequest) -> tuple[str, str, str, str]:
    return str(request.number), _line(request.tool), who(request), _line(str(request.decision))


def _arguments(request: ApprovalRequest) -> str:
    """Write the arguments, all of them, as JSON in which every character can be seen."""
    return "\n".join(map(_line, request.text.split("\n")))
