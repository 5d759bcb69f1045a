"""List the steps of a sequence: the messages between its participants, each with a number and a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple

from mcp_notebook.rendering import look
from mcp_notebook.rendering.calls.extracts import question_in_words
from mcp_notebook.rendering.content import as_object, shortened

__all__ = ["ASKED", "MOST_STEPS", "Kind", "Step", "Steps", "bounded", "method_of_question", "put_to_somebody"]

MOST_STEPS = 40
"""The most steps that are drawn."""

LAST_STEPS = 9
_RUN_KEPT = 3
LONGEST_DETAIL = 1_000

Kind = Literal["request", "result", "error", "notification", "action", "gap"]
"""The kinds of steps: an action is of one side alone, and a gap replaces steps that are left out."""

ASKED: Final[Mapping[str, str]] = {"elicitation/create": "person", "sampling/createMessage": "model"}
"""The participant behind the client that answers a question; a client knows its roots without asking anyone."""


class Step(NamedTuple):
    """One message, or an action of one side alone.

    Attributes:
        sender: ``person``, ``model``, ``client`` or ``server``.
        receiver: The same; equal to the sender for an action of one side alone.
        words: Its method and name, or ``result``.
        extract: A few words of its content.
        kind: Its kind.
        number: Counts the messages from 1; 0 for an action or a gap.
        of: The number of the request that it answers, reports on or cancels; 0 if there is none. Of a gap, the number
            of steps that it replaces.
        status: The HTTP status that came with it or answered it; "" if none is known.
        detail: The content, as text.
        at: Seconds since the first step; None if they are not known.
    """

    sender: str
    receiver: str
    words: str
    extract: str = ""
    kind: Kind = "request"
    number: int = 0
    of: int = 0
    status: str = ""
    detail: str = ""
    at: float | None = None

    @property
    def title(self) -> str:
        """The words, with the number of the request that they are about."""
        if self.kind in ("result", "error"):
            return f"{self.words} of {self.of or 'an earlier request'}"
        return f"{self.words} for {self.of}" if self.of and self.kind != "gap" else self.words

    @property
    def label(self) -> str:
        """The title and the extract, on one line."""
        colon = ":" if self.extract and (self.of or self.kind in ("result", "error")) else ""
        return f"{self.title}{colon} {self.extract}".rstrip()


class Steps:
    """The steps so far.

    Attributes:
        made: The steps, in order.
    """

    def __init__(self) -> None:
        self.made: list[Step] = []
        self._messages = 0

    def add(
        self,
        sender: str,
        receiver: str,
        words: str,
        extract: str = "",
        *,
        kind: Kind = "request",
        of: int = 0,
        status: str = "",
        detail: Any = "",
        at: float | None = None,
    ) -> int:
        """Add a step, and return its number."""
        number = 0
        if sender != receiver:
            self._messages += 1
            number = self._messages
        text = shortened(detail if isinstance(detail, str) else look.json_text(detail), LONGEST_DETAIL)
        self.made.append(Step(sender, receiver, words, extract, kind, number, of, status, text, at))
        return number

    def answered(self, number: int, status: str) -> None:
        """Note the HTTP status by which a message was answered without another message."""
        for place in range(len(self.made) - 1, -1, -1):
            if self.made[place].number == number:
                self.made[place] = self.made[place]._replace(status=status)
                return


def method_of_question(question: Any) -> str:
    """Return the method of a question."""
    return str(as_object(question).get("method", "a question"))


def put_to_somebody(steps: Steps, question: Any, at: float) -> int:
    """Add that the client asks the person or model behind it; return 0 if it asks nobody."""
    method, params = method_of_question(question), as_object(question).get("params")
    if method not in ASKED:
        return 0
    return steps.add("client", ASKED[method], "asks", question_in_words(method, params), detail=params or {}, at=at)


def bounded(steps: Sequence[Step]) -> list[Step]:
    """Return at most about `MOST_STEPS` steps: shorten runs of notifications first, then the list of all steps."""
    if len(steps) <= MOST_STEPS:
        return list(steps)
    kept: list[Step] = []
    for (kind, words, *_), group in groupby(steps, lambda step: (step.kind, step.words, step.sender, step.receiver)):
        run = list(group)
        if kind == "notification" and len(run) > _RUN_KEPT + 1:
            run = [*run[:2], _left_out(run[2:-1], words), run[-1]]
        kept += run
    if len(kept) > MOST_STEPS:
        first = MOST_STEPS - LAST_STEPS - 1
        left_out = kept[first:-LAST_STEPS]
        kept = [*kept[:first], _left_out(left_out, "messages"), *kept[-LAST_STEPS:]]
    return kept


def _left_out(steps: Sequence[Step], what: str) -> Step:
    many = sum(step.of if step.kind == "gap" else 1 for step in steps)
    return Step("client", "client", f"… {many} more {what}", kind="gap", of=many)
