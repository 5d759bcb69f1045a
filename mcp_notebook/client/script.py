"""Answers that were written down before, one after another: for lessons and tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mcp_types import (
    CreateMessageResult,
    CreateMessageResultWithTools,
    ElicitResult,
    ErrorData,
    ListRootsResult,
    Root,
    TextContent,
)

from mcp_notebook.client.questions import Answer, Question
from mcp_notebook.errors import RequestError

__all__ = ["DECLINED", "Script", "in_words"]

DECLINED = ErrorData(code=-1, message="The user declined the sampling request.")
"""What a client says when a person turns a sampling request down; the code is the one that the protocol gives."""


class Script:
    """Answers the questions of one request from a list, in order.

    Each answer is a value of the protocol (`ElicitResult`, ...), a function that takes the `Question` and returns
    an answer, or in short:

    - for an elicitation a dict (accept, with this content), ``"accept"``, ``"decline"`` or ``"cancel"``;
    - for sampling the text that the model would say, or ``None`` to decline;
    - for roots a list of directories or ``file://`` URIs.

    Args:
        answers: The answers; left over at the end is no error.
    """

    def __init__(self, answers: Sequence[Any]) -> None:
        self._answers = list(answers)
        self._used = 0

    @property
    def left(self) -> int:
        """How many answers were not asked for."""
        return len(self._answers) - self._used

    async def __call__(self, question: Question) -> Answer:
        """Return the next answer.

        Raises:
            RequestError: There is none left, or it does not fit the question.
        """
        if self._used == len(self._answers):
            raise RequestError(
                f"{question.server!r} asked {in_words(question)}, and the {self._used} answers given are used up. "
                "Add one to answers=[...]."
            )
        answer = self._answers[self._used]
        self._used += 1
        if callable(answer):
            answer = answer(question)
        if isinstance(answer, _PROTOCOL):
            return answer
        made = _FROM_VALUE[question.kind](answer)
        if made is None:
            raise RequestError(
                f"Answer {self._used} is {answer!r}, and {question.server!r} asked {in_words(question)}. "
                f"{_FITTING[question.kind]}"
            )
        return made


def in_words(question: Question) -> str:
    """Say in a few words what was asked."""
    if question.kind == "sampling":
        return "to sample from a model"
    if question.kind == "roots":
        return "for the client's roots"
    return repr(getattr(question.params, "message", ""))


_PROTOCOL = (ElicitResult, CreateMessageResult, CreateMessageResultWithTools, ListRootsResult, ErrorData)


def _elicitation(value: Any) -> Answer | None:
    if isinstance(value, Mapping):
        return ElicitResult(action="accept", content=dict(value))
    return ElicitResult(action=value) if value in ("accept", "decline", "cancel") else None


def _sampling(value: Any) -> Answer | None:
    if value is None:
        return DECLINED
    if not isinstance(value, str):
        return None
    return CreateMessageResult(role="assistant", content=TextContent(type="text", text=value), model="scripted")


def _roots(value: Any) -> Answer | None:
    if not isinstance(value, list | tuple):
        return None
    uris = [str(item) if "://" in str(item) else Path(str(item)).absolute().as_uri() for item in value]
    return ListRootsResult(roots=[Root(uri=uri) for uri in uris])  # type: ignore[arg-type]


_FROM_VALUE: dict[str, Callable[[Any], Answer | None]] = {
    "form": _elicitation,
    "url": _elicitation,
    "sampling": _sampling,
    "roots": _roots,
}

_FITTING = {
    "form": "A dict accepts with this content; 'decline' and 'cancel' do what they say.",
    "url": "'accept', 'decline' and 'cancel' are the answers to that.",
    "sampling": "A text is what the model says; None declines.",
    "roots": "A list of directories answers that.",
}
