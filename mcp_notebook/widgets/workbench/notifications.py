"""Keep the server's notifications: changes of lists, updates of resources, log messages."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from mcp_notebook.rendering import look

__all__ = ["NotificationRow", "Notifications"]

MOST_KEPT: Final = 1_000


@dataclass(frozen=True)
class NotificationRow:
    """A notification that has arrived."""

    number: int
    at: float
    method: str
    params: Any

    @property
    def key(self) -> str:
        """The row's key."""
        return f"notification {self.number}"

    @property
    def words(self) -> str:
        """The text to search in."""
        return f"{self.method} {self.params}".lower()

    @property
    def marks(self) -> tuple[str, ...]:
        """The words that a filter can ask for: none."""
        return ()

    def drawn(self) -> dict[str, Any]:
        """Return what the row shows."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.at))
        name = self.method.removeprefix("notifications/")
        return {"title": "", "name": name, "text": self._about(), "badges": [], "note": clock}

    def html(self) -> str:
        """Draw the whole notification."""
        return look.card(look.code(self.method), look.pre(look.json_text(self.params)))

    def _about(self) -> str:
        """Describe it in a few words: its URI, or its log message."""
        if not isinstance(self.params, dict):
            return ""
        said = self.params.get("uri") or self.params.get("data") or self.params.get("message") or ""
        return f"{self.params.get('level', '')} {said}".strip()


class Notifications:
    """The latest notifications, latest last."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._kept: deque[NotificationRow] = deque(maxlen=MOST_KEPT)

    @property
    def rows(self) -> list[NotificationRow]:
        """The kept notifications."""
        return list(self._kept)

    def keep(self, notification: Any) -> None:
        """Keep a notification; may be called from any thread."""
        params = notification.params
        shown = params.model_dump(by_alias=True, mode="json", exclude_none=True) if params is not None else {}
        self._kept.append(NotificationRow(next(self._numbers), time.time(), str(notification.method), shown))
