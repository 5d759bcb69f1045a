"""The workbench, without a front end: its widgets are set as a person would set them."""

from __future__ import annotations

import gc
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import ipywidgets as w
import pytest
from ipywidgets.widgets.widget import _instances
from mcp.server.mcpserver import Context
from mcp_types import Completion

from mcp_notebook import NotebookServer
from mcp_notebook.client import Connection
from mcp_notebook.errors import RequestError
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Call
from mcp_notebook.recording.wire import Frame
from mcp_notebook.rendering.calls.traffic import CallRows, call_of, rows_of_frames
from mcp_notebook.widgets.workbench import Home, Workbench
from mcp_notebook.widgets.workbench.pace import Pace
from tests.support.kernels import Kernel
from tests.support.waiting import until

DEADLINE = 20

OF_ONE = 2
"""How many threads a workbench has."""

TEXT = """\
workbench on library
  server             library 1.2
  speaks             2026-07-28 (modern)
  capabilities       prompts (announces changes); resources (can be subscribed to, announces
                     changes); tools (announces changes); completions
  offers             3 tools, 1 resource, 1 resource template, 1 prompt
  size of the lists  about 302 tokens
  instructions
    Be quiet.
tools
  name  behavior    tokens
  find  not stated  91
  fail  not stated  61
  wait  not stated  63
resources
  uri              MIME type
  library://hours  text/plain
resource templates
  uri                        MIME type
  library://shelves/{shelf}  text/plain
prompts
  name    arguments
  review  title, mood"""


class Person:
    """A workbench on a server of its own, and a person's hands and eyes."""

    def __init__(self) -> None:
        self.server = library()
        self.portal = Portal()
        self.connection = Connection(self.portal, self.server)
        self.bench = self.open()

    def open(self) -> Workbench:
        home = Home(
            server=lambda: self.server,
            portal=self.portal,
            keep_frames=self.keep_frames,
            listening=lambda: "It is in this kernel only.",
        )
        return Workbench(lambda: self.connection, home=home)

    def keep_frames(self) -> None:
        """Open the connection anew with frames, as a notebook does."""
        self.connection.wire.on = True
        earlier, self.connection = self.connection, Connection(self.portal, self.server)
        earlier.close()

    def close(self) -> None:
        self.bench.close()
        self.connection.close()
        self.portal.close()

    @property
    def tabs(self) -> w.Tab:
        (tabs,) = (widget for widget in inside(self.bench) if isinstance(widget, w.Tab))
        return tabs

    def page(self, name: str) -> w.Widget:
        (place,) = (i for i, title in enumerate(self.tabs.titles) if title.startswith(name))
        return self.tabs.children[place]

    def rows(self, page: str) -> list[str]:
        """The rows of the list on a page, with single spaces."""
        return [" ".join(label.split()) for label in self.list(page)._options_labels]

    def list(self, page: str) -> w.Select:
        (found,) = (widget for widget in inside(self.page(page)) if isinstance(widget, w.Select))
        return found

    def choose(self, page: str, text: str) -> None:
        (place,) = (i for i, row in enumerate(self.rows(page)) if text in row)
        self.list(page).index = place

    def field(self, page: str, name: str) -> Any:
        (found,) = (i for i in inside(self.page(page)) if getattr(i, "description", None) == name)
        return found

    def press(self, page: str, name: str) -> None:
        self.field(page, name).click()

    def reads(self, page: str) -> str:
        """All HTML of a page."""
        whole = "\n".join(widget.value for widget in inside(self.page(page)) if isinstance(widget, w.HTML))
        return re.sub("<style>.*?</style>", "", whole, flags=re.DOTALL)

    def waits_for(self, page: str, text: str) -> str:
        until(lambda: text in self.reads(page), why=lambda: f"no {text!r} in {self.reads(page)}")
        return self.reads(page)


def inside(widget: w.Widget) -> Iterator[w.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child)


