"""A stand-in for a host that has events posted to it, as ChatGPT has: it checks what arrives, and keeps it."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.events import Subscribed
from mcp_notebook.course.local_site import LocalSite, SiteReply, SiteRequest
from mcp_notebook.errors import RequestError

__all__ = ["EventReceiver"]

OLDEST = 300
"""Seconds after which a message counts as one that somebody recorded and sends again."""

MOST_KEPT = 1_000
"""Messages that are kept."""


class EventReceiver(LocalSite):
    """Listens on this machine for the messages of webhooks; a context manager.

    A message counts only if its signature was made with the receiver's secret. A server that wants to know whether the
    receiver wants its messages gets its challenge back.

    Attributes:
        url: Where the messages go.
        secret: The key that signs them.
        answers: Statuses for the next messages, in place of 200, to play a host in trouble.
        messages: The messages with a valid signature, each once, oldest first.
        refused: The reasons for which messages were refused.
    """

    def __init__(self) -> None:
        self.secret = new_secret()
        self.answers: deque[int] = deque()
        self.messages: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self._ids: set[str] = set()
        self._arrived = threading.Condition()
        super().__init__("event-receiver")
        self.url = f"{self.url}/events"
        self.listen()

    def __repr__(self) -> str:
        return f"<receiver of events at {self.url}, {len(self.messages)} messages so far>"

    def subscribe(
        self, connection: Connection, name: str, arguments: Mapping[str, Any] | None = None, **options: Any
    ) -> Subscribed:
        """Have a server post the events of one type here; see `Connection.subscribe_events`.

        Raises:
            RequestError: The server refused it.
        """
        return connection.subscribe_events(name, arguments, url=self.url, secret=self.secret, **options)

    def wait(self, count: int = 1, seconds: float = 10) -> list[dict[str, Any]]:
        """Wait until so many messages have arrived, and return all.

        Raises:
            RequestError: They did not arrive in time.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.messages) >= count, seconds):
                raise RequestError(f"{len(self.messages)} of {count} messages arrived within {seconds:g} s.")
            return list(self.messages)

    def answer(self, request: SiteRequest) -> SiteReply:
        """Take a message, or refuse it."""
        if request.method == "GET":
            return SiteReply({}, 405)
        status, body = self._take(request.headers, request.body)
        return SiteReply(body, status)

    def _take(self, given: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        problem = self._problem(given, body)
        message = json.loads(body) if problem is None else {}
        with self._arrived:
            if problem is not None:
                self.refused.append(problem)
                return 401, b"{}"
            if message.get("type") == "verification":
                return 200, json.dumps({"challenge": message["challenge"]}).encode()
            if self.answers:
                status = self.answers.popleft()
                if status >= 300:
                    return status, b"{}"
            if given["webhook-id"] not in self._ids:
                self._ids.add(given["webhook-id"])
                self.messages = [*self.messages, message][-MOST_KEPT:]
                self._arrived.notify_all()
        return 200, b"{}"

    def _problem(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Return why a message is not to be trusted; None if it is."""
        missing = [name for name in ("webhook-id", "webhook-timestamp", "webhook-signature") if name not in headers]
        if missing:
            return f"{missing[0]} is missing"
        sent = headers["webhook-timestamp"]
        if not sent.isascii() or not sent.isdigit() or abs(time.time() - int(sent)) > OLDEST:
            return "the timestamp is too old"
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = b".".join((headers["webhook-id"].encode(), sent.encode(), body))
        expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
        given = headers["webhook-signature"].encode("utf-8", "replace").split(b" ")
        return None if any(hmac.compare_digest(expected, one) for one in given) else "the signature is wrong"


def new_secret() -> str:
    """Return a random secret of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
