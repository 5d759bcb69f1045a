"""What a server asks its client while it works on a request, and the answers to that."""

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
    """Something that a server asks.

    Attributes:
        kind: ``form`` and ``url`` are the two modes of elicitation; ``sampling`` and ``roots`` are legacy.
        params: As the protocol has them; None for roots.
        server: The name of the server that asks.
        call: The call that it works on; None where that is not known.
        context: Where the request was made; what is shown in it appears under the cell that made it.
        unprompted: Whether it came while no request was under way, so that no cell waits for its answer.
    """

    kind: Literal["form", "url", "sampling", "roots"]
    params: ElicitRequestFormParams | ElicitRequestURLParams | CreateMessageRequestParams | None
    server: str
    call: Call | None = None
    context: Context = field(default_factory=copy_context, repr=False, compare=False)
    unprompted: bool = False


Answer: TypeAlias = ElicitResult | CreateMessageResult | CreateMessageResultWithTools | ListRootsResult | ErrorData
"""What goes back; `ErrorData` where there is no answer, such as a sampling request that was turned down."""

Answerer: TypeAlias = Callable[[Question], Any]
"""Answers questions: an ``async`` function on the event loop of the connection, any other one on a worker thread.

Returns an `Answer`, or in short what `answer_from` takes for one. Raises `RequestError` where it cannot; the request
that was under way then ends with it.
"""

Answers: TypeAlias = Sequence[Any] | Answerer | None
"""The answers that a request brings: a list, used in order, or a function for all of them."""