def library() -> NotebookServer:
    server = NotebookServer("library", version="1.2", instructions="Be quiet.")

    @server.tool()
    def find(words: str, most: int = 3) -> str:
        """Find books."""
        return f"{most} books on {words}"

    @server.tool()
    def fail() -> str:
        """Fail."""
        raise ValueError("inside <b>")

    @server.tool()
    async def wait(ctx: Context) -> str:
        """Wait for ever."""
        await ctx.report_progress(1, 2, "half")
        await anyio.sleep_forever()
        return "never"

    @server.resource("library://hours")
    def hours() -> str:
        """When it is open."""
        return "9 to 17"

    @server.resource("library://shelves/{shelf}")
    def shelf(shelf: str) -> str:
        """What stands on a shelf."""
        return f"shelf {shelf}"

    @server.prompt()
    def review(title: str, mood: str = "kind") -> str:
        """Ask for a review."""
        return f"Write a {mood} review of {title}."

    @server.completion()
    async def complete(ref: Any, argument: Any, context: Any) -> Completion:
        return Completion(values=[v for v in ("angry", "kind") if v.startswith(argument.value)])

    return server


@pytest.fixture
def person() -> Iterator[Person]:
    person = Person()
    yield person
    person.close()


def test_the_text_says_what_the_server_is_and_offers(person: Person) -> None:
    assert repr(person.bench) == TEXT


def test_a_saved_notebook_holds_the_text_and_a_page(person: Person) -> None:
    bundle = person.bench._repr_mimebundle_()
    assert bundle["text/plain"] == repr(person.bench)
    assert "library://shelves/{shelf}" in bundle["text/html"]


def test_the_overview_says_what_the_server_says_of_itself(person: Person) -> None:
    shown = person.reads("Overview")
    assert "library 1.2" in shown
    assert "Be quiet." in shown
    assert "memory, in this kernel" in shown
    assert person.tabs.titles[:4] == ("Overview", "Tools (3)", "Resources (2)", "Prompts (1)")


def test_a_tool_is_called_from_its_form_which_is_made_when_it_is_chosen(person: Person) -> None:
    assert not any(getattr(widget, "description", "") == "Call" for widget in inside(person.page("Tools")))
    person.choose("Tools", "find")
    person.field("Tools", "words").value = "sea"
    person.press("Tools", "Call")
    person.waits_for("Tools", "3 books on sea")
    assert "not stated, so a client assumes" in person.reads("Tools")


def test_what_was_typed_into_a_form_is_there_again(person: Person) -> None:
    person.choose("Tools", "find")
    person.field("Tools", "words").value = "sea"
    person.choose("Tools", "fail")
    person.choose("Tools", "find")
    assert person.field("Tools", "words").value == "sea"


def test_a_call_is_cancelled_from_the_workbench(person: Person) -> None:
    person.choose("Tools", "wait")
    person.press("Tools", "Call")
    until(lambda: any("running" in row for row in person.rows("Traffic")))
    person.press("Tools", "Cancel")
    until(lambda: any("cancelled" in row for row in person.rows("Traffic")))


def test_a_thousand_tools_are_paged_and_searched(person: Person) -> None:
    for number in range(1000):
        person.server.add_tool(lambda: "x", name=f"tool_{number}", description="One of many.")
    person.waits_for("Tools", "1 to 20 of 1,003")
    assert len(person.rows("Tools")) == 20
    person.press("Tools", "Next")
    assert person.rows("Tools")[0].startswith("tool_17")
    assert "21 to 40 of 1,003" in person.reads("Tools")
    person.field("Tools", "Search").value = "MANY 99"
    assert "1 to 19 of 19 of 1,003" in person.reads("Tools")
    person.choose("Tools", "tool_999")
    person.field("Tools", "Search").value = ""
    assert person.list("Tools").index is None
    assert "tool_999" in person.reads("Tools")


def test_a_new_definition_is_seen_at_once_and_its_form_is_made_anew(person: Person) -> None:
    person.choose("Tools", "find")

    @person.server.tool()
    def find(author: str) -> str:
        """Find an author."""
        return author

    until(lambda: any(getattr(i, "description", "") == "author" for i in inside(person.page("Tools"))))
    until(lambda: any("tools/list_changed" in row for row in person.rows("Notifications")))


