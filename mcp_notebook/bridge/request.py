"""A request of the host, from its line on stdin until it is answered."""

from __future__ import annotations

import json
import threading

from mcp_notebook.bridge.headers import modern_version
from mcp_notebook.bridge.http import HttpConnection

TYPE_CHECKING = False  # typing's own takes 7 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Request", "key_of"]

RUNS_AGAIN = frozenset({
    "completion/complete", "initialize", "logging/setLevel", "ping", "prompts/get", "prompts/list", "resources/list",
    "resources/read", "resources/subscribe", "resources/templates/list", "resources/unsubscribe", "server/discover",
    "subscriptions/listen", "tools/list",
})  # fmt: skip
"""Methods that do no harm when they run twice. A tool may."""

MOST_TRIES = 3


class Request:
    """A request on its way.

    Attributes:
        line: As the host wrote it.
        message: The same, parsed.
        version: The protocol version of a modern one; None for a legacy one.
        deadline: Until when it waits for a kernel that is away.
        answered: Whether the host has its answer.
        acknowledged: Whether the host knows that its subscription stands.
        corrected: Whether a refusal made the bridge read the token, or the list of tools, again.
    """

    def __init__(self, line: bytes, message: dict[str, Any], deadline: float) -> None:
        self.line = line
        self.message = message
        self.id: object = message["id"]
        self.method: str = message["method"]
        self.version = modern_version(message)
        self.deadline = deadline
        self.answered = False
        self.acknowledged = False
        self.corrected = False
        self._breaks = 0
        self._lock = threading.Lock()
        self._cancelled = False
        self._connection: HttpConnection | None = None

    @property
    def cancelled(self) -> bool:
        """Whether the host no longer wants the answer."""
        return self._cancelled

    def may_go_again(self, *, sent: bool) -> bool:
        """Note that its connection broke; return whether it can be sent once more.

        Args:
            sent: Whether it may have run already.
        """
        self._breaks += 1
        if self.method == "subscriptions/listen":
            return True
        return self._breaks < MOST_TRIES and (not sent or self.method in RUNS_AGAIN)

    def travel(self, connection: HttpConnection) -> bool:
        """Note the connection that it is about to go out on; return False where it was cancelled before."""
        with self._lock:
            self._connection = None if self._cancelled else connection
            return not self._cancelled

    def arrive(self) -> None:
        """Note that the connection is no longer its own."""
        with self._lock:
            self._connection = None

    def cancel(self) -> None:
        """Drop the answer. A modern server hears of it by the end of the connection; a legacy one has to be told."""
        with self._lock:
            self._cancelled = True
            if self.version is not None and self._connection is not None:
                self._connection.abort()


def key_of(request_id: object) -> str:
    """Return what tells a request id from others: 1 is not "1"."""
    return json.dumps(request_id)
