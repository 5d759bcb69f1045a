"""The form of a tool: what it sends, and how it follows a call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal

import anyio
import pytest
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.cells import explain
from mcp_notebook.client import Connection, OnProgress, Outcome
from mcp_notebook.portal import Portal
from mcp_notebook.schema import Problem
from mcp_notebook.widgets.tool_form import ToolForm
from tests.support.front_end import Hands
from tests.support.waiting import until


class Loan(BaseModel):
    title: str
    weeks: int = 2


server = NotebookServer("library")
story: list[str] = []


@server.tool()
def everything(
    text: str,
    count: int,
    share: float = 0.5,
    loud: bool = False,
    kind: Literal["a", "b"] = "a",
    tags: list[str] | None = None,
    loan: Loan | None = None,
    note: str = "none",
    maybe: str | None = None,
    perhaps: int | None = None,
    extra: Any = None,
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if value is not None}


@server.tool()
def fail() -> str:
    raise ValueError("inside <b>")


@server.tool()
async def forever() -> str:
    story.append("started")
    try:
        await anyio.sleep_forever()
    finally:
        story.append("ended")
    return "never"


class Driver:
    """The form of a tool in the kernel, the calls that it starts, and what the front end asks of it."""

    def __init__(self, tool: str) -> None:
        self.portal = Portal()
        self.connection = Connection(self.portal, server)
        self.sent: list[dict[str, Any]] = []
        self.on_progress: OnProgress | None = None
        self.tool = next(t for t in self.connection.tools() if t.name == tool)
        self.form = ToolForm(self.tool, self.start, explain=explain, recorder=self.connection.recorder)
        self.hands = Hands(self.tool.input_schema)

    def start(self, arguments: dict[str, Any], on_progress: OnProgress) -> Future[Outcome[Any]]:
        self.sent.append(arguments)
        self.on_progress = on_progress
        return self.connection.start_call(self.tool.name, arguments, on_progress=on_progress)

    def press(self) -> list[str]:
        """Press Call, and return the problems that keep it from being sent."""
        told = self.form.actions["send"]({"arguments": self.hands.text()})["problems"]
        return [str(Problem(tuple(each["place"]), each["reason"])) for each in told]

    def wait_for(self, phase: str) -> dict[str, Any]:
        """Wait until the form is in this phase, and return its state."""
        until(lambda: self.form.state["phase"] == phase)
        return {**self.form.state, "html": self.form.result}

    def close(self) -> None:
        self.connection.close()
        self.portal.close()


@pytest.fixture
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    driver = Driver(request.param)
    yield driver
    driver.close()


def on(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("driver", [tool], indirect=True)


@on("everything")
def test_what_is_left_untouched_is_not_sent(driver: Driver) -> None:
    driver.hands.type("hello", "text")
    driver.hands.type("3", "count")
    assert driver.press() == []
    assert "hello" in driver.wait_for("done")["html"]
    assert driver.sent == [{"text": "hello", "count": 3}]


@on("everything")
def test_every_field_sends_the_type_that_its_schema_asks_for(driver: Driver) -> None:
    driver.hands.fill({"text": "", "tags": ["x"], "loan": {"title": "Dune"}})
    for name, typed in {"count": "0", "share": "1", "note": "mine", "perhaps": "7"}.items():
        driver.hands.type(typed, name)
    driver.hands.type("x", "maybe")
    driver.hands.choose("false", "loud")
    driver.hands.choose("b", "kind")
    assert driver.press() == []
    driver.wait_for("done")
    (sent,) = driver.sent
    assert sent == {
        "text": "",
        "count": 0,
        "share": 1,
        "loud": False,
        "kind": "b",
        "tags": ["x"],
        "loan": {"title": "Dune"},
        "note": "mine",
        "maybe": "x",
        "perhaps": 7,
    }
    assert type(sent["count"]) is int


@on("everything")
@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("count", "", "count: required"),
        ("count", "1.5", 'count: "1.5" is not a number; expected integer'),
        ("count", "true", 'count: "true" is not a number; expected integer'),
        ("share", "half", 'share: "half" is not a number; expected number'),
        ("extra", "[x", 'extra: not JSON: unexpected "x" at line 1, column 2; write a JSON value'),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_place_and_the_reason(
    driver: Driver, field: str, typed: str, says: str
) -> None:
    driver.hands.type("hello", "text")
    driver.hands.type("3", "count")
    driver.hands.type(typed, field)
    (problem,) = driver.hands.problems()
    assert str(problem).startswith(says)


@on("everything")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"text": "x"}', "count: required"),
        ('{"text": "x", "count": "1.5"}', 'count: "1.5" is not of type integer'),
        ('{"text": "x"', "cannot be sent: Expecting ',' delimiter"),
        ('{"text": "\\ud800", "count": 1}', "cannot be sent: 'utf-8' codec can't encode character '\\ud800'"),
        ('{"text": "x", "count": NaN}', "cannot be sent: NaN is not a JSON number"),
        ('{"text": "x", "count": 1e999}', "cannot be sent: Out of range float values"),
        (f'{{"text": "x", "count": 1{"0" * 5_000}}}', "cannot be sent: Exceeds the limit"),
        (f'{{"text": "x", "count": 1, "extra": {"[" * 100_000}}}', "cannot be sent: too many levels"),
        ("[]", "the arguments must be one object, in braces"),
        ("3", "the arguments must be one object, in braces"),
    ],
)
def test_the_kernel_sends_nothing_wrong_whatever_the_front_end_says(driver: Driver, text: str, says: str) -> None:
    told = driver.form.actions["send"]({"arguments": text})["problems"]
    assert str(Problem(tuple(told[0]["place"]), told[0]["reason"])).startswith(says)
    assert driver.form.actions["check"]({"arguments": text})["problems"] == told
    assert driver.sent == []
    assert driver.form.state["phase"] == "idle"


@on("fail")
def test_an_error_of_the_tool_is_shown_with_what_it_raised(driver: Driver) -> None:
    driver.press()
    state = driver.wait_for("error")
    assert "Error executing tool fail" in state["html"]
    assert "ValueError: inside &lt;b&gt;" in state["html"]
    assert "error" in state["chip"]


@on("forever")
def test_cancel_reaches_the_server_and_the_form_is_ready_again(driver: Driver) -> None:
    story.clear()
    driver.press()
    until(lambda: story == ["started"])
    assert driver.form.state["phase"] == "running"
    driver.form.actions["cancel"]({})
    driver.wait_for("cancelled")
    until(lambda: story == ["started", "ended"])


@on("forever")
def test_a_second_press_starts_no_second_call(driver: Driver) -> None:
    driver.press()
    assert driver.press() == []
    assert driver.sent == [{}]
    driver.form.actions["cancel"]({})
    driver.wait_for("cancelled")
    driver.press()
    assert driver.sent == [{}, {}]
    driver.form.actions["cancel"]({})
    driver.wait_for("cancelled")


@on("everything")
def test_a_call_that_cannot_be_started_is_refused_with_the_reason(driver: Driver) -> None:
    driver.connection.close()
    driver.hands.fill({"text": "x", "count": 1})
    driver.press()
    state = driver.wait_for("refused")
    assert "closed" in state["html"]


@on("everything")
def test_the_form_has_a_text_that_stays_the_same(driver: Driver) -> None:
    other = Driver("everything")
    assert repr(driver.form) == repr(other.form)
    other.close()
    assert "text     string, required" in repr(driver.form)
    assert driver.form._repr_mimebundle_()[0]["text/plain"] == repr(driver.form)


@on("everything")
def test_arguments_come_from_the_draft_that_the_front_end_keeps(driver: Driver) -> None:
    driver.hands.fill({"text": "x", "count": 1})
    driver.form.kept = {"draft": driver.hands.text()}
    assert driver.form.arguments == {"text": "x", "count": 1}
    driver.form.kept = {"draft": '{"text": "x"}'}
    with pytest.raises(ValueError, match=r"^count: required$"):
        _ = driver.form.arguments


@on("everything")
def test_filling_in_tells_the_front_end_once_and_replaces_its_draft(driver: Driver) -> None:
    driver.form.kept = {"draft": "{}", "tab": "code"}
    driver.form.fill({"text": "é", "count": 1})
    first = driver.form.state["fill"]
    assert json.loads(first["text"]) == {"text": "é", "count": 1}
    assert driver.form.kept == {"draft": first["text"], "tab": "code", "filled": -1}
    driver.form.fill({})
    assert driver.form.state["fill"]["number"] > first["number"]


@on("everything")
def test_the_latest_calls_can_be_filled_in_again(driver: Driver) -> None:
    for count in range(7):
        driver.hands.fill({"text": "x" * 100, "count": count})
        driver.press()
        driver.wait_for("done")
    examples = driver.form.state["examples"]
    assert [json.loads(each["text"])["count"] for each in examples] == [6, 5, 4, 3, 2]
    assert examples[0]["words"].startswith(f'call {driver.connection.recorder.calls[-1].number}: {{"text": "xxx')
    assert len(examples[0]["words"]) <= 61


# Progress.


def progress_of(driver: Driver, *report: Any) -> dict[str, Any]:
    driver.form._reported = 0.0
    driver.form._progressed(*report)
    return dict(driver.form.state["progress"])


@on("everything")
def test_a_report_says_how_far_of_how_much_and_the_word_on_it(driver: Driver) -> None:
    assert progress_of(driver, 3, 12, "reading") == {"share": 0.25, "words": "3 of 12, reading"}
    assert progress_of(driver, 1_234_567, 10_000_000, None)["words"] == "1,234,567 of 10,000,000"


@on("everything")
@pytest.mark.parametrize(("total", "words"), [(None, "3"), (0, "3 of 0"), (-1, "3 of -1")])
def test_a_report_without_a_total_has_no_share(driver: Driver, total: Any, words: str) -> None:
    assert progress_of(driver, 3, total, None) == {"share": None, "words": words}


@on("everything")
@pytest.mark.parametrize(("progress", "share"), [(-1, 0), (7, 1)])
def test_a_share_stays_within_its_bounds(driver: Driver, progress: float, share: float) -> None:
    assert progress_of(driver, progress, 5, None)["share"] == share


@on("everything")
def test_a_new_call_begins_without_the_progress_of_the_last(driver: Driver) -> None:
    driver.form._progressed(1, 2, "first")
    driver.hands.fill({"text": "x", "count": 1})
    driver.press()
    assert driver.wait_for("done")["progress"] is None


@on("everything")
def test_what_a_server_says_of_its_progress_hides_nothing(driver: Driver) -> None:
    assert progress_of(driver, 1, 2, "a\u202eb\nc")["words"] == "1 of 2, a\\u202eb\\nc"


@on("everything")
@pytest.mark.parametrize("report", [(float("nan"), 2.0, None), (1.0, float("nan"), None), (float("inf"), 2.0, None)])
def test_a_report_that_is_no_number_breaks_nothing(driver: Driver, report: Any) -> None:
    json.dumps(progress_of(driver, *report), allow_nan=False)


@on("everything")
def test_reports_may_come_from_any_thread(driver: Driver) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda i: driver.form._progressed(i, 50, None), range(51)))
    assert driver.form.state["progress"]["share"] in [i / 50 for i in range(51)]
    assert driver.form.state["phase"] == "idle"


@on("everything")
def test_a_flood_of_reports_is_thinned(driver: Driver) -> None:
    seen: list[Any] = []
    driver.form.observe(lambda change: seen.append(change.new["progress"]), "state")
    for i in range(1_000):
        driver.form._progressed(i, 1_000, None)
    assert 1 <= len(seen) < 500


@on("everything")
def test_a_report_does_not_send_the_earlier_result_again(driver: Driver) -> None:
    driver.hands.type("hello", "text")
    driver.hands.type("3", "count")
    driver.press()
    driver.wait_for("done")
    assert "hello" in driver.form.result
    assert "hello" not in str({name: part for name, part in driver.form.state.items() if name != "examples"})