def test_another_server_in_its_place_is_followed(person: Person) -> None:
    earlier = person.connection
    person.server = NotebookServer("library", instructions="Now loud.")
    person.connection = Connection(person.portal, person.server)
    earlier.close()
    person.bench.cell_ended()
    person.waits_for("Overview", "Now loud.")
    person.server.add_tool(lambda: "x", name="new", description="New.")
    until(lambda: "Tools (1)" in person.tabs.titles)


def test_a_resource_is_read_and_read_again_when_it_is_updated(person: Person) -> None:
    person.choose("Resources", "library://hours")
    person.press("Resources", "Subscribe")
    person.press("Resources", "Read")
    person.waits_for("Resources", "9 to 17")

    @person.server.resource("library://hours")
    def hours() -> str:
        return "closed"

    person.waits_for("Resources", "closed")
    until(lambda: any("resources/updated library://hours" in row for row in person.rows("Notifications")))
    person.press("Resources", "Unsubscribe")
    assert person.field("Resources", "Subscribe")


def test_a_template_is_read_with_its_variables(person: Person) -> None:
    person.choose("Resources", "{shelf}")
    person.press("Resources", "Read")
    assert "shelf" in person.waits_for("Resources", "not sent")
    person.field("Resources", "shelf").value = "a b"
    person.press("Resources", "Read")
    person.waits_for("Resources", "shelf a b")


def test_a_prompt_is_filled_in_with_what_the_server_completes(person: Person) -> None:
    person.choose("Prompts", "review")
    person.field("Prompts", "title").value = "Emma"
    person.field("Prompts", "mood").value = "an"
    until(lambda: person.field("Prompts", "mood").options == ("angry",))
    person.press("Prompts", "Get")
    person.waits_for("Prompts", "Write a an review of Emma.")


def test_a_failed_call_shows_what_it_raised_and_its_time_line(person: Person) -> None:
    person.connection.call("fail")
    until(lambda: len(person.rows("Traffic")) == 1)
    person.choose("Traffic", "fail")
    shown = person.reads("Traffic")
    assert "ValueError: inside &lt;b&gt;" in shown
    assert "<svg" in shown


def test_traffic_is_filtered_and_searched(person: Person) -> None:
    person.connection.call("find", {"words": "sea"})
    person.connection.call("find", {"words": "sky"})
    person.connection.call("fail")
    person.connection.read("library://hours")
    until(lambda: "Traffic (4)" in person.tabs.titles)
    person.field("Traffic", "Search").value = "SKY"
    assert [row.split()[1] for row in person.rows("Traffic")] == ["2"]
    person.field("Traffic", "Search").value = ""
    person.field("Traffic", "State").value = "error"
    assert [row.split()[2] for row in person.rows("Traffic")] == ["fail"]
    person.field("Traffic", "State").value = "any"
    person.field("Traffic", "Method").value = "resources/read"
    assert len(person.rows("Traffic")) == 1


def test_a_pause_holds_the_list_still_and_counts_what_comes(person: Person) -> None:
    person.connection.call("fail")
    until(lambda: len(person.rows("Traffic")) == 1)
    person.field("Traffic", "Pause").value = True
    person.connection.call("fail")
    person.connection.call("fail")
    person.waits_for("Traffic", "paused, 2 new")
    assert len(person.rows("Traffic")) == 1
    person.field("Traffic", "Resume").value = False
    assert len(person.rows("Traffic")) == 3


def test_frames_are_kept_once_they_are_asked_for_and_lead_to_the_call(person: Person) -> None:
    person.field("Traffic", "Show").value = "frames"
    person.connection.call("find", {"words": "sea"})
    until(lambda: any("result of tools/call" in row for row in person.rows("Traffic")))
    (own,) = (row for row in person.rows("Traffic") if row.endswith("client's own"))
    assert "tools/list" in own
    person.choose("Traffic", "result of tools/call")
    assert "3 books on sea" in person.reads("Traffic")
    person.press("Traffic", "Show the call")
    assert "call 1: find" in person.reads("Traffic")


def test_a_call_is_replayed_and_compared(person: Person) -> None:
    person.connection.call("find", {"words": "sea"})
    person.connection.call("find", {"words": "sky"})
    until(lambda: len(person.rows("Traffic")) == 2)
    person.choose("Traffic", "2 find")
    person.press("Traffic", "Replay")
    person.waits_for("Traffic", "call 3")
    person.choose("Traffic", "1 find")
    person.field("Traffic", "Compare with").index = 1
    assert "sky" in person.reads("Traffic")


