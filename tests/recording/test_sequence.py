"""The time line of a call as a diagram."""

from __future__ import annotations

from typing import Any, Literal
from xml.etree import ElementTree

import pytest

from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering.calls.sequence import diagram
from mcp_notebook.rendering.calls.steps import MOST_STEPS, bounded, steps_of

ELICIT = {"method": "elicitation/create", "params": {"mode": "form", "message": "Which city?"}}
SAMPLE = {"method": "sampling/createMessage", "params": {"messages": []}}
ACCEPT = {"action": "accept", "content": {"city": "Graz"}}
HOSTILE = '"><script>alert(1)</script>'


def call(*events: tuple[Any, Any], rounds: int = 1, ended: str = "done", **rest: Any) -> Call:
    made = Call(server="weather", method="tools/call", name="forecast", arguments={"days": 2}, **rest)
    made.number, made.rounds = 3, rounds
    for kind, value in events:
        made.add(kind, value)
    if ended != "running":
        made.end(ended, {"content": [], "isError": ended == "error"})  # type: ignore[arg-type]
    return made


def drawn(source: Any) -> list[str]:
    """Return the lines of the diagram as text, the title and the participants left out."""
    return diagram(source, times=False).text.splitlines()[2:]


def svg(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def test_a_call_is_a_request_and_its_result() -> None:
    assert diagram(call(), times=False).text.splitlines() == [
        "call 3: forecast",
        "client                     server",
        "|-- tools/call forecast -->|",
        "|<.. result ...............|",
    ]


def test_what_the_server_sends_and_does_meanwhile_stands_in_between() -> None:
    progress = {"progress": 1, "total": 3, "message": "reading"}
    lines = drawn(
        call(("stdout", "on it\n"), ("progress", progress), ("message", {"level": "info", "data": "halfway"}))
    )
    assert lines[1].endswith("| * prints: on it")
    assert "<.. notifications/progress 1 of 3, reading ." in lines[2]
    assert "<.. notifications/message info: halfway ." in lines[3]


def test_a_legacy_question_goes_through_the_client_to_a_person_and_back() -> None:
    told = [
        (step.sender, step.receiver, step.words) for step in steps_of(call(("question", ELICIT), ("answer", ACCEPT)))
    ]
    assert told == [
        ("client", "server", "tools/call forecast"),
        ("server", "client", "elicitation/create"),
        ("client", "person", "Which city?"),
        ("person", "client", 'accept {"city": "Graz"}'),
        ("client", "server", "result of elicitation/create"),
        ("server", "client", "result"),
    ]


def test_modern_questions_come_as_a_result_and_their_answers_with_a_new_request() -> None:
    events = [
        ("question", ELICIT),
        ("question", SAMPLE),
        ("answer", ACCEPT),
        ("answer", {"content": {"text": "sunny"}}),
    ]
    told = [(step.sender, step.receiver, step.words) for step in steps_of(call(*events, rounds=2))]
    assert told == [
        ("client", "server", "tools/call forecast"),
        ("server", "client", "result: input required"),
        ("client", "person", "Which city?"),
        ("client", "model", "messages"),
        ("person", "client", 'accept {"city": "Graz"}'),
        ("model", "client", "sunny"),
        ("client", "server", "tools/call forecast (round 2)"),
        ("server", "client", "result"),
    ]


@pytest.mark.parametrize(
    ("ended", "last"),
    [
        ("error", "<.. result: error from the tool ."),
        ("refused", "<.. refused ."),
        ("cancelled", ".. notifications/cancelled ."),
        ("running", "* running"),
    ],
)
def test_how_a_call_ended_is_said_in_words(ended: str, last: str) -> None:
    assert last in drawn(call(ended=ended))[-1]


def frame(direction: Any, **message: Any) -> Frame:
    return Frame(1000.0, direction, "memory", 0, "", {"jsonrpc": "2.0", **message})


REQUEST = {"method": "tools/call", "params": {"name": "forecast"}}


def test_frames_are_drawn_as_they_went_also_where_both_sides_use_the_same_id() -> None:
    frames = [
        frame("client", id=1, **REQUEST),
        frame("server", id=1, **ELICIT),
        frame("client", id=1, result=ACCEPT),
        frame("server", method="notifications/progress", params={"progress": 1}),
        frame("server", id=1, result={"content": []}),
    ]
    assert [(step.sender, step.words) for step in steps_of(frames)] == [
        ("client", "tools/call forecast"),
        ("server", "elicitation/create"),
        ("client", "Which city?"),
        ("person", 'accept {"city": "Graz"}'),
        ("client", "result of elicitation/create"),
        ("server", "notifications/progress 1"),
        ("server", "result of tools/call"),
    ]


def test_without_times_frames_are_drawn_without_what_differs_from_run_to_run() -> None:
    def html(state: str, times: bool) -> str:
        result = {"resultType": "input_required", "inputRequests": {"city": ELICIT}, "requestState": state}
        return diagram([frame("client", id=1, **REQUEST), frame("server", id=1, result=result)], times=times).html

    assert html("sealed", times=False) == html("another", times=False)
    assert "sealed" in html("sealed", times=True)


def test_frames_of_the_modern_era_show_who_answered_what_was_asked() -> None:
    answered = {"name": "forecast", "inputResponses": {"city": ACCEPT}}
    frames = [
        frame("client", id=1, **REQUEST),
        frame("server", id=1, result={"resultType": "input_required", "inputRequests": {"city": ELICIT}}),
        frame("client", id=2, method="tools/call", params=answered),
        frame("server", id=2, error={"code": -32603, "message": "no"}),
    ]
    assert [(step.sender, step.words) for step in steps_of(frames)] == [
        ("client", "tools/call forecast"),
        ("server", "result: input required"),
        ("client", "Which city?"),
        ("person", 'accept {"city": "Graz"}'),
        ("client", "tools/call forecast"),
        ("server", "error of tools/call"),
    ]


def test_no_frames_are_said_to_be_none() -> None:
    assert diagram([]).text == "frames: none"


def test_a_long_call_keeps_its_ends_and_says_how_much_is_left_out() -> None:
    many = call(*[("progress", {"progress": n}) for n in range(500)])
    words = [step.words for step in bounded(steps_of(many))]
    assert words[1:5] == [
        "notifications/progress 0",
        "notifications/progress 1",
        "... 497 more notifications/progress",
        "notifications/progress 499",
    ]
    talkative = call(*[("question", ELICIT), ("answer", ACCEPT)] * 100)
    steps = bounded(steps_of(talkative))
    assert len(steps) == MOST_STEPS
    assert steps[-1].words == "result"


def test_the_picture_says_in_words_what_it_shows_and_has_no_ids() -> None:
    html = diagram(call(("question", ELICIT), ("answer", ACCEPT))).html
    picture = svg(html)
    assert picture.get("role") == "img"
    assert picture.findtext("title") == "call 3: forecast"
    assert "server to client: elicitation/create." in str(picture.findtext("desc"))
    assert " id=" not in html
    assert "<summary>as text</summary>" in html


def test_times_are_left_out_on_request() -> None:
    assert " ms" in diagram(call()).text
    assert " ms" in diagram(call()).html
    assert " ms" not in diagram(call(), times=False).text
    assert " ms" not in diagram(call(), times=False).html


def test_what_a_server_says_is_never_markup_in_a_picture() -> None:
    question = {"method": "elicitation/create", "params": {"message": HOSTILE}}
    hostile = call(("question", question), ("answer", {"action": HOSTILE}), ("stdout", HOSTILE), ("progress", HOSTILE))
    html = diagram(hostile).html
    assert "<script" not in html
    assert svg(html) is not None


@pytest.mark.parametrize(
    "message",
    ["text", None, 3, [], {"id": 1}, {"method": 3}, {"method": "x", "params": []}, {"id": 1, "result": 5},
     {"id": [1], "error": 1}, {"id": 1, "method": "elicitation/create", "params": 3},
     {"id": 1, "result": {"inputRequests": {"a": 1}}}],
)  # fmt: skip
@pytest.mark.parametrize("direction", ["client", "server"])
def test_frames_that_are_no_messages_are_drawn_too(message: Any, direction: Literal["client", "server"]) -> None:
    frames = [Frame(0.0, direction, "http", 1, "", message)] * 2
    assert diagram(frames).text
