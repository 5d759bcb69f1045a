"""The time line of a call as a diagram."""

from __future__ import annotations

import unicodedata
from typing import Any, Literal
from xml.etree import ElementTree

import pytest

from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering.calls.sequence import diagram
from mcp_notebook.rendering.calls.steps import MOST_STEPS, Step, bounded
from mcp_notebook.rendering.calls.steps_of_call import steps_of_call
from mcp_notebook.rendering.calls.steps_of_frames import steps_of_frames
from mcp_notebook.rendering.look import WIDTH

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


def told(steps: list[Step]) -> list[tuple[str, str, str]]:
    """Return the senders, the receivers and the labels of steps."""
    return [(step.sender, step.receiver, step.label) for step in steps]


def test_a_call_is_a_request_and_its_result() -> None:
    assert diagram(call(), times=False).text.splitlines() == [
        "call 3: forecast",
        "client                                   server",
        '|-- 1 tools/call forecast {"days": 2} -->|',
        "|<-- 2 result of 1 ----------------------|",
    ]


def test_what_the_server_sends_and_does_meanwhile_stands_in_between() -> None:
    progress = {"progress": 1, "total": 3, "message": "reading"}
    lines = drawn(
        call(("stdout", "on it\n"), ("progress", progress), ("message", {"level": "info", "data": "halfway"}))
    )
    assert lines[1].endswith("| * prints: on it")
    assert "<.. 2 notifications/progress for 1: 1 of 3, reading .." in lines[2]
    assert "<.. 3 notifications/message info: halfway .." in lines[3]


def test_a_legacy_question_goes_through_the_client_to_a_person_and_back() -> None:
    assert told(steps_of_call(call(("question", ELICIT), ("answer", ACCEPT)))) == [
        ("client", "server", 'tools/call forecast {"days": 2}'),
        ("server", "client", "elicitation/create Which city?"),
        ("client", "person", "asks Which city?"),
        ("person", "client", 'accept of 3: {"city": "Graz"}'),
        ("client", "server", 'result of 2: accept {"city": "Graz"}'),
        ("server", "client", "result of 1"),
    ]


def test_modern_questions_come_as_a_result_and_their_answers_with_a_new_request() -> None:
    events = [
        ("question", ELICIT),
        ("question", SAMPLE),
        ("answer", ACCEPT),
        ("answer", {"content": {"text": "sunny"}}),
    ]
    assert told(steps_of_call(call(*events, rounds=2))) == [
        ("client", "server", 'tools/call forecast {"days": 2}'),
        ("server", "client", "result of 1: input required"),
        ("client", "person", "asks Which city?"),
        ("client", "model", "asks"),
        ("person", "client", 'accept of 3: {"city": "Graz"}'),
        ("model", "client", "message of 4: sunny"),
        ("client", "server", "tools/call forecast (again, with the answers)"),
        ("server", "client", "result of 7"),
    ]


@pytest.mark.parametrize(
    ("ended", "last"),
    [
        ("error", "<-- 2 result of 1: error from the tool -"),
        ("refused", "<-- 2 refused of 1 -"),
        ("cancelled", ".. 2 notifications/cancelled for 1 ."),
        ("running", "* running"),
    ],
)
def test_how_a_call_ended_is_said_in_words(ended: str, last: str) -> None:
    assert last in drawn(call(ended=ended))[-1]


def frame(direction: Any, **message: Any) -> Frame:
    return Frame(1000.0, direction, "memory", 0, "", {"jsonrpc": "2.0", **message})


def http(direction: Any, exchange: int, head: str, message: Any = "", session: str = "") -> Frame:
    head = f"{head}\nmcp-session-id: {session}" if session and head else head
    return Frame(1000.0, direction, "http", exchange, head, message)


REQUEST = {"method": "tools/call", "params": {"name": "forecast"}}
TOKEN = {"method": "tools/call", "params": {"name": "forecast", "_meta": {"progressToken": 7}}}
INITIALIZED = {"method": "notifications/initialized"}


def test_frames_are_drawn_as_they_went_also_where_both_sides_use_the_same_id() -> None:
    frames = [
        frame("client", id=1, **TOKEN),
        frame("server", id=1, **ELICIT),
        frame("client", id=1, result=ACCEPT),
        frame("server", method="notifications/progress", params={"progress": 1, "progressToken": 7}),
        frame("server", id=1, result={"content": [{"type": "text", "text": "sunny"}]}),
    ]
    assert told(steps_of_frames(frames)) == [
        ("client", "server", "tools/call forecast"),
        ("server", "client", "elicitation/create Which city?"),
        ("client", "person", "asks Which city?"),
        ("person", "client", 'accept of 3: {"city": "Graz"}'),
        ("client", "server", 'result of 2: accept {"city": "Graz"}'),
        ("server", "client", "notifications/progress for 1: 1"),
        ("server", "client", "result of 1: sunny"),
    ]


