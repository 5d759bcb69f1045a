"""Show a question from a server, with fields for a person's answer, and later the answer itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import partial
from html import escape
from typing import Any, NamedTuple

import ipywidgets as w
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
from mcp_notebook.schema import UNSET, parameters
from mcp_notebook.widgets.closing import close_inside, close_with_all
from mcp_notebook.widgets.form import SchemaForm

__all__ = ["QuestionCard", "ask_in"]


def ask_in(container: w.Box) -> Callable[[Question], Awaitable[Answer]]:
    """Return an answerer that shows each question in `container`; the answer arrives only while the kernel is free."""

    async def ask(question: Question) -> Answer:
        card = QuestionCard(question)
        container.children = (*container.children, card)
        return await asyncio.wrap_future(card.answer)

    return ask


class QuestionCard(w.VBox):
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
        self._reply = _REPLIES[question.kind](question.params)
        self._problem = w.HTML()
        refusals = [_button(name, why, partial(self._give, answer)) for name, why, answer in self._reply.refusals]
        accept = _button("Accept", self._reply.why, self._accept, button_style="primary")
        buttons = w.HBox([accept, *refusals], layout=w.Layout(flex_flow="row wrap"))
        self._open = [w.HTML(asked(question).html), *self._reply.fields, self._problem, buttons]
        super().__init__(self._open)
        self.add_class("mcpnb")
        self.answer.add_done_callback(self._show_the_end)

    @property
    def rendering(self) -> look.Rendering:
        """The card without widgets: the question, and the answer once there is one."""
        if not self.answer.done():
            return asked(self.question)
        words = "interrupted" if self.answer.cancelled() else answer_in_words(self.answer.result())
        return asked(self.question, words)

    def close(self) -> None:
        """Remove the card and everything in it from the page; a request that waits for the answer is cancelled."""
        self.answer.cancel()
        close_inside(self)
        super().close()

    def _accept(self) -> None:
        try:
            answer = self._reply.read()
        except ValueError as error:
            reasons = escape(str(error)).replace("\n", "<br>")
            self._problem.value = f'<p role="alert"><strong>not sent:</strong> {reasons}</p>'
        else:
            self._give(answer)

    def _give(self, answer: Answer) -> None:
        with suppress(InvalidStateError):  # interrupted in the meantime
            self.answer.set_result(answer)

    def _show_the_end(self, _: object) -> None:
        self.children = (w.HTML(self.rendering.html),)
        for widget in self._open:
            close_with_all(widget)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        # ipywidgets cuts the text after 110 characters.
        bundle["text/plain"] = repr(self)
        return bundle

    def __repr__(self) -> str:
        other_way = (
            "" if self.answer.done() else "\n  (no widget shown? Interrupt, and call again with --answers '[...]')"
        )
        return f"{self.rendering.text}{other_way}"


class _Reply(NamedTuple):
    """The parts of a card that depend on the kind of question.

    Attributes:
        fields: The inputs.
        read: Returns the answer; raises ValueError, with the reason, if it cannot be sent.
        why: The tooltip of Accept.
        refusals: The other answers, each with a button's name and tooltip.
    """

    fields: Sequence[w.Widget]
    read: Callable[[], Answer]
    why: str
    refusals: Sequence[tuple[str, str, Answer]]


_ELICITATION = (
    ("Decline", "Tell the server that you refuse", ElicitResult(action="decline")),
    ("Cancel", "Tell the server that you made no choice", ElicitResult(action="cancel")),
)


def _form(params: ElicitRequestFormParams) -> _Reply:
    form = SchemaForm(params.requested_schema)
    # By the protocol, clients fill in the defaults, and send what the form has in the end.
    form.fill({p.name: p.default for p in parameters(params.requested_schema) if p.default not in (UNSET, None)})

    def read() -> Answer:
        form.show_problems()
        return ElicitResult(action="accept", content=form.read())

    return _Reply([form], read, "Send the values above", _ELICITATION)


def _url(params: ElicitRequestURLParams) -> _Reply:
    hint = w.HTML("<p>The notebook does not open the link: you do. Accept tells the server that you have.</p>")
    return _Reply([hint], lambda: ElicitResult(action="accept"), "Tell the server that you opened it", _ELICITATION)


def _sampling(params: CreateMessageRequestParams) -> _Reply:
    text = _text_area("answer", "the model's answer")

    def read() -> Answer:
        if not text.value:
            raise ValueError("answer: a model's answer cannot be empty; to send none, choose Decline")
        content = TextContent(type="text", text=text.value)
        return CreateMessageResult(role="assistant", content=content, model="a person", stop_reason="endTurn")

    return _Reply([text], read, "Send this as the model's answer", [("Decline", "Send no answer", DECLINED)])


def _roots(params: None) -> _Reply:
    text = _text_area("roots", "directories or file:// URIs, one on each line")

    def read() -> Answer:
        lines = filter(None, map(str.strip, text.value.splitlines()))
        return ListRootsResult(roots=[root(line) for line in lines])

    return _Reply([text], read, "Send these roots", [("Decline", "Send no roots", NO_ROOTS)])


_REPLIES: dict[str, Callable[[Any], _Reply]] = {"form": _form, "url": _url, "sampling": _sampling, "roots": _roots}


def _text_area(name: str, placeholder: str) -> w.Textarea:
    return w.Textarea(
        description=name,
        placeholder=placeholder,
        rows=4,
        style={"description_width": "6em"},
        layout=w.Layout(width="48em", max_width="calc(100% - 4px)"),
    )


def _button(name: str, why: str, on_click: Callable[[], None], **options: Any) -> w.Button:
    button = w.Button(description=name, tooltip=why, **options)
    button.on_click(lambda _: on_click())
    return button
