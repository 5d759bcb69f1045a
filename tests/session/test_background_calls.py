"""Tools that run as tasks, and calls in the background, in a notebook's cells."""

from __future__ import annotations

import threading

import pytest

from mcp_notebook.server.extended import extension_of
from mcp_notebook.server.extensions.tasks import TTL, Tasks
from tests.support.shells import Shell
from tests.support.waiting import until

TRAIN = """%%mcp_tool{options}
import anyio
from mcp.server.mcpserver import Context

async def train(steps: int, ctx: Context) -> str:
    "Train a model."
    print("training")
    for step in range(steps):
        await ctx.report_progress(step + 1, steps, "fitting")
        while not go_on.is_set():
            await anyio.sleep(0.01)
    return f"trained in {{steps}} steps"
"""


@pytest.fixture
def go_on(shell: Shell) -> threading.Event:
    go_on = threading.Event()
    shell.shell.user_ns["go_on"] = go_on
    shell.good(TRAIN.format(options=" --task"))
    return go_on


def names(shell: Shell) -> dict[str, float | None]:
    tasks = extension_of(shell.session.registry.current.server, Tasks)
    return {} if tasks is None else tasks.names


def test_the_card_says_that_a_tool_runs_as_a_task(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(TRAIN.format(options=""))
    assert "task:" not in capsys.readouterr().out
    assert extension_of(shell.session.registry.current.server, Tasks) is None
    shell.good(TRAIN.format(options=" --task"))
    assert "  task: clients that can follow a task get a handle at once; kept for 3600 s" in capsys.readouterr().out
    assert names(shell) == {"train": TTL}
    shell.good(TRAIN.format(options=" --task-ttl 60"))
    assert "kept for 60 s" in capsys.readouterr().out
    assert names(shell) == {"train": 60.0}
    shell.good(TRAIN.format(options=""))
    assert names(shell) == {}


def test_a_tool_that_is_withdrawn_is_no_task(shell: Shell, go_on: threading.Event) -> None:
    assert names(shell) == {"train": TTL}
    shell.good("%mcp remove train")
    assert names(shell) == {}


def test_a_call_waits_for_its_task(shell: Shell, go_on: threading.Event, capsys: pytest.CaptureFixture[str]) -> None:
    go_on.set()
    result = shell.good("%mcp call train steps=2")
    assert result.structured_content == {"result": "trained in 2 steps"}
    assert "training" in capsys.readouterr().out
    (call,) = shell.session.registry.recorder.calls
    assert (call.state, call.text("stdout")) == ("done", "training\n")


def test_a_call_in_the_background(shell: Shell, go_on: threading.Event, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good("%mcp call train steps=1 --background -o job")
    job = shell.good("job")
    until(lambda: job.message == "1 of 1: fitting")
    shell.good("job", "%mcp tasks")
    shown = capsys.readouterr().out
    assert "call of train on notebook in the background: working\n  1 of 1: fitting\n" in shown
    assert "1  train  notebook  working" in shown
    go_on.set()
    assert shell.good("job.result(20)").structured_content == {"result": "trained in 1 steps"}
    capsys.readouterr()
    shell.good("%mcp tasks 1")
    assert capsys.readouterr().out == (
        "call of train on notebook in the background: completed\n  training\n  trained in 1 steps\n"
    )


def test_a_call_in_the_background_is_cancelled(
    shell: Shell, go_on: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good("%mcp call train steps=1 --background -o job")
    until(lambda: shell.session.background_calls[1].task_id)
    shell.good("%mcp tasks 1 --cancel")
    assert "in the background: cancelled" in capsys.readouterr().out
    (call,) = shell.session.registry.recorder.calls
    until(lambda: call.state == "cancelled")


def test_the_table_says_how_to_start_one(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good("%mcp tasks")
    assert capsys.readouterr().out == ("calls in the background: none. %mcp call TOOL --background starts one.\n")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("%mcp tasks 3", "There is no call 3 in the background. To list them: %mcp tasks."),
        ("%mcp tasks --cancel", "--cancel needs the number of a call: %mcp tasks N --cancel."),
    ],
)
def test_mistakes_are_one_line(shell: Shell, line: str, says: str) -> None:
    assert says in str(shell.run(line).error_in_exec)