def test_without_times_frames_are_drawn_without_what_differs_from_run_to_run() -> None:
    def html(state: str, number: int, times: bool) -> str:
        result = {"resultType": "input_required", "inputRequests": {"city": ELICIT}, "requestState": state}
        frames = [frame("client", id=number, **REQUEST), frame("server", id=number, result=result)]
        return diagram(frames, times=times).html

    assert html("sealed", 1, times=False) == html("another", 2, times=False)
    assert "sealed" in html("sealed", 1, times=True)


def test_frames_of_the_modern_era_show_who_answered_what_was_asked() -> None:
    answered = {"name": "forecast", "inputResponses": {"city": ACCEPT}}
    frames = [
        frame("client", id=1, **REQUEST),
        frame("server", id=1, result={"resultType": "input_required", "inputRequests": {"city": ELICIT}}),
        frame("client", id=2, method="tools/call", params=answered),
        frame("server", id=2, error={"code": -32603, "message": "no"}),
    ]
    assert told(steps_of_frames(frames)) == [
        ("client", "server", "tools/call forecast"),
        ("server", "client", "result of 1: input required: elicitation/create"),
        ("client", "person", "asks Which city?"),
        ("person", "client", 'accept of 3: {"city": "Graz"}'),
        ("client", "server", "tools/call forecast (again, with the answers)"),
        ("server", "client", "error -32603 of 5: no"),
    ]


def test_a_question_of_a_task_is_asked_once_however_often_the_task_is_polled() -> None:
    waiting = {"taskId": "t1", "status": "input_required", "inputRequests": {"1": ELICIT}}
    another = {"taskId": "t2", "status": "input_required", "inputRequests": {"1": ELICIT}}
    frames = [
        frame("client", id=1, method="tools/call", params={"name": "forecast"}),
        frame("server", id=1, result={"resultType": "task", **waiting}),
        frame("client", id=2, method="tasks/get", params={"taskId": "t1"}),
        frame("server", id=2, result=waiting),
        frame("client", id=3, method="tasks/update", params={"taskId": "t1", "inputResponses": {"1": ACCEPT}}),
        frame("server", id=3, result=another),
    ]
    assert [label for _, _, label in told(steps_of_frames(frames))] == [
        "tools/call forecast",
        "result of 1: task input required: elicitation/create",
        "asks Which city?",
        "tasks/get",
        "result of 4: task input required: elicitation/create",
        'accept of 3: {"city": "Graz"}',
        "tasks/update (again, with the answers)",
        "result of 7: task input required: elicitation/create",
        "asks Which city?",
    ]


def test_a_legacy_session_over_http_is_drawn_with_its_handshake_and_the_status_of_each_request() -> None:
    frames = [
        http("client", 1, "POST /mcp", {"id": 0, "method": "initialize", "params": {"protocolVersion": "2025-11-25"}}),
        http("server", 1, "200", {"id": 0, "result": {"protocolVersion": "2025-11-25"}}, "a"),
        http("client", 2, "POST /mcp", INITIALIZED, "a"),
        http("client", 4, "POST /mcp", {"id": 1, "method": "tools/list"}, "a"),
        http("server", 2, "202", "", "a"),
        http("client", 3, "GET /mcp", "", "a"),
        http("server", 4, "200", {"id": 1, "result": {"tools": [{"name": "forecast"}]}}, "a"),
        http("client", 5, "DELETE /mcp", "", "a"),
        http("server", 5, "200", "", "a"),
        http("server", 3, "200", "", "a"),
    ]
    assert drawn(frames) == [
        "|-- 1 initialize offers 2025-11-25 --------------------->|",
        "|<-- 2 result of 1: agrees on 2025-11-25 (HTTP 200) -----|",
        "|.. 3 notifications/initialized (HTTP 202) .............>|",
        "|-- 4 GET opens a stream for messages from the server -->|",
        "|-- 5 tools/list --------------------------------------->|",
        "|<-- 6 result of 5: 1 tool: forecast (HTTP 200) ---------|",
        "|-- 7 DELETE ends the session (HTTP 200) --------------->|",
    ]


def test_an_answer_belongs_to_the_request_of_its_own_http_exchange_or_session() -> None:
    frames = [
        http("client", 1, "POST /mcp", {"id": 1, **REQUEST}, "a"),
        http("client", 2, "POST /mcp", {"id": 1, "method": "tools/list"}, "b"),
        http("server", 1, "200", {"method": "notifications/message", "params": {}}, "a"),
        http("server", 1, "", {"id": 9, **ELICIT}),
        http("server", 2, "200", {"id": 9, **ELICIT}, "b"),
        http("client", 3, "POST /mcp", {"id": 9, "result": {"action": "decline"}}, "a"),
        http("client", 4, "POST /mcp", {"id": 9, "result": {"action": "cancel"}}, "c"),
        http("server", 2, "", {"id": 1, "result": {"tools": []}}),
        http("server", 1, "", {"id": 1, "result": {"content": []}}),
    ]
    answers = [(step.number, step.of) for step in steps_of_frames(frames) if step.words == "result"]
    assert answers == [(9, 4), (10, 0), (11, 2), (12, 1)]
    assert "result of an earlier request: cancel" in diagram(frames).text
    assert [(step.of, step.words) for step in steps_of_frames(frames) if step.sender == "person"] == [(5, "decline")]


