"""Show a question from a server, with fields for a person's answer, and later the answer itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from threading import RLock
from typing import Any, NamedTuple

from mcp_types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    ListRootsResult,
    TextContent,
)

from mcp_notebook.client.answers import DECLINED, NO_ROOTS, root
from mcp_notebook.client.questions import Answer, Question
from mcp_notebook.rendering import look
from mcp_notebook.rendering.question import answer_in_words, asked
from mcp_notebook.schema import UNSET, Checker, Problem, parameters
from mcp_notebook.visible import visible
from mcp_notebook.widgets.description import describe
from mcp_notebook.widgets.json_text import object_from, text_from
from mcp_notebook.widgets.problems import told
from mcp_notebook.widgets.surface import Action, Surface

__all__ = ["QuestionCard", "ask_with"]


def ask_with(show: Callable[[QuestionCard], None]) -> Callable[[Question], Awaitable[Answer]]:
    """Return an answerer that shows each question on a card, by `show`, and waits for the answer."""

    async def ask(question: Question) -> Answer:
        card = QuestionCard(question)
        show(card)
        return await asyncio.wrap_future(card.answer)

    return ask


class QuestionCard(Surface):
    """A question, with fields and buttons for the answer; once answered, only the question and the answer.

    Args:
        question: The question.

    Attributes:
        question: The question.
        answer: The future of the person's answer. Cancelling it closes the card with the word "interrupted".
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self.answer: Future[Answer] = Future()
        self._answering = RLock()
        self._reply = _REPLIES[question.kind](question.params)
        about = {
            "html": asked(question).html,
            "server": visible(question.server, one_line=True),
            # A server of this kernel is the person's own.
            "foreign": question.call is None or question.call.transport != "memory",
            "why": self._reply.why,
            "refusals": [{"words": words, "why": why} for words, why, _ in self._reply.refusals],
            **self._reply.about,
        }
        super().__init__("question", about, {"html": ""})
        self.answer.add_done_callback(lambda _: self.set(html=self.rendering.html))

    @property
    def rendering(self) -> look.Rendering:
        """The card without widgets: the question, and the answer once there is one."""
        if not self.answer.done():
            question = asked(self.question)
            other_way = "\n  (no widget shown? Interrupt, and call again with --answers '[...]')"
            return look.Rendering(question.text + other_way, question.html)
        words = "interrupted" if self.answer.cancelled() else answer_in_words(self.answer.result())
        return asked(self.question, words)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions that the front end can ask for, by name."""
        return {
            "check": lambda message: {"problems": [told(p) for p in self._problems(message.get("arguments", "{}"))]},
            "accept": self._accept,
            "refuse": lambda message: self._give(self._reply.refusals[int(message["which"])][2]),
        }

    def close(self) -> None:
        """Remove the card from the page; a request that waits for the answer is cancelled."""
        self.answer.cancel()
        with self._answering:  # the page is told that its action is done before the card goes
            super().close()

    def _heard(self, widget: object, message: Any, buffers: object) -> None:
        with self._answering:
            super()._heard(widget, message, buffers)

    def _problems(self, text: str) -> list[Problem]:
        try:
            self._reply.read(text)
        except _Wrong as wrong:
            return wrong.problems
        except ValueError as error:
            return [Problem((), str(error))]
        return []

    def _accept(self, message: dict[str, Any]) -> dict[str, Any]:
        text = message.get("arguments", "{}")
        problems = self._problems(text)
        if not problems:
            self._give(self._reply.read(text))
        return {"problems": [told(problem) for problem in problems]}

    def _give(self, answer: Answer) -> None:
        with suppress(InvalidStateError):  # interrupted in the meantime
            self.answer.set_result(answer)


class _Wrong(ValueError):
    """The values do not fit the schema of the question."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class _Reply(NamedTuple):
    """The parts of a card that depend on the kind of question.

    Attributes:
        about: The inputs: a description of fields, or a text area.
        read: Returns the answer from what the front end sends; raises ValueError, with the reason, if it cannot be
            sent.
        why: The tooltip of Accept.
        refusals: The other answers, each with a button's name and tooltip.
    """

    about: dict[str, Any]
    read: Callable[[str], Answer]
    why: str
    refusals: Sequence[tuple[str, str, Answer]]


_ELICITATION = (
    ("Decline", "Tell the server that you refuse", ElicitResult(action="decline")),
    ("Cancel", "Tell the server that you made no choice", ElicitResult(action="cancel")),
)


def _form(params: ElicitRequestFormParams) -> _Reply:
    schema = params.requested_schema
    checker = Checker(schema)
    # By the protocol, clients fill in the defaults, and send what the form has in the end.
    defaults = {p.name: p.default for p in parameters(schema) if p.default not in (UNSET, None)}

    def read(text: str) -> Answer:
        content = object_from(text)
        problems = checker.problems(content)
        if problems:
            raise _Wrong(problems)
        return ElicitResult(action="accept", content=content)

    about = {"description": describe(schema), "fill": json.dumps(defaults, ensure_ascii=False, default=str)}
    return _Reply(about, read, "Send the values above", _ELICITATION)


def _url(params: ElicitRequestURLParams) -> _Reply:
    note = "The notebook does not open the link: you do. Accept tells the server that you have."
    return _Reply(
        {"note": note},
        lambda _: ElicitResult(action="accept"),
        "Tell the server that you opened it",
        _ELICITATION,
    )


def _sampling(params: CreateMessageRequestParams) -> _Reply:
    def read(text: str) -> Answer:
        words = text_from(text)
        if not words:
            raise ValueError("a model's answer cannot be empty; to send none, choose Decline")
        content = TextContent(type="text", text=words)
        return CreateMessageResult(role="assistant", content=content, model="a person", stop_reason="endTurn")

    area = {"label": "answer", "hint": "the model's answer"}
    return _Reply({"area": area}, read, "Send this as the model's answer", [("Decline", "Send no answer", DECLINED)])


def _roots(params: None) -> _Reply:
    def read(text: str) -> Answer:
        lines = filter(None, map(str.strip, text_from(text).splitlines()))
        return ListRootsResult(roots=[root(line) for line in lines])

    area = {"label": "roots", "hint": "directories or file:// URIs, one on each line"}
    return _Reply({"area": area}, read, "Send these roots", [("Decline", "Send no roots", NO_ROOTS)])


_REPLIES: dict[str, Callable[[Any], _Reply]] = {"form": _form, "url": _url, "sampling": _sampling, "roots": _roots}
