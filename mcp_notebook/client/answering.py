"""Who answers what a server asks: the request's own script, else the connection's answerer. Chosen here only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from mcp.client.session import ClientRequestContext
from mcp_types import (
    INTERNAL_ERROR,
    CreateMessageRequestParams,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ErrorData,
)

from mcp_notebook.client.questions import Answer, Answerer, Question
from mcp_notebook.client.script import Script, in_words
from mcp_notebook.errors import RequestError
from mcp_notebook.recording import Call

__all__ = ["Answering", "Asked"]


class Asked:
    """A request under way, as far as questions go.

    Attributes:
        failure: Why a question was not answered; None where all were.
    """

    def __init__(self, answerer: Answerer | None, call: Callable[[], Call | None]) -> None:
        self.answerer = answerer
        self.call = call
        self.failure: RequestError | None = None


class Answering:
    """The callbacks of one connection.

    Args:
        server: The name of the server.
        answerer: Who answers where the request brings no script; None where nobody is there.
    """

    def __init__(self, server: str, answerer: Answerer | None) -> None:
        self.answerer = answerer
        self._server = server
        self._under_way: list[Asked] = []

    @contextmanager
    def during(self, answers: Sequence[Any] | None, call: Callable[[], Call | None]) -> Iterator[Asked]:
        """Answer what is asked during a request; raise at its end why that could not be done."""
        asked = Asked(self.answerer if answers is None else Script(answers), call)
        self._under_way.append(asked)
        token = _asked.set(asked)
        try:
            yield asked
        except Exception:
            if asked.failure is not None:
                raise asked.failure from None
            raise
        finally:
            _asked.reset(token)
            self._under_way.remove(asked)
        if asked.failure is not None:
            raise asked.failure

    async def elicit(
        self, context: ClientRequestContext, params: ElicitRequestFormParams | ElicitRequestURLParams
    ) -> Any:
        """Answer an elicitation, as the SDK's client calls it."""
        kind: Literal["form", "url"] = "url" if isinstance(params, ElicitRequestURLParams) else "form"
        return await self._answer(Question(kind, params, self._server, self._call()))

    async def sample(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Any:
        """Answer a sampling request, as the SDK's client calls it."""
        return await self._answer(Question("sampling", params, self._server, self._call()))

    async def roots(self, context: ClientRequestContext) -> Any:
        """Answer what the roots are, as the SDK's client calls it."""
        return await self._answer(Question("roots", None, self._server, self._call()))

    async def _answer(self, question: Question) -> Answer:
        asked = self._current()
        answerer = asked.answerer if asked is not None else self.answerer
        try:
            if answerer is None:
                raise RequestError(
                    f"{question.server!r} asked {in_words(question)}, and nobody is here to answer. Give the answers "
                    "with the call: --answers '[...]' on the line, answers=[...] in Python."
                )
            return await answerer(question)
        except RequestError as error:
            if asked is not None:
                asked.failure = RequestError(str(error), asked.call())
            return ErrorData(code=INTERNAL_ERROR, message=str(error))

    def _current(self) -> Asked | None:
        # A legacy question comes on the connection's own task, and does not say during which request.
        return _asked.get() or (self._under_way[-1] if self._under_way else None)

    def _call(self) -> Call | None:
        asked = self._current()
        return asked.call() if asked is not None else None


_asked: ContextVar[Asked | None] = ContextVar("mcp_notebook_asked", default=None)
