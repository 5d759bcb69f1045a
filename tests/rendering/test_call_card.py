"""One call with all that came of it."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_notebook.recording import Call
from mcp_notebook.rendering.calls.card import call_card
from mcp_notebook.rendering.calls.events import MOST_EVENTS
from mcp_notebook.rendering.calls.sequence import diagram
from tests.rendering.test_values import harmless, texts, values

CITY = {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}}, "required": ["city"]}
ELICIT = {"method": "elicitation/create", "params": {"mode": "form", "message": "Which city?", "requestedSchema": CITY}}
URL = {"method": "elicitation/create", "params": {"mode": "url", "message": "Sign in", "url": "https://example.com/in"}}
SAMPLE = {
    "method": "sampling/createMessage",
    "params": {
        "systemPrompt": "Be short.",
        "messages": [{"role": "user", "content": {"type": "text", "text": "Why?"}}],
    },
}
SAID = {"role": "assistant", "model": "scripted", "content": {"type": "text", "text": "Because."}}


def call(*events: tuple[Any, Any], arguments: Any = None, result: Any = None, **rest: Any) -> Call:
    made = Call(server="weather", method="tools/call", name="forecast", arguments=arguments or {"days": 2}, **rest)
    made.number = 3
    for kind, value in events:
        made.add(kind, value)
    made.end("done", {"content": [{"type": "text", "text": "sunny"}], "isError": False} if result is None else result)
    return made


def lines(made: Call) -> list[str]:
    return call_card(made, "cell 2", repr, times=False).text.splitlines()


def test_a_call_is_shown_with_who_asked_for_what_and_how_it_ended() -> None:
    assert lines(call(client="me 1")) == [
        "call 3: forecast",
        "  method     tools/call",
        "  server     weather, defined in cell 2",
        "  client     me 1, over memory,  (legacy)",
        "  ended      done",
        '  arguments  {"days": 2}',
        "  result",
        "    sunny",
    ]


def test_questions_and_answers_read_as_a_person_saw_them() -> None:
    shown = lines(call(("question", ELICIT), ("answer", {"action": "accept", "content": {"city": "Graz"}})))
    assert shown[6:-2] == [
        "  question",
        "    elicitation: Which city?",
        "      city  string, required  Where",
        "  answer",
        "    accept",
        '      city  "Graz"',
    ]
    assert lines(call(("question", URL), ("answer", {"action": "decline"})))[6:-2] == [
        "  question",
        "    elicitation: Sign in",
        "    https://example.com/in",
        "  answer",
        "    decline",
    ]
    assert lines(call(("question", SAMPLE), ("answer", SAID)))[6:-2] == [
        "  question",
        "    sampling",
        "    system: Be short.",
        "    user: Why?",
        "  answer",
        "    scripted, assistant: Because.",
    ]
    roots = call(("question", {"method": "roots/list"}), ("answer", {"roots": [{"uri": "file:///tmp"}]}))
    assert lines(roots)[6:-2] == ["  question", "    the client's roots", "  answer", "    file:///tmp"]


def test_progress_and_messages_are_words_and_of_many_the_ends_are_shown() -> None:
    assert "    1 of 3, reading" in lines(call(("progress", {"progress": 1, "total": 3, "message": "reading"})))
    assert "    info: done" in lines(call(("message", {"level": "info", "data": "done"})))
    many = lines(call(*[("progress", {"progress": n}) for n in range(500)]))
    assert "    ... 496 more" in many
    assert "    499" in many
    assert len(many) < 25


def test_a_call_with_many_events_is_bounded() -> None:
    alternating = [("stdout", "a\n"), ("progress", {"progress": 1})] * 200
    shown = lines(call(*alternating))
    assert f"  ... {400 - MOST_EVENTS} more" in shown


def test_long_arguments_and_results_fold() -> None:
    made = call(
        arguments={"list": [[n] for n in range(60)]}, result={"content": [], "structuredContent": {"n": [[1]] * 60}}
    )
    assert call_card(made, "", repr).html.count("<details open>") == 2


def test_a_picture_that_the_call_displayed_is_shown() -> None:
    html = call_card(call(("display", {"image/png": "aGk=", "text/plain": "<Figure>"})), "", repr).html
    assert '<img alt="&lt;Figure&gt;" src="data:image/png;base64,aGk=">' in html


def test_fields_are_named_by_the_output_schema_where_it_is_known() -> None:
    made = call(result={"content": [], "structuredContent": {"city": "Graz"}})
    assert "Where" in call_card(made, "", repr, output_schema=CITY).text


def test_what_was_raised_stands_apart_from_what_clients_see() -> None:
    made = call()
    made.raised, made.state = ValueError("inside"), "error"
    rendering = call_card(made, "", repr)
    assert "  raised (clients do not see this)\n    ValueError('inside')" in rendering.text
    assert 'class="mcpnb bad"' in rendering.html


def test_times_are_left_out_on_request() -> None:
    made = call(("stdout", "a"))
    assert "after" in call_card(made, "", repr).text
    assert " ms" not in call_card(made, "", repr, times=False).text
    assert " ms" not in call_card(made, "", repr, times=False).html


wire = values | st.dictionaries(
    st.sampled_from(["method", "params", "message", "action", "content", "role", "url", "roots", "messages", "data"]),
    values
    | st.sampled_from(["elicitation/create", "sampling/createMessage", [1], [{"uri": 1}], CITY, {"content": [1]}]),
)
kinds = st.sampled_from(["stdout", "stderr", "display", "log", "message", "progress", "question", "answer"])


@pytest.mark.once
@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(kinds, texts | wire), max_size=6),
    st.dictionaries(texts, values),
    st.none() | wire,
    st.booleans(),
)
def test_whatever_both_sides_sent_is_drawn_and_is_never_markup(
    events: Any, arguments: Any, result: Any, modern: Any
) -> None:
    made = Call(server="s", method="tools/call", name="<b>", arguments=arguments)
    made.rounds = 2 if modern else 1
    for kind, value in events:
        made.add(kind, value if kind not in ("stdout", "stderr", "log") else json.dumps(value))
    made.end("done", result if isinstance(result, dict) else None)
    harmless(call_card(made, "", repr).html)
    assert "<b>" not in diagram(made).html


@pytest.mark.parametrize("state", ["refused", "cancelled"])
def test_a_call_without_a_result_says_how_it_ended(state: Literal["refused", "cancelled"]) -> None:
    made = Call(server="s", method="resources/read", name="a://b", arguments={})
    made.end(state, error="no such thing")
    shown = lines(made)
    assert shown[0] == "call 0: resources/read a://b"
    assert f"  ended      {state}" in shown
    assert "  error      no such thing" in shown
