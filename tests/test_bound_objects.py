"""Objects of a cell that work in one thread or one event loop only, used in a tool."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from mcp_notebook.cells import hint_for
from tests.support.shells import Shell

THREAD = "Define the tool with %%mcp_tool --run-on main"
LOOP = "Create it within the function, or in the lifespan of the server."


SQLITE = "import sqlite3\ndb = sqlite3.connect(':memory:')"
LOCAL = "import threading\nkept = threading.local()\nkept.db = 1"
SIGNAL = "import signal"


@pytest.mark.parametrize(
    ("cell", "body"),
    [
        (SQLITE, "return db.execute('select 1').fetchone()[0]"),
        (LOCAL, "return kept.db"),
        (SIGNAL, "return str(signal.signal(signal.SIGTERM, signal.SIG_DFL))"),
    ],
)
def test_a_tool_that_uses_what_belongs_to_the_cells_thread_is_told_the_option(
    shell: Shell, capsys: pytest.CaptureFixture[str], cell: str, body: str
) -> None:
    shell.good(cell, f"%%mcp_tool\ndef one():\n    'One.'\n    {body}", "%mcp call one")
    assert THREAD in capsys.readouterr().err
    log = shell.shell.run_line_magic("mcp", "log 1")
    assert (THREAD in log.text, THREAD in log.html) == (True, True)
    if cell == SQLITE:
        shell.good("db.close()")


def test_the_option_is_right(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(SQLITE, "%%mcp_tool --run-on main\ndef one() -> int:\n    return db.execute('select 1').fetchone()[0]")
    assert shell.good("%mcp call one").structured_content == {"result": 1}
    shell.good("db.close()")


@pytest.mark.parametrize(
    "words",
    [
        "Task <Task pending> got Future <Future pending> attached to a different loop",
        "<asyncio.locks.Lock object at 0x1 [locked]> is bound to a different event loop",
        "There is no current event loop in thread 'AnyIO worker thread'.",
    ],
)
def test_what_belongs_to_another_event_loop_is_told_so(words: str) -> None:
    assert LOOP in str(hint_for(RuntimeError(words)))


def test_other_errors_have_no_hint(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good("%%mcp_tool\ndef bad():\n    'Bad.'\n    raise ValueError('no thread at all')", "%mcp call bad")
    said = capsys.readouterr().err
    assert "no thread at all" in said
    assert "--run-on" not in said
    with pytest.raises(UsageError):
        shell.good("%mcp call worse")
