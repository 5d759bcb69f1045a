"""A surface as front ends meet it: what it puts out, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import mcp_types as types
import pytest

from mcp_notebook.client import Question
from mcp_notebook.errors import McpNotebookError
from mcp_notebook.rendering import look
from mcp_notebook.widgets.question_card import QuestionCard
from mcp_notebook.widgets.surface import Action, Surface
from mcp_notebook.widgets.tool_form import ToolForm
from tests.test_visible import HOSTILE, hidden

WIDGET = "application/vnd.jupyter.widget-view+json"


class Counter(Surface):
    def __init__(self) -> None:
        self.said: list[Any] = []
        super().__init__("counter", {"name": "n"}, {"count": 0})

    @property
    def rendering(self) -> look.Rendering:
        return look.Rendering(f"count {self.state['count']}", f"<p>{self.state['count']}</p>")

    @property
    def actions(self) -> dict[str, Action]:
        return {"add": self._add, "refuse": self._refuse, "break": lambda _: 1 / 0}

    def send(self, content: Any, buffers: Any = None) -> None:
        self.said.append(content)

    def _add(self, message: dict[str, Any]) -> int:
        self.set(count=self.state["count"] + message["by"])
        return int(self.state["count"])

    def _refuse(self, _: dict[str, Any]) -> None:
        raise McpNotebookError("not\nhere \u202e")


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.close()


def output(surface: Surface) -> dict[str, Any]:
    bundle = surface._repr_mimebundle_()
    return dict(bundle[0] if isinstance(bundle, tuple) else bundle)


def attach(monkeypatch: pytest.MonkeyPatch, where: str | None) -> None:
    monkeypatch.setattr(Surface, "attached", staticmethod(lambda: where))


def test_without_a_front_end_it_is_text_and_html(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    attach(monkeypatch, None)
    assert output(counter) == {"text/plain": "count 0", "text/html": "<p>0</p>"}


def test_a_front_end_that_shows_widgets_gets_the_widget_too(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    attach(monkeypatch, "")
    shown = output(counter)
    assert shown.pop(WIDGET)["model_id"] == counter.model_id
    assert shown == {"text/plain": "count 0", "text/html": "<p>0</p>"}
    assert counter.mount == ""


def test_a_front_end_that_attaches_it_finds_its_element_and_no_widget(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach(monkeypatch, "mcpnb-at-1")
    assert output(counter) == {
        "text/plain": "count 0",
        "text/html": '<div class="mcpnb-mount mcpnb-at-1"><p>0</p></div>',
    }
    assert counter.mount == "mcpnb-at-1"


def test_shown_again_in_another_cell_it_keeps_its_element(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    attach(monkeypatch, "mcpnb-at-1")
    output(counter)
    counter.set(count=3)
    attach(monkeypatch, "mcpnb-at-2")
    assert output(counter)["text/html"] == '<div class="mcpnb-mount mcpnb-at-1"><p>3</p></div>'


def test_inside_another_it_has_a_class_of_its_own(counter: Counter) -> None:
    other = Counter()
    assert counter.inside() == counter.inside() == counter.mount
    assert counter.inside() != other.inside()


def test_its_text_is_its_present_state(counter: Counter) -> None:
    counter.set(count=7)
    assert repr(counter) == "count 7"


def test_an_action_is_answered_under_its_number(counter: Counter) -> None:
    counter._heard(None, {"do": "add", "ask": 5, "by": 2}, [])
    assert counter.said == [{"answer": 5, "ok": 2}]


def test_a_ping_is_answered(counter: Counter) -> None:
    counter._heard(None, {"do": "ping", "ask": 1}, [])
    assert counter.said == [{"answer": 1, "ok": True}]


@pytest.mark.parametrize("message", [{"do": "nothing", "ask": 1}, {"do": "__class__", "ask": 1}, {"do": 3, "ask": 1}])
def test_an_unknown_action_is_refused(counter: Counter, message: dict[str, Any]) -> None:
    counter._heard(None, message, [])
    assert counter.said == [{"answer": 1, "error": f"unknown action {message['do']!r}"}]


@pytest.mark.parametrize("message", [{}, {"ask": 2}, [], "x", None])
def test_what_is_no_request_is_left_alone(counter: Counter, message: Any) -> None:
    counter._heard(None, message, [])
    assert counter.said == []


def test_a_refusal_is_one_line_that_hides_nothing(counter: Counter) -> None:
    counter._heard(None, {"do": "refuse", "ask": 1}, [])
    assert counter.said == [{"answer": 1, "error": "not\\nhere \\u202e"}]


def test_an_error_is_answered_in_one_line_and_raised_for_its_author(counter: Counter) -> None:
    with pytest.raises(ZeroDivisionError):
        counter._heard(None, {"do": "break", "ask": 1}, [])
    assert counter.said == [{"answer": 1, "error": "ZeroDivisionError('division by zero')"}]


def test_a_missing_value_is_an_error_and_not_the_end(counter: Counter) -> None:
    with pytest.raises(KeyError):
        counter._heard(None, {"do": "add", "ask": 1}, [])
    counter._heard(None, {"do": "add", "ask": 2, "by": 1}, [])
    assert [each["answer"] for each in counter.said] == [1, 2]


def test_parts_of_the_state_change_from_any_thread_and_none_is_lost(counter: Counter) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda i: counter.set(**{f"part{i}": i}), range(200)))
    assert len(counter.state) == 201


# What comes from a server.

HTML = {"html", "schema", "badges"}
VALUES = {"description", "fill", "examples"}
"""Parts with JSON texts, names and patterns, which the front end makes visible when it draws them."""


def strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in VALUES:
                yield from strings(each, name)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each, key)


def tool_of(evil: str) -> ToolForm:
    part = {"type": "string", "title": evil, "description": evil, "format": evil, "pattern": evil, "examples": [evil]}
    message = {**part, "errorMessage": evil}
    properties = {
        "a": part,
        "b": {"enum": [evil]},
        evil: {"anyOf": [part, {"title": evil, "type": "object"}]},
        "c": message,
    }
    tool = types.Tool(
        name=evil,
        title=evil,
        description=evil,
        input_schema={"type": "object", "properties": properties, "examples": [{evil: evil}]},
        output_schema={"type": "object", "properties": properties},
        annotations=types.ToolAnnotations(title=evil),
    )
    return ToolForm(tool, lambda arguments, on_progress: Future(), place=evil)


def card_of(evil: str, kind: str) -> QuestionCard:
    params: Any
    if kind == "form":
        schema: Any = {"type": "object", "properties": {evil: {"type": "string", "title": evil, "default": evil}}}
        params = types.ElicitRequestFormParams(message=evil, requested_schema=schema)
    elif kind == "url":
        params = types.ElicitRequestURLParams(message=evil, url=f"https://a.example/{evil}")
    else:
        message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=evil))
        params = types.CreateMessageRequestParams(messages=[message], system_prompt=evil, max_tokens=5)
    return QuestionCard(Question(kind, params, evil))  # type: ignore[arg-type]


@pytest.mark.parametrize("evil", [*HOSTILE.values(), "<img src=x onerror=alert(1)>", '"><script>alert(1)</script>'])
@pytest.mark.parametrize("what", ["tool", "form", "url", "sampling"])
def test_nothing_of_a_server_hides_or_is_markup(what: str, evil: str) -> None:
    surface: Surface = tool_of(evil) if what == "tool" else card_of(evil, what)
    found = [*strings(surface.about), *strings(surface.state)]
    assert [(key, hidden(text)) for key, text in found if hidden(text)] == []
    assert [text for key, text in found if key in HTML and ("<img src" in text or "<script" in text)] == []
    assert hidden(surface.rendering.html + surface.rendering.text) == []


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE)
def test_titles_texts_labels_and_messages_of_a_schema_hide_nothing(evil: str) -> None:
    for node in tool_of(evil).about["description"]["nodes"]:
        texts = [node.get(key, "") for key in ("title", "about", "accepts", "why")]
        texts += [label for label, _ in [*node.get("options", ()), *node.get("variants", ())]]
        texts += node.get("says", {}).values()
        assert [hidden(text) for text in texts if hidden(text)] == []


def test_names_and_values_of_a_schema_are_sent_as_they_are() -> None:
    evil = HOSTILE["override"]
    nodes = tool_of(evil).about["description"]["nodes"]
    assert evil in [name for name, *_ in nodes[0]["fields"]]
    assert [json.dumps(evil, ensure_ascii=False)] in [node.get("examples") for node in nodes]
