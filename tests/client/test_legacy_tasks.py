"""Tasks of the revision 2025-11-25, with the reference server "everything", whose SDK has them."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from mcp_types import ServerCapabilities, Tool

from mcp_notebook import Command, connect
from mcp_notebook.client import Connection
from mcp_notebook.client.extensions.legacy_tasks import as_task
from mcp_notebook.client.extensions.tasks import TaskState
from mcp_notebook.client.questions import Question
from tests.support.programs import PROGRAMS, installed_or_skip
from tests.support.waiting import DEADLINE, until

CAN: dict[str, Any] = {"requests": {"tools": {"call": {}}}}
TOOL = "simulate-research-query"


@pytest.mark.parametrize(
    ("version", "tasks", "support", "wanted", "expected"),
    [
        ("2025-11-25", CAN, "required", False, True),
        ("2025-11-25", CAN, "optional", True, True),
        ("2025-11-25", CAN, "optional", False, False),
        ("2025-11-25", CAN, "forbidden", True, False),
        ("2025-11-25", CAN, None, True, False),
        ("2025-11-25", {"list": {}}, "required", True, False),
        ("2025-11-25", None, "required", True, False),
        ("2026-07-28", CAN, "required", True, False),
    ],
)
def test_a_tool_is_called_as_a_task_only_where_both_sides_know_it(
    version: str, tasks: Any, support: Any, wanted: bool, expected: bool
) -> None:
    can = ServerCapabilities.model_validate({"tasks": tasks})
    client: Any = SimpleNamespace(protocol_version=version, server_capabilities=can)
    execution = None if support is None else {"taskSupport": support}
    tool = Tool.model_validate({"name": "t", "inputSchema": {"type": "object"}, "execution": execution})
    assert as_task(client, tool, wanted=wanted) is expected
    assert as_task(client, None, wanted=wanted) is False


@pytest.fixture(scope="module")
def everything() -> Iterator[Connection]:
    installed_or_skip()
    server = PROGRAMS.parent / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
    with connect(Command(str(PROGRAMS / "node"), (str(server), "stdio"))) as connection:
        yield connection


def answered(question: Question) -> Any:
    """Answer the tool's question; the server asks for the roots, too."""
    return None if question.kind == "roots" else {"interpretation": "snake"}


@pytest.mark.outside
@pytest.mark.slow
def test_a_task_of_the_reference_server_is_followed_and_its_question_answered(everything: Connection) -> None:
    states: list[TaskState] = []
    call = everything.start_call(
        TOOL, {"topic": "python", "ambiguous": True}, answers=[answered] * 2, on_task=states.append
    )
    outcome = call.result(DEADLINE)
    assert everything.protocol_version == "2025-11-25"
    assert outcome.problems == []
    assert "# Research Report: python (snake)" in outcome.result.content[0].text  # type: ignore[union-attr]
    statuses = [state.status for state in states]
    assert statuses[0] == "working"
    assert "input_required" in statuses
    assert len({state.id for state in states}) == 1


@pytest.mark.outside
@pytest.mark.slow
def test_cancelling_the_call_cancels_the_task_at_the_server(everything: Connection) -> None:
    assert everything.wire is not None
    everything.wire.on = True
    states: list[TaskState] = []
    call = everything.start_call(TOOL, {"topic": "x"}, on_task=states.append)
    until(lambda: states)
    call.cancel()
    ended = {"taskId": states[0].id, "status": "cancelled"}
    until(lambda: any(ended.items() <= frame.message.get("result", {}).items() for frame in everything.wire.frames))


@pytest.mark.outside
@pytest.mark.slow
def test_a_tool_that_requires_a_task_is_called_as_one_also_in_the_foreground(everything: Connection) -> None:
    outcome = everything.call(TOOL, {"topic": "tides"})
    assert "# Research Report: tides" in outcome.result.content[0].text  # type: ignore[union-attr]
