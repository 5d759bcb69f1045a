"""The workbench, without a front end: it is asked for what a front end asks for."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from ipywidgets.widgets import widget as ipywidgets_widget
from mcp.server.mcpserver import Context
from mcp_types import Completion, ToolAnnotations

from mcp_notebook import NotebookServer
from mcp_notebook.client import Connection
from mcp_notebook.errors import RequestError, UnknownNameError, UsageError
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
    """A workbench on a server of its own, and what a person asks it for in the front end."""

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

    def ask(self, action: str, **values: Any) -> Any:
        """Ask as the front end does, and get the answer as it does: as JSON."""
        return json.loads(json.dumps(self.bench.actions[action](values)))

    def rows(self, name: str, **asked: Any) -> list[dict[str, Any]]:
        """The rows of a list."""
        return list(self.ask("rows", list=name, **asked)["rows"])

    def names(self, name: str, **asked: Any) -> list[str]:
        """The names or titles of the rows of a list."""
        return [row.get("name") or row["title"] for row in self.rows(name, **asked)]

    def key(self, name: str, text: str, **asked: Any) -> str:
        """The key of the row whose name, title or text has this text."""
        found = (row for row in self.rows(name, **asked) if text in f"{row.get('name')} {row['title']} {row['text']}")
        return str(next(found)["key"])

    def show(self, name: str, text: str, **asked: Any) -> dict[str, Any]:
        """Choose that row."""
        return dict(self.ask("show", list=name, key=self.key(name, text, **asked)))

    def form(self, name: str, text: str) -> Any:
        """Choose that row, and return its form."""
        mount = self.show(name, text)["form"]
        (form,) = (form for form in self.bench.forms if form.mount == mount)
        return form

    def reads(self, name: str, text: str, **asked: Any) -> str:
        """All HTML of that row."""
        return "".join(html for _, html in self.show(name, text, **asked)["parts"])

    def counts(self, name: str) -> int:
        return int(self.bench.state["counts"][name])

    def version(self, name: str) -> int:
        return int(self.bench.state["versions"][name])


def send(form: Any, **arguments: Any) -> str:
    """Fill in a form as the front end does, and wait for the result as HTML."""
    text = json.dumps(arguments)
    form.kept = {**form.kept, "draft": text}
    assert form.actions["send"]({"arguments": text}) == {"problems": []}
    until(lambda: form.state["phase"] != "running")
    return str(form.result)


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
    drawn = person.bench.rendering
    assert drawn.text == repr(person.bench)
    assert "library://<wbr>shelves/{shelf}" in drawn.html


def test_the_overview_says_what_the_server_says_of_itself(person: Person) -> None:
    shown = person.reads("definitions", "library")
    assert "library 1.2" in shown
    assert "Be quiet." in shown
    assert "memory, in this kernel" in shown
    assert {name: person.counts(name) for name in ("tools", "resources", "prompts")} == {
        "tools": 3,
        "resources": 2,
        "prompts": 1,
    }


def test_the_state_has_no_rows_however_many_there_are(person: Person) -> None:
    before = len(json.dumps(person.bench.state))
    for number in range(300):
        person.server.add_tool(lambda: "x", name=f"tool_{number}", description="One of many.")
    until(lambda: person.counts("tools") == 303)
    assert len(json.dumps(person.bench.state)) < before + 50


def test_a_tool_is_called_from_its_form_which_is_made_when_it_is_chosen(person: Person) -> None:
    assert person.bench.forms == []
    form = person.form("tools", "find")
    assert "3 books on sea" in send(form, words="sea")
    assert "not stated, so a client assumes" in form.about["schema"]
    assert form.arguments == {"words": "sea"}


def test_a_form_is_kept_with_what_was_typed_into_it(person: Person) -> None:
    form = person.form("tools", "find")
    person.form("tools", "fail")
    assert person.form("tools", "find") is form


def test_five_forms_are_kept_and_one_that_is_subscribed_longest(person: Person) -> None:
    hours = person.form("resources", "hours")
    assert hours.actions["subscribe"]({"arguments": "{}"}) == {"problems": []}
    find = person.form("tools", "find")
    for name, text in (("tools", "fail"), ("tools", "wait"), ("prompts", "review"), ("resources", "{shelf}")):
        person.form(name, text)
    assert len(person.bench.forms) == 5
    assert hours in person.bench.forms
    assert find.comm is None


def test_a_call_is_cancelled_from_the_workbench(person: Person) -> None:
    form = person.form("tools", "wait")
    form.actions["send"]({"arguments": "{}"})
    until(lambda: [row["state"] for row in person.rows("traffic")] == ["running"])
    form.actions["cancel"]({})
    until(lambda: [row["state"] for row in person.rows("traffic")] == ["cancelled"])


def test_a_thousand_tools_are_given_in_ranges_and_searched(person: Person) -> None:
    for number in range(1000):
        person.server.add_tool(lambda: "x", name=f"tool_{number}", description="One of many.")
    until(lambda: person.counts("tools") == 1003)
    answer = person.ask("rows", list="tools", **{"from": 20, "to": 40})
    assert [row["name"] for row in answer["rows"]] == [f"tool_{number}" for number in range(17, 37)]
    assert (answer["from"], answer["total"], answer["of"]) == (20, 1003, 1003)
    found = person.ask("rows", list="tools", text="MANY 99")
    assert (len(found["rows"]), found["total"], found["of"]) == (19, 19, 1003)
    assert person.ask("rows", list="tools", **{"from": 5000, "to": 5020})["rows"] == []


def test_a_filter_keeps_the_tools_that_state_a_trait(person: Person) -> None:
    @person.server.tool(annotations=ToolAnnotations(destructive_hint=True))
    def burn() -> str:
        return "ashes"

    until(lambda: person.counts("tools") == 4)
    assert person.names("tools", marks=["destructive", "read-only"]) == ["burn"]
    assert person.names("resources", marks=["template"]) == ["library://shelves/{shelf}"]


def test_a_row_stays_in_its_place_when_others_come_before_it(person: Person) -> None:
    for number in range(10):
        recorded(person.connection, f"tool_{number}")
    view = {"list": "traffic", "from": 4, "to": 8, "anchor": "call 5", "at": 4}
    before = person.ask("rows", **view)
    person.connection.recorder._calls.popleft()  # as the recorder does when it is full
    after = person.ask("rows", **view)
    assert after["rows"] == before["rows"]
    assert (after["from"], after["place"]) == (3, 3)


def test_a_tool_that_changed_gets_a_new_form(person: Person) -> None:
    before = person.form("tools", "find")
    fail = person.form("tools", "fail")

    @person.server.tool()
    def find(author: str) -> str:
        """Find an author."""
        return author

    until(lambda: before.comm is None)
    assert "Emma" in send(person.form("tools", "find"), author="Emma")
    assert person.form("tools", "fail") is fail
    until(lambda: "tools/list_changed" in person.names("notifications"))
    assert "changed" in person.reads("notifications", "list_changed")


def test_another_server_in_its_place_is_followed(person: Person) -> None:
    earlier = person.connection
    person.server = NotebookServer("library", instructions="Now loud.")
    person.connection = Connection(person.portal, person.server)
    earlier.close()
    person.bench.cell_ended()
    until(lambda: "Now loud." in person.reads("definitions", "library"))
    person.server.add_tool(lambda: "x", name="new", description="New.")
    until(lambda: person.counts("tools") == 1)


def test_the_end_of_the_connection_is_told(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_notebook.widgets.workbench.workbench.CHECKED_EVERY", 0.1)
    with Connection(person.portal, library()) as connection:
        bench = Workbench(connection)
        assert bench.state["open"]
    until(lambda: not bench.state["open"])
    bench.close()


def test_a_resource_is_read_and_read_again_when_it_is_updated(person: Person) -> None:
    form = person.form("resources", "hours")
    form.actions["subscribe"]({"arguments": "{}"})
    assert form.state["subscribed"] == [{"uri": "library://hours", "arguments": "{}"}]
    assert "9 to 17" in send(form)

    @person.server.resource("library://hours")
    def hours() -> str:
        return "closed"

    until(lambda: "closed" in form.result)
    until(lambda: "library://hours" in person.reads("notifications", "resources/updated"))
    assert person.form("resources", "hours") is form
    form.actions["subscribe"]({"arguments": "{}"})
    assert form.state["subscribed"] == []


def test_a_template_is_read_with_its_variables(person: Person) -> None:
    form = person.form("resources", "{shelf}")
    (problem,) = form.actions["send"]({"arguments": "{}"})["problems"]
    assert "shelf" in f"{problem}"
    assert form.actions["subscribe"]({"arguments": "{}"})["problems"] == [problem]
    assert form.actions["send"]({"arguments": '{"shelf": ""}'})["problems"]
    assert "shelf a b" in send(form, shelf="a b")


def test_a_prompt_is_filled_in_with_what_the_server_completes(person: Person) -> None:
    form = person.form("prompts", "review")
    given = '{"title": "Emma", "mood": "an"}'
    assert form.actions["suggest"]({"name": "mood", "typed": "an", "given": given}) == ["angry"]
    assert "Write a angry review of Emma." in send(form, title="Emma", mood="angry")


def test_a_failed_call_shows_what_it_raised_and_its_time_line(person: Person) -> None:
    person.connection.call("fail")
    shown = person.reads("traffic", "fail")
    assert "ValueError: inside &lt;b&gt;" in shown
    assert "<svg" in shown
    assert "<style" not in shown


def test_traffic_is_filtered_and_searched(person: Person) -> None:
    person.connection.call("find", {"words": "sea"})
    person.connection.call("find", {"words": "sky"})
    person.connection.call("fail")
    person.connection.read("library://hours")
    until(lambda: person.counts("traffic") == 4)
    assert [row["call"] for row in person.rows("traffic", text="SKY")] == [2]
    assert [row["call"] for row in person.rows("traffic", marks=["error"])] == [3]
    assert [row["call"] for row in person.rows("traffic", method="resources/read")] == [4]
    assert [row["call"] for row in person.rows("pinned", pinned=["call 4", "call 1"])] == [1, 4]
    assert person.ask("rows", list="traffic")["methods"] == ["resources/read", "tools/call"]


def test_a_row_says_who_called(person: Person) -> None:
    person.connection.call("fail")
    recorded(person.connection, "find", client="claude-code 2.1", transport="http")
    assert [(row["out"], row["who"]) for row in person.rows("traffic")] == [
        (True, "from the notebook"),
        (False, "from claude-code 2.1"),
    ]


def test_a_pause_holds_the_list_still_and_counts_what_comes(person: Person) -> None:
    person.connection.call("fail")
    person.ask("hold", on=True)
    person.connection.call("fail")
    person.connection.call("fail")
    until(lambda: person.bench.state["news"] == 2)
    assert len(person.rows("traffic")) == 1
    person.ask("hold", on=False)
    assert len(person.rows("traffic")) == 3
    assert person.bench.state["news"] == 0


def test_frames_are_kept_once_they_are_asked_for_and_lead_to_the_call(person: Person) -> None:
    assert person.rows("traffic", show="frames") == []
    person.connection.call("find", {"words": "sea"})
    until(lambda: "result of tools/call" in person.names("traffic", show="frames"))
    (own,) = (row for row in person.rows("traffic", show="frames") if row["state"] == "client's own")
    assert "tools/list" in own["title"]
    assert "call" in {row["key"].split()[0] for row in person.rows("traffic", show="both")}
    shown = person.show("traffic", "result of tools/call", show="frames")
    assert "3 books on sea" in f"{shown['parts']}"
    assert shown["part_of"] == 1


def test_a_call_is_replayed_and_compared(person: Person) -> None:
    person.connection.call("find", {"words": "sea"})
    person.connection.call("find", {"words": "sky"})
    person.ask("replay", call=2)
    until(lambda: "call 3" in person.bench.state["said"]["html"])
    assert person.bench.state["said"]["call"] == 2
    assert [other["call"] for other in person.show("traffic", "find")["others"]] == [3, 2]
    assert "sky" in person.ask("compare", call=2, other=1)


def test_a_running_call_is_not_replayed(person: Person) -> None:
    form = person.form("tools", "wait")
    form.actions["send"]({"arguments": "{}"})
    until(lambda: len(person.rows("traffic")) == 1)
    assert not person.show("traffic", "wait")["replay"]
    with pytest.raises(UsageError, match="still runs"):
        person.ask("replay", call=1)
    form.actions["cancel"]({})


def test_a_call_is_opened_in_its_form(person: Person) -> None:
    person.connection.call("find", {"words": "sea", "most": 7})
    key = person.ask("edit", call=1)
    form = person.form("tools", "find")
    assert key == person.key("tools", "find")
    assert form.arguments == {"words": "sea", "most": 7}


def test_a_call_of_a_tool_that_is_gone_is_not_opened(person: Person) -> None:
    recorded(person.connection, "gone")
    with pytest.raises(UnknownNameError, match="no tool gone"):
        person.ask("edit", call=1)


def test_a_call_is_saved_as_a_test_and_no_file_is_overwritten(person: Person, tmp_path: Path) -> None:
    person.connection.call("find", {"words": "sea"})
    file = str(tmp_path / "test_find.py")
    assert "saved" in person.ask("save", call=1, file=file)
    assert 'call_tool("find", {"words": "sea"})' in (tmp_path / "test_find.py").read_text()
    assert "already exists" in person.ask("save", call=1, file=file)
    assert "cannot be written" in person.ask("save", call=1, file=str(tmp_path / "none" / "test.py"))


def test_the_clients_are_told_apart(person: Person) -> None:
    person.connection.call("fail")
    recorded(person.connection, "find", client="claude-code 2.1", transport="http")
    shown = person.ask("page", name="clients")
    assert "claude-code 2.1" in shown
    assert "mcp-notebook" in shown
    assert "It is in this kernel only." in shown


def test_what_a_server_sends_is_never_markup_and_has_only_visible_characters(person: Person) -> None:
    @person.server.tool(name="odd", title="<b>\u202eodd", description="<script>\x1b[2J")
    def odd() -> str:
        return ""

    until(lambda: person.counts("tools") == 4)
    row = person.rows("tools")[-1]
    assert row["title"] == "<b>\\u202eodd"
    assert "\x1b" not in row["text"]
    shown = person.reads("definitions", "odd") + person.form("tools", "odd").about["schema"]
    assert "<script>" not in shown


def test_ten_thousand_calls_make_few_updates(person: Person) -> None:
    before = person.version("traffic")
    for number in range(10_000):
        recorded(person.connection, f"tool_{number}")
    until(lambda: person.counts("traffic") == 10_000)
    assert person.version("traffic") - before < 100
    assert person.names("traffic", **{"from": 9_999, "to": 10_020}) == ["tool_9999"]


def test_closing_ends_threads_observers_and_widgets(person: Person) -> None:
    def threads() -> int:
        return sum(thread.name == "mcp-notebook-workbench" for thread in threading.enumerate())

    person.open().close()  # what is made once, and stays
    before = threads()  # an earlier test may have left some, which end when they like
    there = getattr(ipywidgets_widget, "_instances", None)  # as of ipywidgets 8
    there = ipywidgets_widget.Widget.widgets if there is None else there
    widgets = len(there)
    for _ in range(3):
        bench = person.open()
        bench.close()
        bench.close()
    until(lambda: threads() <= max(before, OF_ONE))
    assert len(person.connection.recorder._observers) == 1
    assert len(there) == widgets


def test_a_workbench_that_is_closed_says_so(person: Person) -> None:
    form = person.form("tools", "find")
    person.ask("close")
    assert "Run the cell again" in person.bench.state["closed"]
    assert form.comm is None


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
