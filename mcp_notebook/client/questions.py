"""What a server asks its client while it works on a request, and the answers to that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

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

__all__ = ["Answer", "Answerer", "Question"]


@dataclass(frozen=True)
class Question:
    """Something that a server asks.

    Attributes:
        kind: ``form`` and ``url`` are the two modes of elicitation; ``sampling`` and ``roots`` are legacy.
        params: As the protocol has them; None for roots.
        server: The name of the server that asks.
        call: The call that it works on; None where that is not known.
    """

    kind: Literal["form", "url", "sampling", "roots"]
    params: ElicitRequestFormParams | ElicitRequestURLParams | CreateMessageRequestParams | None
    server: str
    call: Call | None = None


Answer: TypeAlias = ElicitResult | CreateMessageResult | CreateMessageResultWithTools | ListRootsResult | ErrorData
"""What goes back; `ErrorData` where there is no answer, such as a sampling request that was turned down."""

Answerer: TypeAlias = Callable[[Question], Awaitable[Answer]]
"""Answers questions, on the event loop of the connection.

Raises `RequestError` where it cannot; the request that was under way then ends with it.
"""
