"""``%mcp stats`` in a shell: which servers and connections it is about, and what ends it."""

from __future__ import annotations

import shlex
import sys

import pytest
from IPython.core.error import UsageError

from mcp_notebook import unload_ipython_extension
from mcp_notebook.widgets.statistics import StatisticsPanel
from tests.support import ROOT
from tests.support.shells import Shell

TOOL = """%%mcp_tool
def add(a: int, b: int) -> int:
    "Add."
    return a + b

def fails() -> int:
    "Fail."
    raise ValueError("always")
"""
OTHER = """import mcp_notebook
other = mcp_notebook.NotebookServer("other")

@other.tool()
def one() -> int:
    return 1
"""
ECHOES = f"%mcp connect --cwd {shlex.quote(str(ROOT))} -- {shlex.join([sys.executable, '-m', 'tests.support.echoes'])}"


def stats(shell: Shell, capsys: pytest.CaptureFixture[str], line: str = "%mcp stats") -> list[list[str]]:
    """The words of each line that the verb prints."""
    capsys.readouterr()
    shell.good(line)
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def panels(shell: Shell) -> list[StatisticsPanel]:
    found = [view for view in shell.session.views if isinstance(view, StatisticsPanel)]
    return [view for view in found if "closed" not in view.state]


def test_it_tells_calls_and_errors_of_each_tool(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert stats(shell, capsys)[0][:4] == ["statistics:", "no", "calls", "yet."]
    shell.good(TOOL, "%mcp call add a=1 b=2", "%mcp call add a=1 b=2", "%mcp call fails")
    title, _, *rows, _ = stats(shell, capsys)
    assert title == ["statistics:", "3", "calls,", "1", "error"]
    assert [row[:3] for row in rows] == [["add", "2", "0"], ["fails", "1", "1"]]


@pytest.mark.slow
def test_it_is_about_all_servers_and_connections_or_one(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(TOOL, "%mcp call add a=1 b=2", "%mcp new library", TOOL, "%mcp call add a=1 b=2", ECHOES)
    shell.good("%mcp call add a=1 b=2 --on echoes", "%mcp call add a=1 b=2 --on echoes")
    _, _, *rows, _ = stats(shell, capsys)
    assert {(row[0], row[1], row[2]) for row in rows} == {
        ("add", "notebook", "1"), ("add", "library", "1"), ("add", "echoes", "2"),
    }  # fmt: skip
    for name, calls in (("library", "1"), ("echo", "2"), ("echoes", "2")):
        _, _, row, _ = stats(shell, capsys, f"%mcp stats --on {name}")
        assert row[:2] == ["add", calls]
    shell.good("%mcp disconnect echoes")
    assert len(stats(shell, capsys)) == 3 + 2


def test_a_connection_to_a_server_of_the_notebook_is_counted_once(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good("%mcp new library", TOOL, OTHER, "%mcp use other", "to = mcp_notebook.connect(other)")
    shell.good("to.call('one', {})", "%mcp call add a=1 b=2 --on library")
    _, _, *rows, _ = stats(shell, capsys)
    assert sorted(row[:3] for row in rows) == [["add", "library", "1"], ["one", "other", "1"]]
    _, _, row, _ = stats(shell, capsys, "%mcp stats --on to")
    assert row[:2] == ["one", "1"]
    shell.good("to.close()")


def test_a_bad_name_leaves_the_open_panel_and_a_cell_that_runs_again_closes_it(shell: Shell) -> None:
    shell.good("%mcp stats")
    (panel,) = panels(shell)
    with pytest.raises(UsageError, match="Nothing is connected as 'nope'"):
        shell.good("%mcp stats --on nope")
    assert panels(shell) == [panel]
    shell.good("%mcp stats")
    assert "closed" in panel.state
    (again,) = panels(shell)
    unload_ipython_extension(shell.shell)
    assert "closed" in again.state


def test_the_workbench_and_the_statistics_of_one_cell_do_not_close_each_other(shell: Shell) -> None:
    shell.good(TOOL)
    shell.good("%mcp stats\n%mcp inspect")
    assert len(panels(shell)) == 1
    assert len(list(shell.session.views)) == 2
