"""The form, without a front end: its widgets are set as a person would set them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, Literal

import anyio
import ipywidgets
import pytest
from pydantic import BaseModel

from mcp_notebook import NotebookServer
from mcp_notebook.cells import explain
from mcp_notebook.client import Connection, OnProgress, Outcome
from mcp_notebook.portal import Portal
from mcp_notebook.widgets.form import ToolForm
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
    """A form, the calls that it started, and a person's hands."""

    def __init__(self, tool: str) -> None:
        self.portal = Portal()
        self.connection = Connection(self.portal, server)
        self.sent: list[dict[str, Any]] = []
        self.finished = threading.Event()
        (found,) = (t for t in self.connection.tools() if t.name == tool)
        self.form = ToolForm(found, self.start, explain=explain)

    def start(self, arguments: dict[str, Any], on_progress: OnProgress) -> Future[Outcome]:
        self.sent.append(arguments)
        return self.connection.start_call(self.form._tool.name, arguments, on_progress=on_progress)

    def widgets(self, kind: type) -> list[Any]:
        def walk(widget: Any) -> Iterator[Any]:
            yield widget
            for child in getattr(widget, "children", ()):
                yield from walk(child)

        return [widget for widget in walk(self.form) if isinstance(widget, kind)]

    def field(self, name: str) -> Any:
        (found,) = (w for w in self.widgets(ipywidgets.DOMWidget) if getattr(w, "description", None) == name)
        return found

    def fill(self, **values: Any) -> None:
        for name, value in values.items():
            self.field(name).value = value

    def press(self, name: str = "Call") -> None:
        self.field(name).click()

    def wait_for(self, state: str) -> str:
        """Wait until the form is in this state, and return what it shows below."""
        changed = threading.Event()
        for widget in self.widgets(ipywidgets.HTML):
            widget.observe(lambda _: changed.set(), "value")
        for _ in range(600):
            shown = [widget.value for widget in self.widgets(ipywidgets.HTML)]
            if any(f">{state}<" in text for text in shown) and not self.field("Call").disabled:
                return shown[-1]
            changed.wait(0.1)
            changed.clear()
        raise AssertionError(f"never {state}: {shown}")

    def close(self) -> None:
        self.connection.close()
        self.portal.close()


@pytest.fixture
def driver(request: pytest.FixtureRequest) -> Iterator[Driver]:
    driver = Driver(request.param)
    yield driver
    driver.close()


@pytest.mark.parametrize("driver", ["everything"], indirect=True)
def test_what_is_left_untouched_is_not_sent(driver: Driver) -> None:
    driver.fill(text="hello", count="3")
    driver.press()
    assert "hello" in driver.wait_for("done")
    assert driver.sent == [{"text": "hello", "count": 3}]


@pytest.mark.parametrize("driver", ["everything"], indirect=True)
def test_every_field_sends_the_type_that_its_schema_asks_for(driver: Driver) -> None:
    driver.form.fill({"text": "", "tags": ["x"], "loan": {"title": "Dune"}})
    driver.fill(
        count="0",
        share="1",
        loud=False,
        kind="b",
        note="mine",
        maybe="x",
        perhaps="7",
    )
    driver.press()
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


@pytest.mark.parametrize("driver", ["everything"], indirect=True)
@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("count", "", "count: '' is not valid; expected integer"),
        ("count", "1.5", "count: '1.5' is not valid; expected integer"),
        ("count", "true", "count: 'true' is not valid; expected integer"),
        ("share", "half", "share: 'half' is not valid; expected number"),
        ("extra", "[x", "extra: not JSON"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_place_and_the_reason(
    driver: Driver, field: str, typed: str, says: str
) -> None:
    driver.fill(text="hello", count="3")
    driver.fill(**{field: typed})
    driver.press()
    assert says in driver.wait_for("not called").replace("&#x27;", "'")
    assert driver.sent == []


@pytest.mark.parametrize("driver", ["fail"], indirect=True)
def test_an_error_of_the_tool_is_shown_with_what_it_raised(driver: Driver) -> None:
    driver.press()
    shown = driver.wait_for("error")
    assert "Error executing tool fail" in shown
    assert "ValueError: inside &lt;b&gt;" in shown


@pytest.mark.parametrize("driver", ["forever"], indirect=True)
def test_cancel_reaches_the_server_and_the_form_is_ready_again(driver: Driver) -> None:
    story.clear()
    driver.press()
    until(lambda: story == ["started"])
    assert driver.field("Call").disabled
    driver.press("Cancel")
    driver.wait_for("cancelled")
    until(lambda: story == ["started", "ended"])


@pytest.mark.parametrize("driver", ["everything"], indirect=True)
def test_the_form_has_a_text_that_stays_the_same(driver: Driver) -> None:
    assert repr(driver.form) == repr(Driver("everything").form)
    assert "text     string, required" in repr(driver.form)
    assert driver.form._repr_mimebundle_()["text/plain"] == repr(driver.form)
