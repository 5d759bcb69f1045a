"""Keep the server's notifications: changes of lists, updates of resources, log messages."""

from __future__ import annotations

import itertools
import time
from collections import deque
from typing import Any, Final

from mcp_notebook.rendering.list_rows import NotificationRow

__all__ = ["Notifications"]

MOST_KEPT: Final = 1_000


class Notifications:
    """The latest notifications, latest last."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._kept: deque[NotificationRow] = deque(maxlen=MOST_KEPT)

    @property
    def rows(self) -> list[NotificationRow]:
        """The kept notifications."""
        return list(self._kept.copy())  # the copy is one step, and other threads add some

    def keep(self, notification: Any) -> None:
        """Keep a notification; may be called from any thread."""
        params = notification.params
        shown = params.model_dump(by_alias=True, mode="json", exclude_none=True) if params is not None else {}
        self._kept.append(NotificationRow(next(self._numbers), time.time(), str(notification.method), shown))
