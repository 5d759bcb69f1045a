"""Keep the calls that wait for a person's Allow or Deny, and the decisions."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import InvalidStateError
from typing import Literal, get_args

import anyio
from mcp.server.mcpserver.tools import Tool
from mcp_types import Tool as ListedTool

from mcp_notebook.errors import UnknownNameError
from mcp_notebook.recording import Decision
from mcp_notebook.server.approval_request import ApprovalRequest

__all__ = ["WHICH", "Approval", "ApprovalRequest", "Tell", "Which", "destructive", "left_in_words"]

Which = Literal["destructive", "all"]
WHICH: tuple[Which, ...] = get_args(Which)

Tell = Callable[[str], Awaitable[None]]

MOST_WAITING = 20
"""Calls that may wait for a person at once. Nobody reads a longer list, so further calls are denied at once."""

MOST_DECIDED = 100
"""Past decisions kept for the card; the log has the decision of each call."""


class Approval:
    """The calls that a person decides on: the rule, the waiting requests and the decisions. Usable from any thread.

    Attributes:
        which: ``all`` for every tool, or ``destructive`` for those that may destroy something.
        timeout: Seconds after which an unanswered call is denied.
    """

    def __init__(self, which: Which = "destructive", timeout: float = 60) -> None:
        self.which = which
        self.timeout = timeout
        self._waiting: dict[int, ApprovalRequest] = {}
        self._decided: deque[ApprovalRequest] = deque(maxlen=MOST_DECIDED)
        self._standing: dict[tuple[str, str, str, str], Tool | ListedTool | None] = {}
        self._observers: tuple[Callable[[], None], ...] = ()
        self._closed = False

    @property
    def waiting(self) -> list[ApprovalRequest]:
        """The waiting requests, oldest first."""
        return list(self._waiting.values())

    @property
    def decided(self) -> list[ApprovalRequest]:
        """The latest decided requests, oldest first."""
        return list(self._decided.copy())  # the copy is one step, and other threads add some

    @property
    def standing(self) -> list[tuple[str, str, str, str]]:
        """The "always allow" decisions: client, person, server and tool of each."""
        return list(self._standing)

    def observe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call `observer` whenever a request starts to wait, is decided, or has less time left.

        The observer may be called on any thread.

        Returns:
            A function that removes the observer.
        """
        self._observers += (observer,)  # a tuple, so that another thread may be iterating over the previous one

        def leave() -> None:
            self._observers = tuple(other for other in self._observers if other is not observer)

        return leave

    def concerns(self, request: ApprovalRequest) -> bool:
        """Return whether a person has to allow this request."""
        return self.which == "all" or request.redefined or request.entry is None or destructive(request.entry)

    def stands(self, request: ApprovalRequest) -> bool:
        """Return whether a person has already allowed this tool for this client."""
        if request.key not in self._standing:
            return False
        allowed = self._standing[request.key]
        # A listed tool is another object each time.
        return allowed is request.entry or (isinstance(allowed, ListedTool) and allowed == request.entry)

    async def ask(self, request: ApprovalRequest, tell: Tell | None = None) -> Decision:
        """Wait until a person, the timeout or `close` decides; if the wait is cancelled, drop the request.

        Args:
            request: The request to decide.
            tell: Called once, to tell the client what it waits for and how long at most.
        """
        request.begin(self.timeout)
        busy = f"{MOST_WAITING} other calls wait for a person already" if len(self._waiting) >= MOST_WAITING else ""
        if why := "it stopped listening" if self._closed else busy or request.unshowable:
            self._settle(request, Decision(False, "the notebook", 0, why))
            return request.answer.result()
        self._waiting[request.number] = request
        self._changed()
        try:
            with anyio.move_on_after(self.timeout):
                if tell is not None:
                    await tell(f"waiting, {self.timeout:g} s at most, for a person to allow this in the notebook")
                await self._answered(request)
        except anyio.get_cancelled_exc_class():
            self._settle(request, Decision(False, "cancelled", request.waited))
            raise
        self._settle(request, Decision(False, "timeout", request.waited))  # no effect if a person was faster
        return request.answer.result()

    async def _answered(self, request: ApprovalRequest) -> None:
        while not request.answer.done():
            with anyio.move_on_after(_until_other_words(request.left)):
                # Shielded, because this wait may end without an answer and the future is awaited again.
                await asyncio.shield(asyncio.wrap_future(request.answer))
                return
            self._changed()

    def allow(self, number: int, *, always: bool = False) -> ApprovalRequest:
        """Allow a call to run.

        Args:
            number: The number of the request.
            always: Do not ask again about this tool, as it is defined now, for clients of this name and this
                person. Nobody checks the name: any client that has the token may use it.

        Raises:
            UnknownNameError: The request is not waiting, or no longer.
        """
        request = self._find(number)
        self._decide(request, Decision(True, "a person", request.waited, "always" if always else ""))
        if always:
            self._standing[request.key] = request.entry
            self._changed()
        return request

    def deny(self, number: int, reason: str = "") -> ApprovalRequest:
        """Deny a call; the model is told the reason.

        Raises:
            UnknownNameError: The request is not waiting, or no longer.
        """
        request = self._find(number)
        self._decide(request, Decision(False, "a person", request.waited, reason))
        return request

    def ask_again(self) -> None:
        """Revoke all "always allow" decisions."""
        self._standing.clear()
        self._changed()

    def close(self) -> bool:
        """Deny all waiting and later requests; return whether any was waiting."""
        self._closed = True
        waiting = self.waiting
        for request in waiting:
            self._settle(request, Decision(False, "the notebook", request.waited, "it stopped listening"))
        return bool(waiting)

    def _find(self, number: int) -> ApprovalRequest:
        try:
            return self._waiting[number]
        except KeyError:
            waiting = ", ".join(map(str, self._waiting)) or "nothing"
            raise UnknownNameError(
                f"No request {number} is waiting: it was answered, it ended, or it never existed (waiting: {waiting})."
            ) from None

    def _decide(self, request: ApprovalRequest, decision: Decision) -> None:
        if not self._settle(request, decision):
            raise UnknownNameError(f"Request {request.number} has just ended without your answer.")

    def _settle(self, request: ApprovalRequest, decision: Decision) -> bool:
        """Record the decision unless there is one already; return whether this decision counts."""
        # A person, the timeout and `close` may decide on different threads. The future accepts one result, so there
        # is no lock: the second one gets the error.
        try:
            request.answer.set_result(decision)
        except InvalidStateError:
            return False
        self._waiting.pop(request.number, None)
        self._decided.append(request)
        self._changed()
        return True

    def _changed(self) -> None:
        for observer in self._observers:
            observer()


def destructive(tool: Tool | ListedTool) -> bool:
    """Return whether a tool may destroy or overwrite something, according to its annotations.

    The specification's defaults apply: a tool without annotations is neither read-only nor harmless. A tool that
    claims to be both read-only and destructive contradicts itself and counts as destructive.
    """
    stated = tool.annotations
    if stated is None or stated.destructive_hint is not None:
        return stated is None or bool(stated.destructive_hint)
    return not stated.read_only_hint


_MARKS = (10, 30, 60)


def _until_other_words(left: float) -> float:
    """Return the seconds until the text from `left_in_words` changes."""
    if left > _MARKS[-1]:
        return left - 60 * (math.ceil(left / 60) - 1)
    return left - max((mark for mark in (0, *_MARKS) if mark < left), default=0)


def left_in_words(left: float) -> str:
    """Return the remaining time in words that seldom change, so that the card seldom redraws."""
    if left > _MARKS[-1]:
        return f"less than {math.ceil(left / 60)} minutes left"
    if left > _MARKS[1]:
        return "less than a minute left"
    return f"less than {next(mark for mark in _MARKS if left <= mark)} seconds left"
