"""What waits for a person's Allow or Deny, and what was decided."""

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
from mcp_notebook.server.approval_request import Request

__all__ = ["WHICH", "Approval", "Request", "Tell", "Which", "destructive", "left_in_words"]

Which = Literal["destructive", "all"]
WHICH: tuple[Which, ...] = get_args(Which)

Tell = Callable[[str], Awaitable[None]]

MOST_WAITING = 20
"""How many calls wait for a person at most; more than that nobody reads, so they are denied at once."""

MOST_DECIDED = 100
"""How many past decisions are kept for the card; the log has them with each call."""


class Approval:
    """Which calls a person is asked about, those that wait, and what was decided. Usable from any thread.

    Attributes:
        which: ``all`` tools, or those that are `destructive`.
        timeout: Seconds after which a call that nobody answered is denied.
    """

    def __init__(self, which: Which = "destructive", timeout: float = 60) -> None:
        self.which = which
        self.timeout = timeout
        self._waiting: dict[int, Request] = {}
        self._decided: deque[Request] = deque(maxlen=MOST_DECIDED)
        self._standing: dict[tuple[str, str, str, str], Tool | None] = {}
        self._observers: tuple[Callable[[], None], ...] = ()
        self._closed = False

    @property
    def waiting(self) -> list[Request]:
        """What waits, the oldest first."""
        return list(self._waiting.values())

    @property
    def decided(self) -> list[Request]:
        """The latest decisions, the oldest first."""
        return list(self._decided)

    @property
    def standing(self) -> list[tuple[str, str, str, str]]:
        """What is allowed without a question: client, person, server, tool."""
        return list(self._standing)

    def observe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Tell `observer` whenever something began to wait, was decided, or has less time left, on any thread.

        Returns:
            What ends that.
        """
        self._observers += (observer,)

        def leave() -> None:
            self._observers = tuple(other for other in self._observers if other is not observer)

        return leave

    def concerns(self, request: Request) -> bool:
        """Whether a person has to allow this."""
        return self.which == "all" or request.redefined or request.entry is None or destructive(request.entry)

    def stands(self, request: Request) -> bool:
        """Whether a person allowed this before, for the rest."""
        return request.key in self._standing and self._standing[request.key] is request.entry

    async def ask(self, request: Request, tell: Tell | None = None) -> Decision:
        """Wait until a person, the timeout or `close` decides; cancelling the wait takes the request off the list.

        Args:
            request: What waits.
            tell: Told, once, what is waited for and how long at most.
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
        self._settle(request, Decision(False, "timeout", request.waited))  # unless somebody was faster
        return request.answer.result()

    async def _answered(self, request: Request) -> None:
        while not request.answer.done():
            with anyio.move_on_after(_until_other_words(request.left)):
                # Shielded: the wait may end without an answer, and the answer's future stays usable.
                await asyncio.shield(asyncio.wrap_future(request.answer))
                return
            self._changed()

    def allow(self, number: int, *, always: bool = False) -> Request:
        """Let a call run.

        Args:
            number: Of the request.
            always: From now on ask no more about this tool, as it is defined now, for clients of this name
                and this person. Nobody checks the name: any client that has the token may use it.

        Raises:
            UnknownNameError: It does not wait, or no longer.
        """
        request = self._find(number)
        self._decide(request, Decision(True, "a person", request.waited, "for the rest" if always else ""))
        if always:
            self._standing[request.key] = request.entry
            self._changed()
        return request

    def deny(self, number: int, reason: str = "") -> Request:
        """Keep a call from running; the model is told the reason.

        Raises:
            UnknownNameError: It does not wait, or no longer.
        """
        request = self._find(number)
        self._decide(request, Decision(False, "a person", request.waited, reason))
        return request

    def ask_again(self) -> None:
        """Forget what was allowed for the rest."""
        self._standing.clear()
        self._changed()

    def close(self) -> bool:
        """Deny what waits, and whatever comes later; return whether anything waited."""
        self._closed = True
        waiting = self.waiting
        for request in waiting:
            self._settle(request, Decision(False, "the notebook", request.waited, "it stopped listening"))
        return bool(waiting)

    def _find(self, number: int) -> Request:
        try:
            return self._waiting[number]
        except KeyError:
            waiting = ", ".join(map(str, self._waiting)) or "nothing"
            raise UnknownNameError(
                f"No request {number} waits: it was answered, ended, or never came (waiting: {waiting})."
            ) from None

    def _decide(self, request: Request, decision: Decision) -> None:
        if not self._settle(request, decision):
            raise UnknownNameError(f"Request {request.number} has just ended without you.")

    def _settle(self, request: Request, decision: Decision) -> bool:
        """Decide, unless that has happened; return whether this was it."""
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
    """Whether a tool may destroy or overwrite something, by its annotations.

    As the specification has it, a tool that does not say otherwise is not read-only, and is destructive. One that says
    both, read-only and destructive, contradicts itself, and counts as destructive.
    """
    stated = tool.annotations
    if stated is None or stated.destructive_hint is not None:
        return stated is None or bool(stated.destructive_hint)
    return not stated.read_only_hint


_MARKS = (10, 30, 60)


def _until_other_words(left: float) -> float:
    """Return after how many seconds the words for the time that is left change."""
    if left > _MARKS[-1]:
        return left - 60 * (math.ceil(left / 60) - 1)
    return left - max((mark for mark in (0, *_MARKS) if mark < left), default=0)


def left_in_words(left: float) -> str:
    """Say how much time is left, in words that seldom change."""
    if left > _MARKS[-1]:
        return f"less than {math.ceil(left / 60)} minutes left"
    if left > _MARKS[1]:
        return "less than a minute left"
    return f"less than {next(mark for mark in _MARKS if left <= mark)} seconds left"
