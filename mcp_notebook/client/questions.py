"""Define a server's questions to its client during a request, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    CreateMessageResultWithTools,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    ErrorData,
    ListRootsResult,
)

from mcp_notebook.recording import Call

__all__ = ["Answer", "Answerer", "Answers", "Question"]


@dataclass(frozen=True)
class Question:
    """A question of a server.

    Attributes:
        kind: ``form`` and ``url`` are the two modes of elicitation; ``sampling`` and ``roots`` are legacy.
        params: The question's parameters in the protocol; None for roots.
        server: The name of the server that asks.
        call: The call that the server is working on; None if unknown.
        context: The context of the request; output in it appears under the cell that made the request.
        unprompted: Whether no request was under way, so that no cell waits for the answer.
    """

    kind: Literal["form", "url", "sampling", "roots"]
    params: ElicitRequestFormParams | ElicitRequestURLParams | CreateMessageRequestParams | None
    server: str
    call: Call | None = None
    context: Context = field(default_factory=copy_context, repr=False, compare=False)
    unprompted: bool = False


Answer: TypeAlias = ElicitResult | CreateMessageResult | CreateMessageResultWithTools | ListRootsResult | ErrorData
"""An answer; `ErrorData` if there is none, such as for a declined sampling request."""

Answerer: TypeAlias = Callable[[Question], Any]
"""Answers questions: an ``async`` function runs on the connection's event loop, any other on a worker thread.

It returns an `Answer`, or a short form that `answer_from` converts. If it raises `RequestError`, the request under way
fails with it.
"""

Answers: TypeAlias = Sequence[Any] | Answerer | None
"""The answers that a request brings: a list, used in order, or a function that answers all questions."""
