"""Forward messages from the host to the kernel, and the kernel's answers to the host.

Threads take turns reading from the host. A thread that reads a request lets the next thread read, sends the request to
the kernel and writes the answer, so that no message is handed to a second thread. Notifications and answers, which get
no answer, are delivered before the next line is read, and so keep their order.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from mcp_notebook.bridge.forwarder import Forwarder
from mcp_notebook.bridge.headers import modern_headers, modern_version
from mcp_notebook.bridge.host import INVALID_REQUEST, PARSE_ERROR, HostProcess
from mcp_notebook.bridge.kernel import Kernel, UnavailableError
from mcp_notebook.bridge.request import Request, key_of
from mcp_notebook.bridge.session import BridgeSession

TYPE_CHECKING = False  # typing's own takes 7 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Bridge"]


class Bridge:
    """Forwards between one host and one kernel.

    Attributes:
        ended: Set when the host has closed stdin, or is gone.
    """

    def __init__(self, kernel: Kernel, host: HostProcess) -> None:
        self.ended = threading.Event()
        self._kernel = kernel
        self._host = host
        self._session = BridgeSession(kernel, host)
        self._forwarder = Forwarder(kernel, host, self._session)
        self._open: dict[str, Request] = {}
        self._reading = threading.Lock()
        self._spare: deque[None] = deque()

    def start(self) -> None:
        """Start to forward, on separate threads."""
        threading.Thread(target=self._work, daemon=True).start()

    def close(self) -> None:
        """Cancel all running requests, and end the session."""
        for request in list(self._open.values()):
            request.cancel()
        self._session.close()

    def _work(self) -> None:
        try:
            while True:
                self._spare.append(None)
                with self._reading:
                    self._spare.pop()
                    line = self._host.read()
                    if line is None:
                        break
                    carry = self._accept(line)
                    if carry is None:
                        continue
                    if not self._spare:
                        self.start()
                carry()
        except BrokenPipeError:  # the host no longer reads
            pass
        finally:
            self.ended.set()

    def _accept(self, line: bytes) -> Callable[[], None] | None:
        """Handle a message in order; return the part of the work that may be done out of order."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            self._host.refuse(None, PARSE_ERROR, f"Parse error: {error}")
            return None
        kind = _kind(message)
        if kind is None:
            self._host.refuse(None, INVALID_REQUEST, "Invalid request: not a single JSON-RPC 2.0 message")
        elif kind == "request":
            request = Request(line, message, self._kernel.deadline())
            self._open[key_of(request.id)] = request
            if request.method == "initialize":
                self._session.opens()
            return lambda: self._forward(request)
        elif kind == "answer":
            if self._session.takes_answer(message):
                self._deliver(line, self._session.lines())
        elif message["method"] == "notifications/cancelled":
            self._cancel(line, message)
        else:
            version = modern_version(message)
            self._deliver(line, modern_headers(message, version) if version else self._session.lines())
            if message["method"] == "notifications/initialized":
                self._session.listen()
        return None

    def _cancel(self, line: bytes, message: dict[str, Any]) -> None:
        """Cancel as the request's era requires: notify a legacy server, close the connection to a modern one."""
        request = self._open.get(key_of((message.get("params") or {}).get("requestId")))
        if request is not None:
            request.cancel()
            if request.version is None:
                self._deliver(line, self._session.lines())

    def _deliver(self, line: bytes, headers: bytes) -> None:
        """Send a message that gets no answer; skip it if the kernel is away, because nobody waits for it."""
        if self._kernel.away:
            return
        with suppress(OSError, UnavailableError):
            connection = self._kernel.connection(time.monotonic())
            response = connection.request(b"POST", headers, line)
            response.read()
            self._kernel.give_back(connection, response)

    def _forward(self, request: Request) -> None:
        try:
            self._forwarder.forward(request)
        finally:
            if self._open.get(key_of(request.id)) is request:
                del self._open[key_of(request.id)]


def _kind(message: object) -> str | None:
    """Return "request", "notification" or "answer"; None for anything else."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return None
    has_id = isinstance(message.get("id"), (str, int)) and not isinstance(message.get("id"), bool)
    if isinstance(message.get("method"), str) and isinstance(message.get("params") or {}, dict):
        return "request" if has_id else None if "id" in message else "notification"
    return "answer" if has_id and ("result" in message or "error" in message) else None
