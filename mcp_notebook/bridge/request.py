"""Track a request of the host, from its line on stdin until its answer."""

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
"""Methods that are safe to run twice; tools may not be."""

MOST_TRIES = 3


class Request:
    """A request and its state.

    Attributes:
        line: The line that the host wrote.
        message: The parsed line.
        version: The protocol version of a modern request; None for a legacy one.
        deadline: The time until which it waits for a kernel that is away.
        answered: Whether the host has its answer.
        acknowledged: Whether the host knows that its subscription is open.
        corrected: Whether the bridge has read the token or the list of tools again after a refusal.
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
        """Return whether the host has cancelled the request."""
        return self._cancelled

    def may_go_again(self, *, sent: bool) -> bool:
        """Note that the connection broke; return whether the request can be sent again.

        Args:
            sent: Whether it may have run.
        """
        self._breaks += 1
        if self.method == "subscriptions/listen":
            return True
        return self._breaks < MOST_TRIES and (not sent or self.method in RUNS_AGAIN)

    def travel(self, connection: HttpConnection) -> bool:
        """Note the connection that will carry the request; return False if it has been cancelled."""
        with self._lock:
            self._connection = None if self._cancelled else connection
            return not self._cancelled

    def arrive(self) -> None:
        """Note that the request no longer uses its connection."""
        with self._lock:
            self._connection = None

    def cancel(self) -> None:
        """Drop the answer. Closing the connection notifies a modern server; a legacy one needs a message."""
        with self._lock:
            self._cancelled = True
            if self.version is not None and self._connection is not None:
                self._connection.abort()


def key_of(request_id: object) -> str:
    """Return a key for a request id; 1 and "1" differ."""
    return json.dumps(request_id)
