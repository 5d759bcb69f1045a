"""Without ruff, what writes Python refuses in one line, before anything ran or was written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from IPython.core.error import UsageError
from nbformat.v4 import new_code_cell, new_notebook

from mcp_notebook import formatting
from mcp_notebook.cli import main
from mcp_notebook.errors import McpNotebookError
from tests.support.shells import Shell

INSTALL = 'pip install "mcp-notebook[export]"'
TOOL = "%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b"


@pytest.fixture(autouse=True)
def without_ruff(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "ruff", None)
    formatting._program.cache_clear()
    yield
    formatting._program.cache_clear()


def test_a_core_without_ruff_formats_nothing_and_names_the_extra() -> None:
    with pytest.raises(McpNotebookError, match=r"mcp-notebook\[export\]") as refused:
        formatting.formatted("x=1")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("option", ["", " --dry-run", " --no-proof"])
def test_the_verb_refuses_before_it_writes(shell: Shell, tmp_path: Path, option: str) -> None:
    shell.good(TOOL)
    with pytest.raises(UsageError) as refused:
        shell.shell.run_line_magic("mcp", f"export {tmp_path / 'books'}{option}")
    assert INSTALL in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_tests_of_calls_are_refused_and_leave_no_file(shell: Shell, tmp_path: Path) -> None:
    shell.good(TOOL)
    shell.good("%mcp call add a=1 b=2")
    with pytest.raises(UsageError) as refused:
        shell.shell.run_line_magic("mcp", f"log --to test {tmp_path / 'test_add.py'}")
    assert INSTALL in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_the_shell_refuses_before_a_cell_runs(tmp_path: Path) -> None:
    notebook = tmp_path / "sales.ipynb"
    ran = tmp_path / "ran"
    nbformat.write(new_notebook(cells=[new_code_cell(f"open({str(ran)!r}, 'w').close()")]), notebook)
    ended = CliRunner().invoke(main, ["export", str(notebook), str(tmp_path / "books")])
    assert ended.exit_code == 2
    assert INSTALL in ended.output
    assert sorted(tmp_path.iterdir()) == [notebook]