def test_what_http_refused_is_an_error_with_its_status() -> None:
    frames = [
        http("client", 1, "POST /mcp", {"id": 1, **REQUEST}),
        http("server", 1, "401", {"error": "invalid_token"}),
        http("client", 2, "GET /mcp"),
        http("server", 2, "405"),
        http("client", 3, "POST /mcp", {"id": 3, **REQUEST}),
        http("server", 3, "400", {"id": None, "error": {"code": -32700, "message": "not JSON"}}),
    ]
    labels = [(step.kind, step.label, step.status) for step in steps_of_frames(frames) if step.sender == "server"]
    assert labels == [
        ("error", 'HTTP 401 of 1: {"error": "invalid_token"}', ""),
        ("error", "HTTP 405 of 3", ""),
        ("error", "error -32700 of 5: not JSON", "400"),
    ]


def test_a_cancelled_request_is_named_and_a_late_answer_is_that_of_an_earlier_one() -> None:
    frames = [
        frame("client", id=1, **REQUEST),
        frame("client", method="notifications/cancelled", params={"requestId": 1, "reason": "too slow"}),
        frame("server", id=1, result={"content": []}),
    ]
    assert [step.label for step in steps_of_frames(frames)] == [
        "tools/call forecast",
        "notifications/cancelled for 1: too slow",
        "result of an earlier request",
    ]


def test_each_message_of_a_batch_is_a_step() -> None:
    batch = Frame(1000.0, "client", "http", 1, "POST /mcp", [{"id": 1, **REQUEST}, {"id": 2, "method": "ping"}])
    answers = Frame(1000.0, "server", "http", 1, "200", [{"id": 2, "result": {}}, {"id": 1, "result": {}}])
    assert [step.label for step in steps_of_frames([batch, answers])] == [
        "tools/call forecast",
        "ping",
        "result of 2",
        "result of 1",
    ]


def test_no_frames_are_said_to_be_none() -> None:
    assert diagram([]).text == "frames: none"


def test_a_long_call_keeps_its_ends_and_says_how_much_is_left_out() -> None:
    many = call(*[("progress", {"progress": n}) for n in range(500)])
    steps = bounded(steps_of_call(many))
    assert [(step.number, step.words) for step in steps[1:]] == [
        (2, "notifications/progress"),
        (3, "notifications/progress"),
        (0, "… 497 more notifications/progress"),
        (501, "notifications/progress"),
        (502, "result"),
    ]
    talkative = call(*[("question", ELICIT), ("answer", ACCEPT)] * 100)
    steps = bounded(steps_of_call(talkative))
    assert len(steps) == MOST_STEPS
    assert (steps[-1].number, steps[-1].label) == (402, "result of 1")
    assert steps[-10].words == "… 363 more messages"
    assert ":   … 363 more messages  " in diagram(talkative).text


def test_thousands_of_requests_without_an_answer_are_drawn_too() -> None:
    frames = [frame("client", id=n, **REQUEST) for n in range(2_000)] + [frame("server", id=1_999, result={})]
    assert drawn(frames)[-1].startswith("|<-- 2001 result of 2000 -")


def test_the_picture_says_in_words_what_it_shows_and_has_no_ids() -> None:
    html = diagram(call(("question", ELICIT), ("answer", ACCEPT))).html
    picture = svg(html)
    assert picture.get("role") == "img"
    assert picture.findtext("title") == "call 3: forecast"
    assert "2, server to client: elicitation/create Which city?." in str(picture.findtext("desc"))
    assert {element.tag for element in picture.iter()} <= {
        "svg", "title", "desc", "g", "line", "rect", "path", "circle", "text", "tspan",
    }  # fmt: skip
    assert "max-width:100%" in str(picture.get("style"))
    assert picture.get("viewBox") == f"0 0 {picture.get('width')} {picture.get('height')}"
    assert " id=" not in html
    assert "<summary>as text</summary>" in html


def test_times_are_in_the_picture_alone_and_left_out_on_request() -> None:
    assert " ms</text>" in diagram(call()).html
    assert " ms" not in diagram(call()).text
    assert " ms" not in diagram(call(), times=False).html


def test_requests_are_solid_and_notifications_dashed() -> None:
    assert "dashed" not in diagram(call()).html
    html = diagram(call(("progress", {"progress": 1}))).html
    assert html.count("stroke-dasharray") == 1
    assert "dashed: notifications" in html


def test_the_lines_stay_straight_whatever_a_label_has_in_it() -> None:
    for text in ("日本語のテキスト" * 9, "\x1b[31m\u202e" * 30, "e\u0301" * 90, "a\nb\tc", ""):
        lines = drawn([frame("client", id=1, method="tools/call", params={"name": text, "arguments": {"q": text}})])
        assert lines[0].startswith("|-- 1 tools/call")
        assert lines[0].endswith("-->|")
        assert len(lines) == 1
        columns = sum(1 + (unicodedata.east_asian_width(c) in "WF") - bool(unicodedata.combining(c)) for c in lines[0])
        assert columns <= WIDTH


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
