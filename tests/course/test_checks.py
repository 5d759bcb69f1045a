"""What a check says of each case."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.server.mcpserver.exceptions import ToolError

from mcp_notebook import NotebookServer
from mcp_notebook.course import Case, Filling, Reading, check
from mcp_notebook.course.checking.checks import CheckResult
from mcp_notebook.course.checking.outcome import Tried
from mcp_notebook.course.checking.sections import linked
from mcp_notebook.course.library import fresh_library
from tests.support.shells import Shell

RIGHT = Case({"due": 1, "today": 3}, "two days late", result=2)
WRONG = Case({"due": 1, "today": 3}, "one day is free", result=1)
REFUSED = Case({"due": "<soon>"}, "a word is no day", result=0)


def days_late(due: int, today: int) -> int:
    return max(today - due, 0)


def server() -> NotebookServer:
    server = NotebookServer("library")
    server.tool()(days_late)

    @server.resource("a://two")
    def none() -> str:
        return "x"

    return server


def outcome(cases: Sequence[Any], name: str = "days_late", read: str = "this part") -> CheckResult:
    return anyio.run(lambda: check(server(), name, cases, read=read))


def test_every_case_is_listed_with_its_sign_also_after_one_that_failed() -> None:
    result = outcome([RIGHT, WRONG, RIGHT])
    assert str(result).splitlines() == [
        "not yet: 2 of 3 cases right",
        "  ✓ days_late(due=1, today=3): two days late",
        "  ✗ days_late(due=1, today=3): one day is free",
        "    Expected 1,",
        "    got 2.",
        "  ✓ days_late(due=1, today=3): two days late",
        "  Read: this part.",
        "  Next: change your cell, run it, then run this check again.",
    ]
    assert [case.holds for case in result.cases] == [True, False, True]


def test_passed_is_a_chip_and_lists_the_cases_too() -> None:
    result = outcome([RIGHT])
    assert str(result) == "passed\n  ✓ days_late(due=1, today=3): two days late"
    assert '<span class="chip good"><span>✓</span> passed</span>' in result.html
    assert 'aria-label="right"' in result.html


def test_an_exercise_not_attempted_says_what_to_do_and_its_text_stays_short() -> None:
    result = outcome([RIGHT], name="fine")
    assert str(result) == "not attempted\n  The server 'library' has no tool 'fine' yet."
    assert "Next: write it in the cell above" in result.html


def test_what_pydantic_says_is_one_clear_line() -> None:
    text = str(outcome([REFUSED]))
    due = "due: Input should be a valid integer, unable to parse string as an integer"
    line = f"    Expected 0,\n    got the error 'Error executing tool days_late: {due}; today: Field required'."
    assert line in text
    assert "\\n" not in text
    assert "errors.pydantic.dev" not in text


def test_an_expected_error_is_found_in_the_whole_of_what_the_server_said() -> None:
    case = Case({"due": "x"}, "a word is no day", error="[type=int_parsing")
    assert outcome([case]).state == "passed"


def test_a_case_can_prepare_the_world_with_a_function() -> None:
    prepared: list[str] = []
    case = Case({"due": 1, "today": 3}, "prepared", result=2, given=lambda bench: prepared.append(bench.name))
    assert outcome([case]).state == "passed"
    assert prepared == ["days_late"]


def test_a_case_that_cannot_be_tried_after_one_that_failed_is_no_fault_of_the_check() -> None:
    unserializable = Case({"due": object()}, "never sent", result=0)
    result = outcome([WRONG, unserializable])
    assert result.state == "not yet"
    assert "  · days_late(" in str(result)
    assert "Not tried: it needs what failed before." in str(result)
    assert outcome([unserializable, WRONG]).state == "the check is broken"


def test_nothing_of_an_answer_is_markup() -> None:
    assert "<soon>" not in outcome([REFUSED, Filling({}, "<b>", "<i>"), Reading("<u>", "<s>")]).html
    assert "<u>" not in outcome([REFUSED, Reading("<u>", "<s>")]).html


def test_a_part_of_a_result_can_be_compared_alone() -> None:
    library = NotebookServer("library")

    @library.tool()
    def table(full: bool) -> dict[str, Any]:
        return {"rows": [1, 2], "link": "random"} if full else {"link": "random"}

    cases = [
        Case({"full": True}, "the rows", result=[1, 2], part="rows"),
        Case({"full": True}, "other rows", result=[1], part="rows"),
        Case({"full": False}, "no rows at all", result=[1], part="rows"),
    ]
    result = anyio.run(lambda: check(library, "table", cases, read="this part"))
    assert [case.holds for case in result.cases] == [True, False, False]
    assert result.cases[1].more == "Expected [1],\ngot [1, 2]."
    assert result.cases[2].more == "Expected [1],\ngot \"no rows in {'link': 'random'}\"."


def test_a_state_of_the_database_is_prepared_before_a_resource_is_read(tmp_path: Path) -> None:
    file = tmp_path / "library.sqlite3"
    with closing(sqlite3.connect(file)) as database, closing(fresh_library()) as fresh:
        fresh.backup(database)
    library = NotebookServer("library")

    @library.resource("library://books", mime_type="application/json")
    def books() -> int:
        with closing(sqlite3.connect(file)) as database:
            return int(database.execute("SELECT count(*) FROM books").fetchone()[0])

    cases = [
        Reading("library://books", "as on the first day", result=12),
        Reading("library://books", "without novels", result=8, given="DELETE FROM books WHERE subject = 'novel'"),
    ]
    result = anyio.run(lambda: check(library, "library://books", cases, read="this part", file=file))
    assert result.state == "passed", str(result)


async def no_context_manager(_server: Any) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def stuck(_server: Any) -> AsyncIterator[None]:
    yield
    raise FileNotFoundError("the key of the door")


@pytest.mark.parametrize(
    ("lifespan", "words"),
    [(no_context_manager, "could not start: its lifespan raised"), (stuck, "did not end well")],
)
def test_a_lifespan_that_fails_is_a_wrong_answer_and_no_broken_check(lifespan: Any, words: str) -> None:
    machine = NotebookServer("machine", lifespan=lifespan)
    machine.tool()(days_late)
    result = anyio.run(lambda: check(machine, "days_late", [RIGHT], read="this part"))
    assert result.state == "not yet"
    assert f"The server 'machine' {words}" in str(result)
    assert "Read: this part." in str(result)


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "chapter.ipynb"
    sources = ["# A chapter", ["## Part 4 of 11 · Asking the user\n", "text"], '### When a "no" is an answer']
    cells = [{"cell_type": "markdown", "id": f"cell-{i}", "source": source} for i, source in enumerate(sources)]
    path.write_text(json.dumps({"cells": [*cells, {"cell_type": "code", "source": "## no heading"}]}), encoding="utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    return path


def test_the_section_to_read_again_is_a_link(notebook: Path) -> None:
    assert linked("'Part 4 of 11', from 'When a \"no\" is an answer' on") == (
        '<a href="#cell-id=cell-1">&#x27;Part 4 of 11&#x27;</a>, from '
        '<a href="#cell-id=cell-2">&#x27;When a &quot;no&quot; is an answer&#x27;</a> on'
    )
    assert "<a href" in outcome([WRONG], read="'Part 4 of 11'").html


@pytest.mark.parametrize("content", ["", "[]", '{"cells": [{}]}', None])
def test_where_the_notebook_cannot_be_read_there_is_no_link(notebook: Path, content: str | None) -> None:
    notebook.unlink() if content is None else notebook.write_text(content)
    assert linked("'Part 4 of 11' & more") == "&#x27;Part 4 of 11&#x27; &amp; more"


def test_an_exception_that_a_client_has_wrapped_gets_a_pointer() -> None:
    desk = NotebookServer("desk")

    @desk.tool()
    async def ask() -> str:
        async with Client(server()):
            raise ToolError("not today")

    case = Case({}, "it says so", error="not today")
    (tried,) = anyio.run(lambda: check(desk, "ask", [case], read="this part")).cases
    assert tried.holds is False
    assert "because your code raised ToolError('not today')" in tried.got
    assert tried.got.endswith("puts it into an ExceptionGroup: raise it after the block")


def test_a_prompt_that_became_a_tool_is_recognized() -> None:
    server = NotebookServer("library")

    @server.tool()
    def book_club(title: str) -> str:
        return title

    result = anyio.run(lambda: check(server, "book_club", [Filling({}, "x", says="x")], read="x", kind="prompt"))
    assert result.state == "not yet"
    assert "book_club is a tool of 'library', and not a prompt: begin its cell with %%mcp_prompt." in str(result)


def test_an_exception_says_the_line_of_the_cell_that_is_checked_and_which_function_of_another_it_called(
    shell: Shell,
) -> None:
    shell.good(
        "def query(sql):\n\n\n\n    raise LookupError(sql)",
        '%%mcp_tool\ndef lend(title: str) -> str:\n    "Lend."\n    return query(title)',
    )
    server = shell.session.live().server
    case = Case({"title": "Emma"}, "an unknown title is named", error="Emma")
    result = anyio.run(lambda: check(server, "lend", [case], read="x", namespace=shell.shell.user_ns))
    said = "LookupError('Emma'), in line 4 of its cell, which called query, whose text clients do not get"
    assert said in str(result)


def test_an_answer_is_cut() -> None:
    assert len(outcome([Case({"due": 1, "today": 3}, "long", result="x")]).cases[0].more) < 100
    assert len(Tried("f()", "about", False, "1", "x" * 10_000).more) < 500
