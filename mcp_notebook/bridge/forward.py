"""The bridge itself: what the host sends goes to the kernel, what the kernel answers goes to the host.

Threads take turns at reading from the host. Whoever got a request lets the next one read, carries the request to the
kernel and writes the answer, so that no message waits for a second thread. Notifications and answers, which need no
answer, are delivered before the next line is read, and so keep their order.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from mcp_notebook.bridge.headers import ParameterHeaders, modern_headers, modern_version
from mcp_notebook.bridge.host import Host
from mcp_notebook.bridge.http import BrokenError, NotSentError, Response
from mcp_notebook.bridge.kernel import Kernel, UnavailableError
from mcp_notebook.bridge.request import Request, key_of
from mcp_notebook.bridge.session import BRIEFLY, LIST_CHANGES, Session

TYPE_CHECKING = False  # typing's own takes 7 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Bridge"]

PARSE_ERROR, INVALID_REQUEST, INTERNAL_ERROR, CONNECTION_CLOSED, HEADER_MISMATCH = (
    -32700,
    -32600,
    -32603,
    -32000,
    -32020,
)
"""JSON-RPC's and the protocol's codes."""


class Bridge:
    """Between one host and one kernel.

    Attributes:
        ended: Set when the host has nothing more to send, or is gone.
    """

    def __init__(self, kernel: Kernel, host: Host) -> None:
        self.ended = threading.Event()
        self._kernel = kernel
        self._host = host
        self._session = Session(kernel, host)
        self._parameters = ParameterHeaders()
        self._open: dict[str, Request] = {}
        self._reading = threading.Lock()
        self._spare: deque[None] = deque()

    def start(self) -> None:
        """Forward from now on, on threads of its own."""
        threading.Thread(target=self._work, daemon=True).start()

    def close(self) -> None:
        """Cancel what runs, and end the session."""
        for request in list(self._open.values()):
            request.cancel(abort=request.version is not None)
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
        except BrokenPipeError:  # the host does not listen any more
            pass
        finally:
            self.ended.set()

    def _accept(self, line: bytes) -> Callable[[], None] | None:
        """Take in a message in its turn; return what remains to be done, out of turn."""
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
        """Cancel as the request's era has it: a legacy server is told, for a modern one the connection closes."""
        request = self._open.get(key_of((message.get("params") or {}).get("requestId")))
        if request is not None:
            request.cancel(abort=request.version is not None)
        if request is not None and request.version is None:
            self._deliver(line, self._session.lines())

    def _deliver(self, line: bytes, headers: bytes) -> None:
        """Send what has no answer. Nobody waits for it, so a kernel that is away does not get it."""
        if self._kernel.away:
            return
        with suppress(OSError, UnavailableError):
            connection = self._kernel.connection(time.monotonic() + BRIEFLY)
            response = connection.request(b"POST", headers, line)
            response.read()
            self._kernel.give_back(connection, response)

    def _forward(self, request: Request) -> None:
        try:
            while not (request.cancelled or request.answered):
                self._attempt(request)
        except UnavailableError as error:
            self._refuse(request, CONNECTION_CLOSED, str(error))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  the top edge: the host must get an answer
            self._refuse(request, INTERNAL_ERROR, f"The bridge to {self._kernel.name!r} failed: {error!r}")
        finally:
            if self._open.get(key_of(request.id)) is request:
                del self._open[key_of(request.id)]

    def _attempt(self, request: Request) -> None:
        """Send a request once, and pass its answer on."""
        connection = self._kernel.connection(request.deadline)
        session = self._session.id
        if not request.travel(connection):
            connection.close()
            return
        try:
            response = connection.request(b"POST", self._headers(request), request.line)
            self._settle(request, response, session)
        except NotSentError as error:
            connection.close()
            if not request.may_go_again(sent=False):
                self._refuse(request, CONNECTION_CLOSED, f"{self._kernel.name!r} does not take the message ({error}).")
        except BrokenError:
            connection.close()
            self._after_break(request)
        else:
            request.arrive()
            self._kernel.give_back(connection, response)

    def _headers(self, request: Request) -> bytes:
        if request.version is None:
            return b"" if request.method == "initialize" else self._session.lines()
        return modern_headers(request.message, request.version) + self._parameters.lines(request.message)

    def _settle(self, request: Request, response: Response, session: str | None) -> None:
        """Pass the answer on, or mend what made the server refuse; the request is then sent again."""
        if response.status == 404 and session is not None and request.version is None:
            response.read()
            with suppress(OSError):  # it did not run, so it can go again
                self._session.renew(session, request.deadline)
        elif response.status == 503 and response.kind != "application/json":
            response.read()
            self._kernel.pause(request.deadline)
        elif response.status == 401 and not request.corrected:
            response.read()
            request.corrected = True
            self._kernel.refresh()
        elif response.status == 200 and response.kind in ("application/json", "text/event-stream"):
            self._pass_on(request, response)
        else:
            self._refused(request, response)

    def _pass_on(self, request: Request, response: Response) -> None:
        """Pass on all messages of an answer, also of one that a legacy server gives in several parts."""
        last, pause = self._receive_all(request, response)
        while last and request.version is None and not (request.answered or request.cancelled):
            time.sleep(pause)
            connection = self._kernel.connection(request.deadline)
            lines = self._session.lines() + b"Last-Event-ID: %s\r\n" % last
            part = connection.request(b"GET", lines)
            if part.status != 200:
                break
            last, pause = self._receive_all(request, part)
            self._kernel.give_back(connection, part)
        if not request.answered:
            raise BrokenError("the answer ended early")

    def _receive_all(self, request: Request, response: Response) -> tuple[bytes, float]:
        """Pass on what a response has; return the id of the last event, and the seconds until its sequel."""
        last, pause = b"", 1.0
        try:
            for event in response.events():
                last = event.id or last
                pause = pause if event.retry is None else event.retry / 1000
                if event.data:
                    self._receive(request, response, event.data)
        except BrokenError:
            if not last:
                raise
        return last, pause

    def _receive(self, request: Request, response: Response, data: bytes) -> None:
        """Take in one message of the server's, and pass it on."""
        if response.kind == "application/json" and request.method not in ("tools/list", "initialize"):
            request.answered = True  # nothing in it that the bridge has to know
        else:
            message = json.loads(data)
            if "method" in message:
                if request.version is None:
                    self._session.asks(message)
                elif message["method"] == "notifications/subscriptions/acknowledged":
                    if request.acknowledged:
                        return self._announce(request)
                    request.acknowledged = True
            else:
                request.answered = True
                self._learn(request, response, message)
        if not request.cancelled:
            self._host.send(data)
        return None

    def _learn(self, request: Request, response: Response, answer: dict[str, Any]) -> None:
        if request.method == "initialize":
            self._session.opened(request.message, response, answer)
        elif request.method == "tools/list":
            self._parameters.learn(answer.get("result"))
        elif request.version is None and "result" in answer:
            self._session.note(request.message, request.line)

    def _announce(self, request: Request) -> None:
        """Tell the host on a stream that stands again that all it asked to hear of may have changed."""
        wanted = request.message["params"].get("notifications") or {}
        meta = {"io.modelcontextprotocol/subscriptionId": request.id}
        for name in LIST_CHANGES:
            if wanted.get(f"{name}ListChanged"):
                self._host.notify(f"notifications/{name}/list_changed", {"_meta": meta})
        for uri in wanted.get("resourceSubscriptions") or ():
            self._host.notify("notifications/resources/updated", {"uri": uri, "_meta": meta})

    def _refused(self, request: Request, response: Response) -> None:
        body = response.read()
        try:
            error = json.loads(body)["error"]
            code = error["code"]
        except (ValueError, TypeError, KeyError):
            return self._refuse(request, INTERNAL_ERROR, self._why(response))
        if code == HEADER_MISMATCH and request.method == "tools/call" and not request.corrected:
            request.corrected = True
            with suppress(OSError):  # the call did not run, so it can go again
                self._learn_tools(request)
            return None
        request.answered = True
        self._host.send(json.dumps({"jsonrpc": "2.0", "id": request.id, "error": error}).encode())
        return None

    def _why(self, response: Response) -> str:
        name = repr(self._kernel.name)
        known = {
            401: f"{name} refuses the token of its own runtime file. Run %mcp serve in the notebook again.",
            413: f"{name} refuses a message of this size. Send less, or put the data where the notebook can read it.",
        }
        return known.get(response.status, f"{name} answered with HTTP status {response.status}.")

    def _learn_tools(self, request: Request) -> None:
        """Read the list of tools, as the caller of a tool would: the call lacks headers that only the list names."""
        cursor: dict[str, str] = {}
        meta = request.message["params"]["_meta"]
        while True:
            listing = {"jsonrpc": "2.0", "id": "mcp-notebook-connect", "method": "tools/list"}
            message: dict[str, Any] = {**listing, "params": {**cursor, "_meta": meta}}
            connection = self._kernel.connection(request.deadline)
            headers = modern_headers(message, str(request.version))
            response = connection.request(b"POST", headers, json.dumps(message).encode())
            answers = [json.loads(event.data) for event in response.events() if event.data]
            self._kernel.give_back(connection, response)
            result = answers[-1].get("result") or {} if answers else {}
            self._parameters.learn(result)
            if not result.get("nextCursor") or cursor == {"cursor": result["nextCursor"]}:
                return
            cursor = {"cursor": result["nextCursor"]}

    def _after_break(self, request: Request) -> None:
        """Have a request sent again, where that is safe; else say what happened."""
        if request.may_go_again(sent=True):
            request.deadline = self._kernel.deadline()
        else:
            self._refuse(
                request,
                CONNECTION_CLOSED,
                f"The kernel of {self._kernel.name!r} restarted or stopped while {request.method} was running, and it "
                "may have run. Look at what it changed before you call it again.",
            )

    def _refuse(self, request: Request, code: int, text: str) -> None:
        if not request.cancelled and not request.answered:
            self._host.refuse(request.id, code, text)
        request.answered = True


def _kind(message: object) -> str | None:
    """Return "request", "notification" or "answer"; None for what is none of them."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return None
    has_id = isinstance(message.get("id"), (str, int)) and not isinstance(message.get("id"), bool)
    if isinstance(message.get("method"), str) and isinstance(message.get("params") or {}, dict):
        return "request" if has_id else None if "id" in message else "notification"
    return "answer" if has_id and ("result" in message or "error" in message) else None
