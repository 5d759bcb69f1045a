"""Convert the values that may be given as an answer to answers of the protocol."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio.to_thread
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
from mcp_notebook.plain_json import as_json

__all__ = ["DECLINED", "NO_ROOTS", "answer_from", "in_words", "root"]

DECLINED = ErrorData(code=-1, message="The user declined the sampling request.")
"""The answer if a person declines a sampling request; the protocol defines the code."""

NO_ROOTS = ErrorData(code=-1, message="The user gave no roots.")
"""The answer if a person gives no roots; the protocol defines no such answer."""


async def answer_from(question: Question, value: Any) -> Answer:
    """Convert a given value to an answer of the protocol.

    The value is an answer of the protocol (`ElicitResult`, ...), a function that takes the `Question` and returns an
    answer, or a short form:

    - for an elicitation a dict (accept, with this content), ``"accept"``, ``"decline"`` or ``"cancel"``;
    - for sampling the text of the model, or ``None`` to decline;
    - for roots a list of directories or ``file://`` URIs, or ``None`` to give none.

    Raises:
        RequestError: The value does not fit the question.
    """
    if callable(value):
        value = await _called(value, question)
    if isinstance(value, _PROTOCOL):
        return _sendable(question, value)
    try:
        made = _FROM_VALUE[question.kind](value)
    except ValueError:
        made = None
    if made is None:
        raise RequestError(
            f"{question.server!r} asked {in_words(question)}, and {value!r} does not answer that. "
            f"{_FITTING[question.kind]}"
        )
    return _sendable(question, made)


def _sendable(question: Question, answer: Answer) -> Answer:
    try:
        as_json(answer.content if isinstance(answer, ElicitResult) else None)
    except ValueError as error:
        raise RequestError(
            f"{question.server!r} asked {in_words(question)}, and the answer cannot be sent: {error}."
        ) from None
    return answer


async def _called(function: Callable[[Question], Any], question: Question) -> Any:
    try:
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
            return await function(question)
        value = await anyio.to_thread.run_sync(function, question)  # it may block
        return await value if inspect.isawaitable(value) else value
    except RequestError:
        raise
    except Exception as error:  # the user's own function may raise anything
        raise RequestError(
            f"{question.server!r} asked {in_words(question)}, and the function that answers raised {error!r}."
        ) from error


def in_words(question: Question) -> str:
    """Describe in a few words what was asked."""
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
    if value is None:
        return NO_ROOTS
    return ListRootsResult(roots=[root(str(item)) for item in value]) if isinstance(value, list | tuple) else None


def root(place: str) -> Root:
    """Return the root for a directory or a ``file://`` URI.

    Raises:
        ValueError: It is a URI of another scheme.
    """
    uri = place if "://" in place else Path(place).expanduser().absolute().as_uri()
    if not uri.startswith("file://"):
        raise ValueError(f"{place!r} is not a directory or a file:// URI")
    return Root(uri=uri)  # type: ignore[arg-type]


_FROM_VALUE: dict[str, Callable[[Any], Answer | None]] = {
    "form": _elicitation,
    "url": _elicitation,
    "sampling": _sampling,
    "roots": _roots,
}

_FITTING = {
    "form": "A dict accepts with this content; 'decline' and 'cancel' do what they say.",
    "url": "Answer 'accept', 'decline' or 'cancel'.",
    "sampling": "Answer with the text of the model, or with None to decline.",
    "roots": "Answer with a list of directories, or with None to give none.",
}
