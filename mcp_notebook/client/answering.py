"""Who answers what a server asks: the request's own script, else the connection's answerer. Chosen here only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from pydantic import BaseModel

from mcp_notebook.client.noting import Noted
from mcp_notebook.client.questions import Answer, Answerer, Question
from mcp_notebook.client.script import Script, in_words
from mcp_notebook.errors import RequestError
from mcp_notebook.recording import Call
from mcp_notebook.recording.call import Kind

__all__ = ["Answering", "Asked"]


class Asked:
    """A request under way, as far as questions go.

    Attributes:
        count: How many there were.
        failure: Why a question was not answered; None where all were.
    """

    def __init__(self, answerer: Answerer | None, noted: Noted) -> None:
        self.answerer = answerer
        self.noted = noted
        self.count = 0
        self.failure: RequestError | None = None

    def keep(self, kind: Kind, value: Any) -> None:
        """Keep a question or an answer, where the client is who records."""
        if self.noted.here and self.noted.call is not None:
            self.noted.call.add(kind, value)


class Answering:
    """The callbacks of one connection.

    Args:
        server: The name of the server.
        answerer: Who answers where the request brings neither script nor answerer; None where nobody is there.
    """

    def __init__(self, server: str, answerer: Answerer | None) -> None:
        self.answerer = answerer
        self.server = server
        self._under_way: list[Asked] = []

    @contextmanager
    def during(self, answers: Sequence[Any] | None, answerer: Answerer | None, noted: Noted) -> Iterator[Asked]:
        """Answer what is asked during a request; raise at its end why that could not be done."""
        asked = Asked((answerer or self.answerer) if answers is None else Script(answers), noted)
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
        return await self._answer(Question(kind, params, self.server, self._call()))

    async def sample(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Any:
        """Answer a sampling request, as the SDK's client calls it."""
        return await self._answer(Question("sampling", params, self.server, self._call()))

    async def roots(self, context: ClientRequestContext) -> Any:
        """Answer what the roots are, as the SDK's client calls it."""
        return await self._answer(Question("roots", None, self.server, self._call()))

    async def _answer(self, question: Question) -> Answer:
        asked = self._current()
        answerer = asked.answerer if asked is not None else self.answerer
        if asked is not None:
            asked.count += 1
            asked.keep("question", _question_on_the_wire(question))
        try:
            if answerer is None:
                raise RequestError(
                    f"{question.server!r} asked {in_words(question)}, and nobody is here to answer. Give the answers "
                    "with the call: --answers '[...]' on the line, answers=[...] in Python."
                )
            answer = await answerer(question)
            if asked is not None:
                asked.keep("answer", _on_the_wire(answer))
            return answer
        except RequestError as error:
            if asked is not None:
                asked.failure = RequestError(str(error), asked.noted.call)
            return ErrorData(code=INTERNAL_ERROR, message=str(error))

    def _current(self) -> Asked | None:
        # A legacy question comes on the connection's own task, and does not say during which request.
        return _asked.get() or (self._under_way[-1] if self._under_way else None)

    def latest(self) -> Noted | None:
        """The request under way that began last; None where there is none."""
        return self._under_way[-1].noted if self._under_way else None

    def _call(self) -> Call | None:
        asked = self._current()
        return asked.noted.call if asked is not None else None


_METHODS = {
    "form": "elicitation/create",
    "url": "elicitation/create",
    "sampling": "sampling/createMessage",
    "roots": "roots/list",
}


def _question_on_the_wire(question: Question) -> dict[str, Any]:
    params = {} if question.params is None else {"params": _on_the_wire(question.params)}
    return {"method": _METHODS[question.kind], **params}


def _on_the_wire(message: BaseModel) -> dict[str, Any]:
    return message.model_dump(by_alias=True, mode="json", exclude_none=True)


_asked: ContextVar[Asked | None] = ContextVar("mcp_notebook_asked", default=None)
