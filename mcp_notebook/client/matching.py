"""Match answers to waiting requests on a single stream, to find requests that will get no answer."""

from __future__ import annotations

import json
from collections import deque

from mcp_types import (
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)
from pydantic import ValidationError

from mcp_notebook.client import limits
from mcp_notebook.client.lines import CUT
from mcp_notebook.client.refusals import Refusal
from mcp_notebook.client.replies import offending, quoted, replies_in, same_id, why

__all__ = ["Matching"]

MOST_KNOWN = 1_000
"""Most earlier requests that are remembered, so that a late answer does not count as a stray."""


class Matching:
    """Detects requests whose answer cannot be used.

    A server gives each request one answer. So an answer that names no request, a stray, belongs to one of the waiting
    requests. As soon as there are as many strays as waiting requests, it is clear which ones.

    Args:
        where: The name of the server for messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._waiting: dict[RequestId | None, None] = {}
        self._known: deque[RequestId | None] = deque(maxlen=MOST_KNOWN)
        self._strays: list[str] = []
        self._notified = 0
        self._excused: list[str] = []

    @property
    def in_doubt(self) -> bool:
        """Return whether a stray may be the answer to a notification, and so be harmless."""
        return bool(self._excused and self._waiting)

    def sent(self, message: JSONRPCMessage) -> None:
        """Note a message to the server."""
        if isinstance(message, JSONRPCRequest):
            if message.method == "initialize":
                self._waiting.clear()  # it begins a session, and earlier questions may never be answered
            if message.method == "subscriptions/listen":  # it is answered when it ends
                self._known.append(same_id(message.id))
            else:
                self._waiting[same_id(message.id)] = None
        elif isinstance(message, JSONRPCNotification):
            self._notified += 1
            if message.method == "notifications/cancelled":
                self._settled((message.params or {}).get("requestId"))

    def received(self, message: JSONRPCMessage) -> list[JSONRPCError]:
        """Note a message from the server; return refusals for the requests that will get no answer."""
        if isinstance(message, JSONRPCRequest):
            self._known.append(same_id(message.id))  # some servers send an answer to the answer
        if not isinstance(message, JSONRPCResponse | JSONRPCError):
            return []
        answered = None if message.id is None else same_id(message.id)
        if answered in self._waiting:
            self._settled(answered)
            self._notified = 0
            self._excused.clear()
        elif answered not in self._known:
            line = message.model_dump_json(by_alias=True, exclude_unset=True)
            given = json.dumps(message.id)
            stray = f"{self._where} answered with the id {given}, which no request has: {quoted(line)}."
            if message.id is None and self._notified:
                self._notified -= 1
                self._excused.append(stray)
            else:
                self._strays.append(stray)
        return self._lost()

    def broken(self, error: ValidationError) -> list[JSONRPCError]:
        """Note a line that is not a message; return refusals for the requests that will get no answer."""
        line = offending(error)
        if line.endswith(CUT):
            said = f"{self._where} sent a line of more than {limits.MESSAGE_IN_WORDS}, which is the limit. "
            said += "Ask it for less."
        else:
            said = (
                f"{self._where} answered with a line that is not an MCP message ({why(error, line)}): {quoted(line)}."
            )
        refused = []
        for reply in replies_in(line):
            if reply in self._waiting:
                self._settled(reply)
                refused.append(_refusal(reply, said))
            elif reply not in self._known:
                self._strays.append(said)
        return refused + self._lost()

    def ended(self, line: str) -> list[JSONRPCError]:
        """Note why there will be no more messages; return refusals for the waiting requests."""
        self._strays += [line] * len(self._waiting)
        return self._lost()

    def decide(self) -> list[JSONRPCError]:
        """Count doubtful strays as answers to requests; return the refusals."""
        self._strays += self._excused
        self._excused.clear()
        return self._lost()

    def _settled(self, request: RequestId | None) -> None:
        if request is not None and same_id(request) in self._waiting:
            del self._waiting[same_id(request)]
            self._known.append(same_id(request))

    def _lost(self) -> list[JSONRPCError]:
        # With fewer strays than waiting requests, any of them may still get its own answer. With as many, each stray
        # used up one answer, so all waiting requests are lost; which stray belongs to which does not matter.
        if len(self._strays) < len(self._waiting):
            return []
        lost = [_refusal(request, stray) for request, stray in zip(self._waiting, self._strays, strict=False)]
        for request in list(self._waiting):
            self._settled(request)
        self._strays.clear()
        return lost


def _refusal(request: RequestId | None, line: str) -> JSONRPCError:
    return JSONRPCError.model_validate(Refusal(line).message(request))
