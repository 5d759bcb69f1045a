"""Questions as a person meets them: on a card, line by line, and from code."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Annotated, Any, Literal

import anyio
import pytest
from mcp.server.mcpserver import Elicit, ListRoots, Resolve
from mcp_types import (
    CreateMessageRequestParams,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ListRootsResult,
    ModelHint,
    ModelPreferences,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel, Field

from mcp_notebook import NotebookServer
from mcp_notebook.client import Answer, Connection, Era, Question
from mcp_notebook.client.answers import DECLINED
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.schema import Problem
from mcp_notebook.session.dialog import NobodyThereError, ask_line_by_line
from mcp_notebook.widgets.question_card import QuestionCard, ask_with
from tests.support.front_end import Hands
from tests.support.waiting import until


class Size(BaseModel):
    name: str
    size: Literal["small", "large"] = "small"
    slices: int = Field(8, ge=1, le=12, description="How many slices")
    hot: bool | None = None


WHICH_SIZE = Question(
    "form", ElicitRequestFormParams(message="Which size?", requested_schema=Size.model_json_schema()), "pizzeria"
)
PAY = Question(
    "url", ElicitRequestURLParams(message="Pay here.", url="https://me@pay.example:8443/a?b=<c>"), "pizzeria"
)
MOTTO = Question(
    "sampling",
    CreateMessageRequestParams(
        messages=[SamplingMessage(role="user", content=TextContent(type="text", text="A motto?"))],
        system_prompt="Be brief.",
        max_tokens=50,
        temperature=0.5,
        model_preferences=ModelPreferences(hints=[ModelHint(name="small")], speed_priority=0.9),
    ),
    "pizzeria",
)
ROOTS = Question("roots", None, "pizzeria")


def accept(card: QuestionCard, arguments: Any) -> list[str]:
    """Press Accept, and return why the answer is not sent."""
    told = card.actions["accept"]({"arguments": json.dumps(arguments)})["problems"]
    return [str(Problem(tuple(each["place"]), each["reason"])) for each in told]


def refuse(card: QuestionCard, words: str) -> None:
    card.actions["refuse"]({"which": [each["words"] for each in card.about["refusals"]].index(words)})


def filled(card: QuestionCard) -> Hands:
    """Return the form on the card, as the front end first shows it."""
    assert isinstance(card.question.params, ElicitRequestFormParams)
    hands = Hands(card.question.params.requested_schema)
    hands.fill(json.loads(card.about["fill"]))
    return hands


def shown(card: QuestionCard) -> str:
    """Return the HTML of the question, and of the answer once there is one."""
    return str(card.state["html"] or card.about["html"])


# On a card.


def test_a_card_sends_what_is_filled_in_with_the_defaults() -> None:
    card = QuestionCard(WHICH_SIZE)
    hands = filled(card)
    assert [str(problem) for problem in hands.problems()] == ["name: required"]
    hands.type("Ada", "name")
    assert accept(card, hands.read()) == []
    answer = card.answer.result(0).model_dump(exclude_none=True)
    assert answer == {"action": "accept", "content": {"name": "Ada", "size": "small", "slices": 8}}
    assert "accepted" in shown(card)


def test_a_card_says_what_does_not_fit_and_stays_open() -> None:
    card = QuestionCard(WHICH_SIZE)
    for arguments, problem in (
        ({"name": "Ada", "slices": "many"}, 'slices: "many" is not of type integer'),
        ({"name": "Ada", "slices": 13}, "slices: 13 is greater than 12"),
        ({}, "name: required"),
        ([], "the arguments must be one object, in braces"),
    ):
        assert accept(card, arguments) == [problem]
        told = card.actions["check"]({"arguments": json.dumps(arguments)})["problems"]
        assert [each["reason"] for each in told] == [problem.partition(": ")[2] or problem]
    for text in ('{"name": ', '{"name": "\\ud800"}', '{"name": "Ada", "slices": NaN}', "[" * 100_000):
        assert card.actions["accept"]({"arguments": text})["problems"]
    assert not card.answer.done()
    assert accept(card, {"name": "Ada"}) == []


def test_an_answer_is_given_once() -> None:
    card = QuestionCard(WHICH_SIZE)
    card.actions["refuse"]({"which": 0})
    assert accept(card, {"name": "Ada"}) == []
    assert card.answer.result(0).model_dump(exclude_none=True) == {"action": "decline"}
    assert "decline" in shown(card)


@pytest.mark.parametrize(("button", "action"), [("Decline", "decline"), ("Cancel", "cancel")])
@pytest.mark.parametrize("question", [WHICH_SIZE, PAY])
def test_a_card_declines_and_cancels_by_its_buttons(question: Question, button: str, action: str) -> None:
    card = QuestionCard(question)
    refuse(card, button)
    assert card.answer.result(0).model_dump(exclude_none=True) == {"action": action}


def test_a_url_is_shown_whole_and_its_host_stands_out() -> None:
    html = shown(QuestionCard(PAY))
    assert "https://me@<strong>pay.example</strong>:8443/a?b=&lt;c&gt;" in html
    assert 'rel="noopener noreferrer"' in html
    assert "https://me@pay.example:8443/a?b=<c>" in repr(QuestionCard(PAY))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "http://["])
def test_what_is_no_web_address_cannot_be_clicked(url: str) -> None:
    html = shown(QuestionCard(Question("url", ElicitRequestURLParams(message="Go.", url=url), "pizzeria")))
    assert "<a " not in html


@pytest.mark.parametrize("host", ["xn--pple-43d.example", "аpple.example"])
def test_a_host_that_may_only_look_like_another_is_pointed_out(host: str) -> None:
    question = Question("url", ElicitRequestURLParams(message="Go.", url=f"https://{host}/"), "pizzeria")
    assert "caution" in repr(QuestionCard(question))


def test_what_a_server_says_is_no_markup() -> None:
    question = Question("url", ElicitRequestURLParams(message="<img src=x>", url='https://a/"><b>'), "<i>server</i>")
    html = shown(QuestionCard(question))
    assert not any(tag in html for tag in ("<img", "<b>", "<i>"))


def test_a_person_answers_for_a_model_and_sees_the_whole_request() -> None:
    card = QuestionCard(MOTTO)
    for words in ("deprecated in 2026-07-28", "A motto?", "Be brief.", "50", "0.5", "small", "speed 0.9"):
        assert words in repr(card)
        assert words in shown(card)
    (problem,) = accept(card, {"text": ""})
    assert problem.startswith("a model's answer cannot be empty")
    assert not card.answer.done()
    assert accept(card, {"text": "Round."}) == []
    assert card.answer.result(0).content.text == "Round."  # type: ignore[union-attr]


def test_a_sampling_request_is_turned_down_as_the_protocol_has_it() -> None:
    card = QuestionCard(MOTTO)
    refuse(card, "Decline")
    assert card.answer.result(0) == DECLINED


def test_roots_are_edited_one_to_a_line() -> None:
    card = QuestionCard(ROOTS)
    assert accept(card, {"text": "/data\n\nfile:///else\n"}) == []
    answer = card.answer.result(0)
    assert isinstance(answer, ListRootsResult)
    assert [str(root.uri) for root in answer.roots] == ["file:///data", "file:///else"]


def test_roots_of_another_kind_are_not_sent() -> None:
    card = QuestionCard(ROOTS)
    assert len(accept(card, {"text": "https://example.com/"})) == 1
    assert not card.answer.done()


@pytest.mark.parametrize("question", [MOTTO, ROOTS])
@pytest.mark.parametrize("text", ["[]", "3", "{", '{"text": 3}', '{"text": null}', '{"text": "\\ud800"}'])
def test_what_is_no_text_is_no_answer(question: Question, text: str) -> None:
    card = QuestionCard(question)
    assert len(card.actions["accept"]({"arguments": text})["problems"]) == 1
    assert not card.answer.done()


def test_an_interrupted_card_says_so() -> None:
    card = QuestionCard(WHICH_SIZE)
    card.answer.cancel()
    assert "interrupted" in shown(card)
    assert repr(card) == "pizzeria asked: Which size?\n  answer\n    interrupted"


# Line by line.


def typing(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    left = iter(lines)
    monkeypatch.setattr(builtins, "input", lambda prompt: next(left))


def test_lines_fill_a_form_and_what_does_not_fit_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typing(monkeypatch, "", "Ada", "huge", "large", "many", "13", "", "yes")
    answer = ask_line_by_line(WHICH_SIZE)
    assert answer.model_dump(exclude_none=True) == {
        "action": "accept",
        "content": {"name": "Ada", "size": "large", "slices": 8, "hot": True},
    }
    out = capsys.readouterr().out
    assert out.startswith("pizzeria asks: Which size?")
    assert out.count("not accepted:") == 4


@pytest.mark.parametrize("question", [WHICH_SIZE, PAY])
@pytest.mark.parametrize("word", ["decline", "cancel"])
def test_a_word_ends_a_dialog(monkeypatch: pytest.MonkeyPatch, question: Question, word: str) -> None:
    typing(monkeypatch, word)
    assert ask_line_by_line(question).model_dump(exclude_none=True) == {"action": word}


def test_a_url_is_accepted_by_the_word_only(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "", "yes", "accept")
    assert ask_line_by_line(PAY).model_dump(exclude_none=True) == {"action": "accept"}


def test_a_line_answers_for_a_model_or_declines(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "Round.", "decline")
    assert ask_line_by_line(MOTTO).content.text == "Round."  # type: ignore[union-attr]
    assert ask_line_by_line(MOTTO) == DECLINED


def test_lines_list_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "/data", "https://example.com/", "/else", "")
    answer = ask_line_by_line(ROOTS)
    assert isinstance(answer, ListRootsResult)
    assert [str(root.uri) for root in answer.roots] == ["file:///data", "file:///else"]


def test_without_stdin_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(builtins, "input", closed)
    with pytest.raises(NobodyThereError):
        ask_line_by_line(WHICH_SIZE)


# During a call.


def ask_for_size() -> Elicit[Size]:
    return Elicit("Which size?", Size)


def ask_for_roots() -> ListRoots:
    return ListRoots()


@pytest.fixture(params=["modern", "legacy"])
def pizzeria(request: pytest.FixtureRequest, portal: Portal) -> Iterator[Connection]:
    server = NotebookServer("pizzeria")

    @server.tool()
    def order(size: Annotated[Size, Resolve(ask_for_size)]) -> str:
        """Order a pizza."""
        return f"{size.size} for {size.name}"

    @server.tool()
    def look(roots: Annotated[ListRootsResult, Resolve(ask_for_roots)]) -> list[str]:
        """Look into the roots."""
        return [str(root.uri) for root in roots.roots]

    @server.tool()
    def feast(
        one: Annotated[Size, Resolve(ask_for_size)], two: Annotated[Size, Resolve(lambda: Elicit("And which?", Size))]
    ) -> str:
        """Order two."""
        return f"{one.name} and {two.name}"

    era: Era = request.param
    with Connection(portal, server, era) as connection:
        yield connection


def said(connection: Connection, tool: str, **options: Any) -> Any:
    return (connection.call(tool, {}, **options).result.structured_content or {}).get("result")


def test_a_function_answers_all_questions_of_a_call(pizzeria: Connection) -> None:
    assert said(pizzeria, "order", answers=lambda question: {"name": question.server}) == "small for pizzeria"


def test_an_async_function_answers_too(pizzeria: Connection) -> None:
    async def answer(question: Question) -> dict[str, str]:
        await anyio.sleep(0)
        return {"name": "Ada"}

    assert said(pizzeria, "order", answerer=answer) == "small for Ada"
    assert said(pizzeria, "order", answers=[answer]) == "small for Ada"


def test_a_function_that_raises_ends_the_call_with_the_reason(pizzeria: Connection) -> None:
    def answer(question: Question) -> Answer:
        raise ZeroDivisionError("oh")

    with pytest.raises(RequestError, match=r"'Which size\?', and the function that answers raised ZeroDivisionError"):
        pizzeria.call("order", {}, answers=answer)


def test_the_questions_of_a_call_are_shown_by_who_asked_for_that(pizzeria: Connection) -> None:
    arrived: Future[QuestionCard] = Future()
    call = pizzeria.start_call("order", {}, answerer=ask_with(arrived.set_result))
    accept(arrived.result(10), {"name": "Ada"})
    assert call.result(10).result.structured_content == {"result": "small for Ada"}


def test_a_cancelled_call_closes_its_question(pizzeria: Connection) -> None:
    arrived: Future[QuestionCard] = Future()
    call = pizzeria.start_call("order", {}, answerer=ask_with(arrived.set_result))
    card = arrived.result(10)
    ended: Future[Any] = Future()
    card.answer.add_done_callback(ended.set_result)
    call.cancel()
    assert ended.result(10).cancelled()
    until(lambda: "interrupted" in shown(card))


@pytest.mark.parametrize("pizzeria", ["modern"], indirect=True)
def test_questions_of_one_round_are_shown_together(pizzeria: Connection) -> None:
    cards: list[QuestionCard] = []
    call = pizzeria.start_call("feast", {}, answerer=ask_with(cards.append))
    until(lambda: len(cards) == 2)
    for name, card in reversed(list(zip(("Ada", "Grace"), cards, strict=True))):
        accept(card, {"name": name})
    outcome = call.result(10)
    assert outcome.result.structured_content == {"result": "Ada and Grace"}
    assert outcome.call is not None
    assert outcome.call.rounds == 2
    assert [event.kind for event in outcome.call.events] == ["question", "question", "answer", "answer"]


def test_roots_that_are_set_are_given_without_asking(pizzeria: Connection) -> None:
    with pytest.raises(RequestError, match="%mcp roots DIR"):
        pizzeria.call("look", {})
    pizzeria.roots = ["/data"]
    assert said(pizzeria, "look") == ["file:///data"]
    assert said(pizzeria, "look", answers=[["/else"]]) == ["file:///else"]
    pizzeria.roots = []
    assert said(pizzeria, "look") == []


def test_a_legacy_server_hears_that_the_roots_have_changed(portal: Portal) -> None:
    server = NotebookServer("files")
    heard: Future[str] = Future()

    async def note(ctx: Any, call_next: Any) -> Any:
        if ctx.method == "notifications/roots/list_changed":
            heard.set_result(ctx.method)
        return await call_next(ctx)

    server._lowlevel_server.middleware.append(note)
    with Connection(portal, server, "legacy") as connection:
        connection.roots = ["/data"]
        assert heard.result(10)