def test_a_call_is_opened_in_its_form(person: Person) -> None:
    person.connection.call("find", {"words": "sea", "most": 7})
    until(lambda: len(person.rows("Traffic")) == 1)
    person.choose("Traffic", "find")
    person.press("Traffic", "Edit and call")
    assert person.tabs.titles[person.tabs.selected_index] == "Tools (3)"
    person.press("Tools", "Call")
    person.waits_for("Tools", "7 books on sea")


def test_a_call_is_saved_as_a_test_and_no_file_is_overwritten(person: Person, tmp_path: Path) -> None:
    person.connection.call("find", {"words": "sea"})
    until(lambda: len(person.rows("Traffic")) == 1)
    person.choose("Traffic", "find")
    person.field("Traffic", "into").value = str(tmp_path / "test_find.py")
    person.press("Traffic", "Save as test")
    assert 'call_tool("find", {"words": "sea"})' in (tmp_path / "test_find.py").read_text()
    person.press("Traffic", "Save as test")
    assert "already exists" in person.reads("Traffic")


def test_the_clients_are_told_apart(person: Person) -> None:
    person.connection.call("fail")
    recorded(person.connection, "find", client="claude-code 2.1", transport="http")
    shown = person.waits_for("Clients", "claude-code 2.1")
    assert "mcp-notebook" in shown
    assert "It is in this kernel only." in shown


def test_ten_thousand_calls_make_few_updates_and_the_page_stays(person: Person) -> None:
    drawn: list[int] = []
    person.list("Traffic").observe(lambda change: drawn.append(len(change["new"])), "_options_labels")
    for number in range(10_000):
        recorded(person.connection, f"tool_{number}")
    until(lambda: "Traffic (10,000)" in person.tabs.titles)
    until(lambda: any("tool_9999" in row for row in person.rows("Traffic")))
    assert len(drawn) < 100
    person.press("Traffic", "Previous")
    page = person.rows("Traffic")
    recorded(person.connection, "one_more")
    person.waits_for("Clients", "one_more")
    assert person.rows("Traffic") == page
    person.press("Traffic", "Latest")
    assert "one_more" in person.rows("Traffic")[-1]


def test_rows_that_are_there_do_not_move_while_calls_come(person: Person) -> None:
    for number in range(15):
        recorded(person.connection, f"tool_{number}")
    until(lambda: len(person.rows("Traffic")) == 15)
    before = person.rows("Traffic")
    for number in range(15, 20):
        recorded(person.connection, f"tool_{number}")
    until(lambda: len(person.rows("Traffic")) == 20)
    assert person.rows("Traffic")[:15] == before
    recorded(person.connection, "tool_20")
    until(lambda: "tool_20" in person.rows("Traffic")[-1])
    assert len(person.rows("Traffic")) == 10


def test_closing_ends_threads_observers_and_widgets(person: Person) -> None:
    def threads() -> int:
        return sum(thread.name == "mcp-notebook-workbench" for thread in threading.enumerate())

    person.open().close()  # what is made once, and stays
    widgets = len(_instances)
    for _ in range(3):
        bench = person.open()
        bench.close()
        bench.close()
    until(lambda: threads() == OF_ONE)
    assert len(person.connection.recorder._observers) == 1
    assert len(_instances) == widgets


@pytest.mark.parametrize("fails_at", ["connection", "lists"])
def test_a_workbench_that_cannot_be_made_goes_away_without_a_word(portal: Portal, fails_at: str) -> None:
    server = NotebookServer("library")

    async def refuse() -> Any:
        raise RequestError("no lists today")

    def connect() -> Connection:
        if fails_at == "connection":
            raise RequestError("no connection today")
        return connection

    server.list_tools = refuse  # type: ignore[method-assign]
    home = Home(lambda: server, portal, lambda: None, lambda: "")
    with Connection(portal, server) as connection:
        # A warning, and so an error, if something is raised while it goes away.
        with pytest.raises(RequestError, match="today"):
            Workbench(connect, home=home)
        gc.collect()


