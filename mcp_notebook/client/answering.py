"""Choose who answers a server's question: the request's own answers, or else the connection's answerer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, Literal

import anyio
from mcp.client.session import ClientRequestContext
from mcp_types import (
    INTERNAL_ERROR,
    CreateMessageRequestParams,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ErrorData,
    ListRootsResult,
    Root,
)
from pydantic import BaseModel

from mcp_notebook.client.answers import answer_from, in_words
from mcp_notebook.client.noting import Noted
from mcp_notebook.client.questions import Answer, Answerer, Answers, Question
from mcp_notebook.client.script import Script
from mcp_notebook.client.sendable import sendable
from mcp_notebook.client.timeout import Timeout
from mcp_notebook.errors import RequestError
from mcp_notebook.recording.call import Kind

__all__ = ["Answering", "Asked", "nobody"]


class Asked:
    """The questions asked during one request.

    Attributes:
        answerer: Answers the questions; None if nobody can.
        scripted: Whether the request brought its own answers.
        noted: The record of the request.
        context: The context that the request was made in.
        count: The number of questions so far.
        failure: The reason why a question was not answered; None if all were.
        bearable: Whether the result can be used in spite of the failure.
        open: The cancel scopes of the questions that wait for an answer.
        timeout: The time limit of the request; its clock stops while somebody is asked.
    """

    def __init__(
        self, answerer: Answerer | None, noted: Noted, *, scripted: bool, timeout: Timeout | None = None
    ) -> None:
        self.answerer = answerer
        self.scripted = scripted
        self.timeout = timeout or Timeout()
        self.noted = noted
        self.context = copy_context()
        self.count = 0
        self.failure: RequestError | None = None
        self.bearable = False
        self.open: set[anyio.CancelScope] = set()

    def keep(self, kind: Kind, value: Any) -> None:
        """Record a question or an answer, if the client is the one that records."""
        if self.noted.here and self.noted.call is not None:
            self.noted.call.add(kind, value)


class Answering:
    """The callbacks of one connection.

    Args:
        server: The name of the server.
        answerer: Answers if the request brings neither answers nor an answerer; None if nobody can.

    Attributes:
        roots: The roots to give without asking; None if the answerer is asked for them.
    """

    def __init__(self, server: str, answerer: Answerer | None) -> None:
        self.answerer = answerer
        self.server = server
        self.roots: list[Root] | None = None
        self._under_way: list[Asked] = []

    @contextmanager
    def during(self, answers: Answers, answerer: Answerer | None, noted: Noted, timeout: Timeout) -> Iterator[Asked]:
        """Answer questions during a request; at its end, raise if one could not be answered."""
        if answers is not None:
            answerer = answers if callable(answers) else Script(answers)
        asked = Asked(answerer or self.answerer, noted, scripted=answers is not None, timeout=timeout)
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
            # An answer would be of no use any more, so stop waiting for it; a legacy server does not cancel questions.
            for scope in asked.open:
                scope.cancel()
        if asked.failure is not None and not asked.bearable:
            raise asked.failure

    async def elicit(
        self, context: ClientRequestContext, params: ElicitRequestFormParams | ElicitRequestURLParams
    ) -> Any:
        """Answer an elicitation, as the SDK's client calls it."""
        return await self._answer("url" if isinstance(params, ElicitRequestURLParams) else "form", params)

    async def ask_to_open(self, link: ElicitRequestURLParams) -> Any:
        """Ask to open a link that the server's error names."""
        return await self._answer("url", link)

    async def sample(self, context: ClientRequestContext, params: CreateMessageRequestParams) -> Any:
        """Answer a sampling request, as the SDK's client calls it."""
        return await self._answer("sampling", params)

    async def list_roots(self, context: ClientRequestContext) -> Any:
        """Answer a request for the roots, as the SDK's client calls it."""
        return await self._answer("roots", None)

    async def _answer(self, kind: Literal["form", "url", "sampling", "roots"], params: Any) -> Answer:
        current = self._current()
        asked = current or Asked(self.answerer, Noted(lambda: None), scripted=False)
        question = Question(kind, params, self.server, asked.noted.call, asked.context, unprompted=current is None)
        asked.count += 1
        asked.keep("question", _question_on_the_wire(question))
        scope = anyio.CancelScope()
        asked.open.add(scope)
        try:
            # Stopped, because a person takes as long as a person takes; that is not the server being slow.
            with scope, asked.timeout.stopped():
                answer = await self._answer_of(asked, question)
                sendable(answer.model_dump(by_alias=True), "The answer")
                asked.keep("answer", _on_the_wire(answer))
                return answer
            return ErrorData(code=INTERNAL_ERROR, message="The request that this was asked for has ended.")
        except RequestError as error:
            # A server may ask for the roots at any time, also during an unrelated request.
            asked.bearable = kind == "roots" and not asked.scripted and (asked.bearable or asked.failure is None)
            asked.failure = RequestError(str(error), asked.noted.call)
            return ErrorData(code=INTERNAL_ERROR, message=str(error))
        finally:
            asked.open.discard(scope)

    async def _answer_of(self, asked: Asked, question: Question) -> Answer:
        if question.kind == "roots" and self.roots is not None and not asked.scripted:
            return ListRootsResult(roots=self.roots)
        if asked.answerer is None:
            raise nobody(question)
        return await answer_from(question, asked.answerer)

    def _current(self) -> Asked | None:
        # A legacy question arrives on the connection's own task, and does not say which request it belongs to.
        return _asked.get() or (self._under_way[-1] if self._under_way else None)

    def latest(self) -> Noted | None:
        """Return the latest request under way; None if there is none."""
        return self._under_way[-1].noted if self._under_way else None


def nobody(question: Question) -> RequestError:
    """Return the error for a question that nobody can answer."""
    hint = ", or %mcp roots DIR before it." if question.kind == "roots" else "."
    return RequestError(
        f"{question.server!r} asked {in_words(question)}, and nobody is here to answer. Give the answers with the "
        f"call: --answers '[...]' on the line, answers=[...] in Python{hint}"
    )


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
