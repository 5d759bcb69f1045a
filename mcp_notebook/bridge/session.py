"""Keep the legacy session across restarts of the kernel: the host opens it once, and the bridge again."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress

from mcp_notebook.bridge.headers import field
from mcp_notebook.bridge.host import HostProcess
from mcp_notebook.bridge.http import Response, ServerSentEvent
from mcp_notebook.bridge.kernel import BRIEFLY, Kernel, UnavailableError

TYPE_CHECKING = False  # typing's own takes 7 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["LIST_CHANGES", "BridgeSession"]

LIST_CHANGES = ("tools", "prompts", "resources")
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
RECONNECT_AFTER = 0.1
"""Seconds before an ended stream is opened again, if the server sets no other time."""


class BridgeSession:
    """The host's legacy session: the negotiated version, the log level and the resource subscriptions.

    Attributes:
        id: The server's id for the session; None before ``initialize`` and on servers without sessions.
    """

    def __init__(self, kernel: Kernel, host: HostProcess) -> None:
        self.id: str | None = None
        self._kernel = kernel
        self._host = host
        self._version: str | None = None
        self._opening: dict[str, Any] = {}
        self._standing: dict[str, bytes] = {}
        self._questions: set[str] = set()
        self._renewing = threading.Lock()
        self._listening = False

    def lines(self) -> bytes:
        """Return the header lines of a legacy message."""
        session = field("mcp-session-id", self.id) if self.id else b""
        return session + field("mcp-protocol-version", self._version) if self._version else session

    def opens(self) -> None:
        """Forget the earlier session, because the host sends ``initialize``."""
        self.id = self._version = None
        self._standing.clear()

    def opened(self, opening: dict[str, Any], response: Response, answer: dict[str, Any]) -> None:
        """Read the answer to ``initialize``."""
        if "result" in answer:
            self._opening = opening
            self._adopt(response, answer)

    def note(self, message: dict[str, Any], line: bytes) -> None:
        """Remember a successful request that a new session has to repeat."""
        method, uri = message["method"], (message.get("params") or {}).get("uri")
        if method == "logging/setLevel":
            self._standing[method] = line
        elif method == "resources/subscribe":
            self._standing[f"subscribe {uri}"] = line
        elif method == "resources/unsubscribe":
            self._standing.pop(f"subscribe {uri}", None)

    def asks(self, message: dict[str, Any]) -> None:
        """Remember a request of the server, so that its answer goes only to the session that asked."""
        if "method" in message and "id" in message:
            self._questions.add(json.dumps(message["id"]))

    def takes_answer(self, message: dict[str, Any]) -> bool:
        """Return whether the session still waits for this answer from the host."""
        key = json.dumps(message["id"])
        known = key in self._questions
        self._questions.discard(key)
        return known

    def renew(self, stale: str, deadline: float) -> None:
        """Replace the session `stale` by a new one with the host's settings, and notify the host that lists changed.

        Raises:
            OSError: The connection broke.
            UnavailableError: The kernel did not come back, or rejects the session.
        """
        with self._renewing:
            if self.id != stale:
                return
            opening = self._opening | {"id": "mcp-notebook-connect"}
            self._initialize(json.dumps(opening).encode(), deadline)
            for line in (INITIALIZED, *self._standing.values()):
                self._post(line, deadline)
        self._tell_host()

    def listen(self) -> None:
        """Open the stream for messages from the server, if it is not open yet, and keep it open."""
        if not self._listening:
            self._listening = True
            threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """End the session at the server, if it answers at once."""
        if self.id and not self._kernel.away:
            with suppress(OSError, UnavailableError):
                self._kernel.connection(time.monotonic()).request(b"DELETE", self.lines(), timeout=BRIEFLY)

    def _initialize(self, line: bytes, deadline: float) -> None:
        connection = self._kernel.connection(deadline)
        response = connection.request(b"POST", b"", line)
        answers = [json.loads(event.data) for event in response.events() if event.data]
        self._kernel.give_back(connection, response)
        granted = next((answer for answer in answers if "result" in answer), None)
        if response.status != 200 or granted is None:
            raise UnavailableError(
                f"{self._kernel.name!r} is back, but rejects the session (HTTP {response.status}). "
                "Restart this server in the host."
            )
        self._adopt(response, granted)

    def _adopt(self, response: Response, answer: dict[str, Any]) -> None:
        self._version = str(answer["result"].get("protocolVersion", ""))
        self.id = response.headers.get("mcp-session-id")

    def _post(self, line: bytes, deadline: float) -> None:
        connection = self._kernel.connection(deadline)
        response = connection.request(b"POST", self.lines(), line)
        response.read()
        self._kernel.give_back(connection, response)

    def _tell_host(self) -> None:
        questions, self._questions = self._questions, set()
        for question in questions:
            params = {"requestId": json.loads(question), "reason": "the kernel restarted"}
            self._host.notify("notifications/cancelled", params)
        for name in LIST_CHANGES:
            self._host.notify(f"notifications/{name}/list_changed")
        for line in self._standing.values():
            if uri := (json.loads(line).get("params") or {}).get("uri"):
                self._host.notify("notifications/resources/updated", {"uri": uri})

    def _listen(self) -> None:
        last, pause = b"", RECONNECT_AFTER
        while (session := self.id) is not None:
            connection = self._kernel.connection()
            try:
                since = b"Last-Event-ID: %s\r\n" % last if last else b""
                response = connection.request(b"GET", self.lines() + since)
                if response.status == 405:  # a server without such a stream
                    break
                if response.status == 200:
                    for event in response.events():
                        last = event.id or last
                        pause = pause if event.retry is None else event.retry / 1000
                        self._pass_on(event)
                elif response.status == 404:
                    last = b""
                    self.renew(session, self._kernel.deadline())
                    continue  # without a pause, because messages are lost until the stream is open
                elif response.status == 401:
                    self._kernel.refresh()
            except (OSError, UnavailableError):
                pass  # the next connection waits for the kernel
            finally:
                connection.close()
            time.sleep(pause)
        self._listening = False

    def _pass_on(self, event: ServerSentEvent) -> None:
        if event.data:
            self.asks(json.loads(event.data))
            self._host.send(event.data)