def test_what_a_closed_workbench_is_told_changes_nothing(person: Person) -> None:
    person.bench.close()
    person.connection.call("fail")
    assert person.bench.comm is None


def test_a_burst_of_requests_is_one_piece_of_work() -> None:
    done = threading.Semaphore(0)
    errors: list[Exception] = []
    pace = Pace(errors.append)

    def job() -> None:
        done.release()
        raise ValueError("once")

    for _ in range(1000):
        pace.ask(job)
    assert done.acquire(timeout=DEADLINE)
    until(lambda: len(errors) >= 1)
    assert len(errors) < 10
    pace.ask(job, after=0.01)
    assert done.acquire(timeout=DEADLINE)
    pace.close()


def test_the_rows_follow_a_recorder_that_forgets() -> None:
    calls = [call(number) for number in range(1, 8)]
    rows = CallRows()
    assert [row.item.number for row in rows.of(calls[:4])] == [1, 2, 3, 4]
    first = rows.of(calls[:4])[3]
    assert [row.item.number for row in rows.of(calls[2:])] == [3, 4, 5, 6, 7]
    assert rows.of(calls[2:])[1] is first
    assert rows.of([]) == []


def test_an_answer_belongs_to_the_request_of_its_own_exchange(person: Person) -> None:
    wire = person.connection.wire
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find", "arguments": {}}}
    wire.keep("client", request, transport="http", exchange=1)
    made = recorded(person.connection, "find")
    wire.keep("client", {**request, "method": "prompts/get"}, transport="http", exchange=2)
    wire.keep("server", {"jsonrpc": "2.0", "id": 1, "result": {}}, transport="http", exchange=1)
    frames = list(wire.frames)
    assert [row.what for row in rows_of_frames(frames)][2] == "result of tools/call"
    assert call_of(frames[2], frames, [made]) is made
    assert call_of(frames[1], frames, [made]) is None


def call(number: int, name: str = "find", **options: Any) -> Call:
    made = Call(server="library", method="tools/call", name=name, arguments={}, **options)
    made.number = number
    return made


def recorded(connection: Connection, name: str, **options: Any) -> Call:
    """Keep a call that has ended."""
    made = call(0, name, **options)
    connection.recorder.opened(made)
    made.end("done", {"content": []})
    connection.recorder.closed(made)
    return made


def test_running_its_cell_again_closes_the_workbench_of_before(shared_kernel: Kernel) -> None:
    shared_kernel.good("%%mcp_tool\ndef add(a: int, b: int) -> int:\n    'Add.'\n    return a + b")
    first = shared_kernel.run("%mcp inspect", cell="bench")
    assert first.ok
    assert "add" in first.text
    assert "text/html" in first.data[-1]
    again = shared_kernel.run("%mcp inspect", cell="bench")
    assert again.text == first.text
    shared_kernel.good("import threading")
    shared_kernel.wait_for("sum(t.name == 'mcp-notebook-workbench' for t in threading.enumerate()) == 2")


def test_an_unknown_target_is_one_line(shared_kernel: Kernel) -> None:
    ran = shared_kernel.run("%mcp inspect librarry")
    assert "'librarry'" in ran.stderr
    assert "Traceback" not in ran.everything


def test_an_answer_is_named_by_the_request_of_its_exchange_and_of_the_other_side() -> None:
    def frame(direction: Any, exchange: int, **message: Any) -> Frame:
        return Frame(0, direction, "http", exchange, "", {"jsonrpc": "2.0", "id": 1, **message})

    rows = rows_of_frames(
        [
            frame("client", 1, method="tools/call", params={"name": "order"}),
            frame("client", 2, method="tools/list"),
            frame("server", 1, method="elicitation/create"),
            frame("server", 2, result={"tools": []}),
            frame("client", 3, result={"action": "accept"}),
            frame("server", 1, result={"resultType": "input_required"}),
        ]
    )
    assert [row.what for row in rows[3:]] == [
        "result of tools/list",
        "result of elicitation/create",
        "result of tools/call: input required",
    ]
    assert [row.method for row in rows[3:]] == ["tools/list", "elicitation/create", "tools/call"]
