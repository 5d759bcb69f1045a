"""Requests by hand, and the cases of exercises about extensions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.server.mcpserver import Context

from mcp_notebook import NotebookServer
from mcp_notebook.course import check
from mcp_notebook.course.by_hand import ask
from mcp_notebook.course.checking.cases import AnyCase, Probe
from mcp_notebook.course.checking.checks import CheckResult
from mcp_notebook.course.checking.extension_cases import CancelledCall, EventCase, ReportingCall, TaskCall
from mcp_notebook.course.checking.pages import app_of_tool, in_order, pressed, reached
from mcp_notebook.course.library import reset_library
from mcp_notebook.server.apps import app_entry, put_app
from mcp_notebook.server.event_types import event_types
from mcp_notebook.server.extended import extended
from mcp_notebook.server.extensions.events import Events
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.server.views import with_app_class

TASKS: Mapping[str, Mapping[str, Any]] = {"io.modelcontextprotocol/tasks": {}}
DUE = "SELECT count(*) FROM loans WHERE due = 'x'"
OPEN = "INSERT INTO loans (title, member, lent, due) VALUES ('Dune', 'Ada', '1', '2'), ('Emma', 'Omar', '1', '2')"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "library.sqlite3"
    reset_library(path)
    return path


def query(file: Path, sql: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(file)) as database, database:
        return database.execute(sql, values).fetchall()


def server(file: Path, *, pause: float = 0.1, task: bool = True) -> NotebookServer:
    made = NotebookServer("library")

    @made.tool()
    async def note(ctx: Context) -> int:
        loans = query(file, "SELECT id, title FROM loans WHERE returned IS NULL")
        for number, (loan, title) in enumerate(loans, 1):
            query(file, "UPDATE loans SET due = 'x' WHERE id = ?", loan)
            await ctx.report_progress(number, len(loans), title)
            await anyio.sleep(pause)
        return len(loans)

    if task:
        extended(made, Tasks).add("note")
    return made


def outcome(server: NotebookServer, file: Path, name: str, case: AnyCase, kind: str = "tool") -> CheckResult:
    return anyio.run(lambda: check(server, name, [case], read="this part", kind=kind, file=file))


def got(result: CheckResult) -> str:
    return result.cases[0].got


def test_an_answer_is_shown_as_json_without_what_differs_in_each_run(file: Path) -> None:
    made = server(file)
    task = ask(made, "tools/call", {"name": "note"}, extensions=TASKS)
    shown = json.loads(repr(task))
    assert shown["result"]["taskId"] == "..." != task["result"]["taskId"]
    assert "_meta" not in shown["result"]
    assert max(map(len, repr(task).splitlines())) <= 100
    assert ask(made, "tasks/get", {"taskId": "none"})["error"]["code"] == -32021
    assert json.loads(repr(task["result"]))["resultType"] == "task"


def test_long_texts_and_digests_are_cut_where_an_answer_is_shown() -> None:
    made = NotebookServer("library")

    @made.tool()
    def long() -> str:
        return "x" * 500

    assert "(500 characters)" in repr(ask(made, "tools/call", {"name": "long"}))


def test_a_task_is_followed_to_its_result_and_a_plain_answer_is_none(file: Path) -> None:
    case = TaskCall({}, "a task", result=2, given=OPEN)
    assert outcome(server(file, pause=0), file, "note", case).state == "passed"
    assert got(outcome(server(file, task=False), file, "note", case)) == "the result itself, and no task"
    assert got(outcome(server(file, pause=0), file, "note", TaskCall({}, "", result=3, given=OPEN))) == (
        "a task that ends with 2"
    )


def test_reports_are_compared(file: Path) -> None:
    case = ReportingCall({}, "it reports", reports=[(1, 2, "Dune"), (2, 2, "Emma")], given=OPEN)
    assert outcome(server(file, pause=0), file, "note", case).state == "passed"
    assert "1 of 2: Dune" in got(outcome(server(file, pause=0), file, "note", ReportingCall({}, "", [], given=OPEN)))


def test_a_cancelled_task_has_to_stop_where_it_is(file: Path) -> None:
    case = CancelledCall({}, "it stops", changed=DUE, total=2, given=OPEN)
    assert outcome(server(file, pause=5), file, "note", case).state == "passed"
    assert got(outcome(server(file, pause=0), file, "note", case)) == "the status 'completed' and 2 of 2 changes"


def lent(file: Path, *, forgets: bool = False, fails: bool = False) -> NotebookServer:
    made = NotebookServer("library")

    def loans(cursor: int = 0) -> tuple[list[dict[str, str]], int]:
        if fails:
            raise KeyError("due")
        ((last,),) = query(file, "SELECT max(id) FROM loans")
        found = query(file, "SELECT title FROM loans WHERE id > ?", cursor)
        return [{"title": title} for (title,) in found], (cursor or last) if forgets else last

    extended(made, Events).event("book.lent")(loans)
    return made


def test_events_come_once_and_a_failing_function_is_named(file: Path) -> None:
    case = EventCase({}, "two loans", meanwhile=OPEN, data=[{"title": "Dune"}, {"title": "Emma"}])
    right = lent(file)
    assert list(event_types(right)) == ["book.lent"]
    assert outcome(right, file, "book.lent", case, "event").state == "passed"
    assert "again" in got(outcome(lent(file, forgets=True), file, "book.lent", case, "event"))
    assert "because your code raised KeyError('due')" in got(
        outcome(lent(file, fails=True), file, "book.lent", case, "event")
    )
    missing = outcome(NotebookServer("library"), file, "book.lent", case, "event")
    assert str(missing).splitlines()[:2] == ["not attempted", "  The server 'library' has no event 'book.lent' yet."]


PAGE = """
<script type="module">
  const app = new App({ name: "desk", version: "1" });
  app.ontoolresult = () => app.callServerTool({ name: "note", arguments: { loan: row.id } });
  await app.connect();
</script>
"""


def with_page(page: str, connect_domains: Sequence[str] = ()) -> NotebookServer:
    made = NotebookServer("library")

    @made.tool()
    def note(loan: int) -> str:
        return f"noted {loan}"

    put_app(made, app_entry("ui://desk", page, tool="note", connect_domains=connect_domains))
    return made


def looked(server: NotebookServer, file: Path, look: Any) -> str:
    return got(outcome(server, file, "ui://desk", Probe("look", "", look, result=None), "app"))


def test_a_page_is_read_for_its_tool_its_order_its_call_and_its_addresses(file: Path) -> None:
    made = with_page(with_app_class(PAGE), ["https://api.example.org"])
    assert looked(made, file, lambda bench: app_of_tool(bench, "note")) == "'ui://desk'"
    assert looked(made, file, in_order) == "['the class App', 'ontoolresult', 'connect']"
    assert looked(made, file, lambda bench: pressed(bench, {"id": 7})) == "'note: noted 7'"
    assert looked(made, file, lambda bench: pressed(bench, {"loan": 7})) == "'a row of the result has no id'"
    assert looked(made, file, reached) == "['https://api.example.org']"


def test_a_page_without_the_class_or_a_call_says_so(file: Path) -> None:
    made = with_page('<img src="//example.org/a.png"><script>new App()</script>')
    assert looked(made, file, in_order) == "[]"
    assert looked(made, file, reached) == "['//example.org/a.png']"
    assert "the page has no app.callServerTool" in looked(made, file, lambda bench: pressed(bench, {}))
