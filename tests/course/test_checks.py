"""What a check says of each case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_notebook import NotebookServer
from mcp_notebook.course import Case, Filling, Reading, check
from mcp_notebook.course.checks import CheckResult
from mcp_notebook.course.sections import linked

RIGHT = Case({"due": 1, "today": 3}, "two days late", result=2)
WRONG = Case({"due": 1, "today": 3}, "one day is free", result=1)
REFUSED = Case({"due": "<soon>"}, "a word is no day", result=0)


def server() -> NotebookServer:
    server = NotebookServer("library")

    @server.tool()
    def days_late(due: int, today: int) -> int:
        return max(today - due, 0)

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
        "    Expected 1, got 2.",
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
    line = f"    Expected 0, got the error 'Error executing tool days_late: {due}; today: Field required'."
    assert line in text.splitlines()
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
