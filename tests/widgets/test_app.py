"""The frame of an app, as its page in the notebook meets it: what it is told, and what it may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from mcp_types import CallToolResult, ReadResourceResult, TextContent, Tool

from mcp_notebook.client.extensions.apps import AppPage
from mcp_notebook.widgets.app import LONGEST_MESSAGE, AppFrame, Opened
from tests.test_visible import HOSTILE, hidden

RESULT = CallToolResult(content=[TextContent(type="text", text="7")], structured_content={"result": 7})


class Server:
    def __init__(self, *, foreign: bool) -> None:
        self.name, self.foreign = "shop", foreign
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.said: list[str] = []
        self.answer: Future[CallToolResult] = Future()

    def call(self, name: str, arguments: dict[str, Any], _ask: Callable[..., None]) -> Future[CallToolResult]:
        self.called.append((name, arguments))
        return self.answer

    def read(self, uri: str) -> Future[ReadResourceResult]:
        done: Future[ReadResourceResult] = Future()
        done.set_result(ReadResourceResult(contents=[]))
        return done

    def say(self, text: str) -> None:
        self.said.append(text)


class Frame(AppFrame):
    """A frame that keeps what it sends."""

    def __init__(self, server: Server, agreed: set[str], opened: Opened) -> None:
        self.sent: list[Any] = []
        super().__init__("ui://chart", "rows", server, opened, again=lambda: None, agreed=agreed)

    def send(self, content: Any, buffers: Any = None) -> None:
        self.sent.append(content)

    def ask_for(self, action: str, **values: Any) -> Any:
        """Ask as the page does; return its answer, None if there is none yet."""
        self._heard(self, {"do": action, "ask": 1, **values}, [])
        return self.sent.pop() if self.sent else None


def tool(name: str, **ui: Any) -> Tool:
    return Tool(name=name, input_schema={"type": "object"}, _meta={"ui": ui})


def opened(html: str = "<p>", **options: Any) -> Opened:
    tools = [tool("rows"), tool("internal", visibility=["model"])]
    return Opened(AppPage(html, **options), {each.name: each for each in tools}, {"count": 1}, RESULT)


@pytest.fixture
def own() -> Iterator[Frame]:
    frame = Frame(Server(foreign=False), set(), opened())
    yield frame
    frame.close()


def foreign(agreed: set[str], what: Opened) -> tuple[Frame, Server]:
    server = Server(foreign=True)
    return Frame(server, agreed, what), server


def test_an_app_of_this_notebook_is_shown_with_its_result(own: Frame) -> None:
    assert own.state["phase"] == "shown"
    shown = own.state["shown"]
    assert shown["html"] == "<p>"
    assert shown["input"] == {"count": 1}
    assert shown["result"]["structuredContent"] == {"result": 7}
    assert "default-src 'none'" in shown["policy"]


def test_the_answer_to_a_call_comes_when_the_call_ends(own: Frame) -> None:
    server: Any = own._server
    assert own.ask_for("call", name="rows", arguments={"a": 1}) is None
    assert server.called == [("rows", {"a": 1})]
    server.answer.set_result(RESULT)
    assert own.sent.pop()["ok"]["structuredContent"] == {"result": 7}


def test_a_call_that_fails_or_is_cancelled_is_an_error(own: Frame) -> None:
    server: Any = own._server
    own.ask_for("call", name="rows")
    server.answer.cancel()
    assert "CancelledError" in own.sent.pop()["error"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"name": "nothing"}, "shop has no tool 'nothing'"),
        ({"name": "internal"}, "The tool 'internal' is only for models"),
        ({"name": "rows", "arguments": [1]}, "have to be an object"),
    ],
)
def test_a_call_that_is_not_allowed_is_refused(own: Frame, asked: dict[str, Any], reason: str) -> None:
    assert reason in own.ask_for("call", **asked)["error"]
    assert own._server.called == []  # type: ignore[attr-defined]


def test_a_page_of_a_foreign_server_is_not_sent_before_consent() -> None:
    frame, server = foreign(set(), opened(connect=("https://api.example",)))
    assert frame.state["phase"] == "asking"
    assert "shown" not in frame.state
    assert "https://<wbr>api.<wbr>example" in frame.state["consent"]
    assert "rows" in frame.state["consent"]
    assert "internal" not in frame.state["consent"]
    for action, values in (("call", {"name": "rows"}), ("read", {"uri": "a://b"}), ("say", {"text": "x"})):
        assert "is not shown, so it may ask for nothing" in frame.ask_for(action, **values)["error"]
    frame.ask_for("refuse")
    assert frame.state["phase"] == "refused"
    frame.ask_for("agree")
    assert frame.state["phase"] == "shown"
    frame.ask_for("say", text="x")
    assert server.said == ["x"]
    frame.close()


def test_consent_holds_for_the_same_page_and_the_same_rights_only() -> None:
    agreed: set[str] = set()
    frame, _ = foreign(agreed, opened())
    frame.ask_for("agree")
    again, _ = foreign(agreed, opened())
    assert again.state["phase"] == "shown"
    for other in (opened("<p>other"), opened(connect=("https://a.example",))):
        again.show(other)
        assert again.state["phase"] == "asking"
    more = opened()
    again.show(Opened(more.page, {**more.tools, "erase": tool("erase")}, {}, None))
    assert again.state["phase"] == "asking"
    for each in (frame, again):
        each.close()


def test_what_a_server_says_is_shown_with_all_its_characters_visible() -> None:
    hostile = " ".join(HOSTILE.values())
    frame, _ = foreign(set(), Opened(AppPage("<p>", left_out=(hostile,)), {"a": tool(hostile)}, {}, None))
    assert not hidden(frame.state["consent"])
    frame.fail(hostile)
    assert not hidden(frame.state["error"])
    frame.close()


def test_a_link_is_described_and_a_long_message_is_refused(own: Frame) -> None:
    assert own.ask_for("link", url="https://example.org/a")["ok"]["host"] == "example.org"
    assert own.ask_for("link", url="javascript:alert(1)")["ok"]["href"] is None
    assert "may have 20000 characters" in own.ask_for("say", text="x" * (LONGEST_MESSAGE + 1))["error"]


def test_the_bridge_is_sent_on_request(own: Frame) -> None:
    assert "ui/initialize" in own.ask_for("bridge")["ok"]


def test_a_saved_notebook_has_a_line_and_the_result(own: Frame) -> None:
    assert own.rendering.text.splitlines()[0] == "app ui://chart on shop with rows count=1"
    assert "iframe" not in own.rendering.html
