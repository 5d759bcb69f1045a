"""Send a request to the kernel and its answer back, even if the kernel restarts in between."""

from __future__ import annotations

import json
import time
from contextlib import suppress

from mcp_notebook.bridge.headers import ParameterHeaders, modern_headers
from mcp_notebook.bridge.host import CONNECTION_CLOSED, HEADER_MISMATCH, INTERNAL_ERROR, HostProcess
from mcp_notebook.bridge.http import MOST_BYTES, BrokenError, NotSentError, Response, TooLargeError
from mcp_notebook.bridge.kernel import Kernel, UnavailableError
from mcp_notebook.bridge.request import Request
from mcp_notebook.bridge.session import LIST_CHANGES, BridgeSession

TYPE_CHECKING = False  # typing's own takes 7 ms to import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Forwarder"]


TOO_LARGE = f"more than {MOST_BYTES // 1_000_000} MB, the limit for one message. Ask for less data."


class Forwarder:
    """Forwards requests, several at once, each on the calling thread."""

    def __init__(self, kernel: Kernel, host: HostProcess, session: BridgeSession) -> None:
        self._kernel = kernel
        self._host = host
        self._session = session
        self._parameters = ParameterHeaders()

    def forward(self, request: Request) -> None:
        """Send a request as often as needed, until the host has its answer or cancels it.

        Raises:
            BrokenPipeError: The host is gone.
        """
        try:
            while not (request.cancelled or request.answered):
                self._attempt(request)
        except UnavailableError as error:
            self._refuse(request, CONNECTION_CLOSED, str(error))
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost handler: the host must get an answer
            self._refuse(request, INTERNAL_ERROR, f"The bridge to {self._kernel.name!r} failed: {error!r}")

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
                self._refuse(request, CONNECTION_CLOSED, f"Cannot send the message to {self._kernel.name!r} ({error}).")
        except TooLargeError:
            connection.close()
            self._refuse(request, INTERNAL_ERROR, f"{self._kernel.name!r} answered with {TOO_LARGE}")
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
        """Pass the answer on, or correct the cause of a refusal, so that the request can be sent again."""
        if response.status == 404 and session is not None and request.version is None:
            response.read()
            with suppress(OSError):  # it did not run, so it can be sent again
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
        """Pass on all messages of an answer, even if a legacy server sends it in several parts."""
        last, pause = self._receive_all(request, response)
        while last and request.version is None and not (request.answered or request.cancelled):
            time.sleep(pause)
            last, pause = self._fetch_more(request, last)
        if not request.answered:
            raise BrokenError("the answer ended early")

    def _fetch_more(self, request: Request, last: bytes) -> tuple[bytes, float]:
        try:
            connection = self._kernel.connection(time.monotonic())
        except UnavailableError as error:  # the rest was lost with the kernel, so there is nothing to wait for
            raise BrokenError(str(error)) from error
        response = connection.request(b"GET", self._session.lines() + b"Last-Event-ID: %s\r\n" % last)
        more = self._receive_all(request, response) if response.status == 200 else (b"", 0.0)
        self._kernel.give_back(connection, response)
        return more

    def _receive_all(self, request: Request, response: Response) -> tuple[bytes, float]:
        """Pass on the messages of a response; return the id of the last event, and the seconds until the next part."""
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
        """Handle one message from the server, and pass it on."""
        if response.kind == "application/json" and request.method not in ("tools/list", "initialize"):
            request.answered = True  # the bridge needs nothing from it
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
        """Notify the host, on a reopened stream, that everything it subscribed to may have changed."""
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
            with suppress(OSError):  # the call did not run, so it can be sent again
                self._learn_tools(request)
            return None
        request.answered = True
        self._host.send(json.dumps({"jsonrpc": "2.0", "id": request.id, "error": error}).encode())
        return None

    def _why(self, response: Response) -> str:
        name = repr(self._kernel.name)
        rejected = f"{name} rejects the token from its own runtime file. Run %mcp serve in the notebook again."
        sign_in = (
            f"Clients of {name} sign in, which a bridge cannot do. Connect by its URL (%mcp clients), or listen "
            "without --oauth."
        )
        known = {
            401: rejected if self._kernel.has_token else sign_in,
            413: f"{name} rejects a message of this size. Send less, or put the data where the notebook can read it.",
        }
        return known.get(response.status, f"{name} answered with HTTP status {response.status}.")

    def _learn_tools(self, request: Request) -> None:
        """Read the list of tools, because the call lacks headers that only the list names."""
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
        """Send a request again if that is safe, else report the break to the host."""
        if request.may_go_again(sent=True):
            request.deadline = self._kernel.deadline()
        else:
            self._refuse(
                request,
                CONNECTION_CLOSED,
                f"The kernel of {self._kernel.name!r} restarted or stopped during {request.method}, which may or may "
                "not have run. Check its effects before you call it again.",
            )

    def _refuse(self, request: Request, code: int, text: str) -> None:
        if not request.cancelled and not request.answered:
            self._host.refuse(request.id, code, text)
        request.answered = True
