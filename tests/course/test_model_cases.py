"""Cases about models: a prompt for the stand-in, hosts that mind a tool, and sizes."""

from __future__ import annotations

from typing import Any

import anyio

from mcp_notebook import NotebookServer
from mcp_notebook.course import check
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.checking.checks import CheckResult
from mcp_notebook.course.checking.model_cases import AtMost, Chosen, minded, size_of_entry


def server() -> NotebookServer:
    made = NotebookServer("branch")

    @made.tool()
    def due_soon(days: int) -> list[str]:
        """List loans that are due within some days."""
        return []

    @made.tool(name="books.between")
    def between(years: tuple[int, int]) -> list[str]:
        """Find the books between two years."""
        return []

    return made


def outcome(case: Any, name: str = "due_soon") -> CheckResult:
    return anyio.run(lambda: check(server(), name, [case], read="this part"))


def test_the_stand_in_has_to_call_the_tool_with_these_arguments_in_enough_runs() -> None:
    prompt = "Which loans are due within 3 days?"
    assert outcome(Chosen(prompt, "", arguments={"days": 3})).state == "passed"
    wrong = outcome(Chosen(prompt, "other arguments", arguments={"days": 4}))
    assert wrong.cases[0].got == "0 of 20 runs; otherwise mostly due_soon(days=3)"
    assert wrong.cases[0].expected == "the call with days=4 in at least 16 of 20 runs"
    silent = outcome(Chosen("Good morning!", "", arguments={"days": 3}))
    assert silent.cases[0].got == "0 of 20 runs; otherwise mostly no tool"


def test_the_stand_in_must_not_call_the_tool_for_another_prompt() -> None:
    assert outcome(Chosen("Find the books between 1960 and 1970.", "")).state == "passed"
    wrong = outcome(Chosen("Which loans are due within 3 days?", ""))
    assert wrong.cases[0].expected == "no call of it in at least 16 of 20 runs"
    assert "otherwise mostly due_soon(days=3)" in wrong.cases[0].got


def test_hosts_that_mind_a_tool_are_named_with_the_part() -> None:
    assert outcome(Probe("hosts", "", minded, result=[])).state == "passed"
    found = outcome(Probe("hosts", "", minded, result=[]), "books.between").cases[0].got
    assert "its name has '.'" in found
    assert "it is a tuple" in found
    assert "Claude Desktop rejects" in found
    assert "unknown" not in found


def test_a_size_has_a_limit() -> None:
    assert outcome(AtMost("its size", "", size_of_entry, limit=200)).state == "passed"
    assert outcome(AtMost("its size", "", size_of_entry, limit=5)).cases[0].expected == "at most 5 tokens"
