"""Show the server's notifications: changes of lists, updates of resources, log messages."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import ipywidgets as w

from mcp_notebook.rendering import look
from mcp_notebook.widgets.workbench.inspected import Inspected
from mcp_notebook.widgets.workbench.paging import BESIDE, DETAIL, PagedList

__all__ = ["Notifications"]

MOST_KEPT = 1_000


@dataclass(frozen=True)
class Notification:
    """A notification that has arrived."""

    number: int
    at: float
    method: str
    params: Any


class Notifications(w.VBox):
    """The notifications, latest last, and the standard error of a command."""

    def __init__(self, subject: Inspected) -> None:
        self._subject = subject
        self._numbers = itertools.count(1)
        self._kept: deque[Notification] = deque(maxlen=MOST_KEPT)
        self._list = PagedList[Notification](
            "notifications",
            key=lambda item: item.number,
            cells=lambda item: (
                time.strftime("%H:%M:%S", time.localtime(item.at)),
                item.method.removeprefix("notifications/"),
                _about(item.params),
            ),
            words=lambda item: f"{item.method} {item.params}".lower(),
            chosen=self._show,
            following=True,
        )
        self._chosen = w.HTML(look.muted("Choose a row to see its details."))
        self._stderr = w.HTML()
        beside = w.VBox([self._chosen], layout=DETAIL)
        lists = w.HBox([self._list.box, beside], layout=BESIDE)
        super().__init__([lists, self._stderr])

    @property
    def count(self) -> int:
        """The number of notifications that are kept."""
        return len(self._kept)

    def keep(self, notification: Any) -> None:
        """Keep a notification; may be called from any thread."""
        params = notification.params
        shown = params.model_dump(by_alias=True, mode="json", exclude_none=True) if params is not None else {}
        self._kept.append(Notification(next(self._numbers), time.time(), str(notification.method), shown))

    def update(self) -> None:
        """Show the current notifications and standard error."""
        self._list.show(list(self._kept))
        written = self._subject.connection.stderr
        shown = look.card("standard error of the command", look.pre(written)) if written else ""
        if shown != self._stderr.value:
            self._stderr.value = shown

    def _show(self, item: Notification | None) -> None:
        self._chosen.value = (
            look.muted("Choose a row to see its details.")
            if item is None
            else look.card(look.code(item.method), look.pre(look.json_text(item.params)))
        )


def _about(params: Any) -> str:
    """Describe a notification in a few words: its URI, or its log message."""
    if not isinstance(params, dict):
        return ""
    said = params.get("uri") or params.get("data") or params.get("message") or ""
    return f"{params.get('level', '')} {said}".strip()
