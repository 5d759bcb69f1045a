"""A notebook that runs in this process, without a front end."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from IPython import get_ipython
from nbformat.v4 import new_code_cell, new_notebook

from mcp_notebook import headless
from mcp_notebook.errors import CellError, NotebookError
from mcp_notebook.server import definitions

Write = Callable[..., Path]

ADD = "%%mcp_tool\ndef add(a: int, b: int) -> int:\n    'Add.'\n    return a + b"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a notebook of these cells; a pair is a cell and its tag."""

    def write(*cells: str | tuple[str, str], **metadata: object) -> Path:
        path = tmp_path / "sales.ipynb"
        made = []
        for cell in cells:
            source, *tags = [cell] if isinstance(cell, str) else cell
            made.append(new_code_cell(source, metadata={"tags": tags}))
        nbformat.write(new_notebook(cells=made, metadata=metadata), path)
        return path

    return write


def values(path: Path, *names: str, only: str | None = None) -> tuple[object, ...]:
    with headless.run(path, only=only) as notebook:
        return tuple(notebook.shell.user_ns[name] for name in names)


def raised(path: Path) -> str:
    with pytest.raises(CellError) as caught, headless.run(path):
        pass
    return str(caught.value)


def test_cells_run_from_top_to_bottom_with_history_and_shared_tasks(write: Write) -> None:
    path = write(
        "import asyncio\ntask = asyncio.create_task(asyncio.sleep(0, 'slept'))",
        "done = await task\ndone",
        "last, third, name = _, In[2], __name__",
    )
    assert values(path, "last", "third", "name") == ("slept", "done = await task\ndone", "__main__")


def test_numbers_of_cells_are_those_of_code_cells_whatever_is_left_out(write: Write) -> None:
    path = write("a = 1", "", ("1 / 0", "skip-execution"), ("1 / 0", "nbval-skip"), "n = len(In) - 1")
    assert values(path, "n") == (5,)


def test_the_extension_is_there_with_and_without_load_ext(write: Write) -> None:
    for first in ("%load_ext mcp_notebook", "x = 1"):
        with headless.run(write(first, ADD, "%mcp call add a=1 b=2 -o three")) as notebook:
            (add,) = definitions(notebook.session.live().server)
            assert add.cell is not None
            assert (add.name, add.cell.execution_count) == ("add", 2)
            assert notebook.shell.user_ns["three"].structured_content == {"result": 3}


def test_each_run_is_fresh_and_leaves_the_process_as_it_was(write: Write) -> None:
    before = (Path.cwd(), sys.path[:], sys.modules["__main__"], sys.stdout, sys.displayhook, get_ipython())
    # Of different lengths: what Python compiled is stale to it where the second or the length of the source differs.
    for expected in (1, 10):
        path = write(
            "import helper_of_this_test", "import os; seen = helper_of_this_test.x, os.getcwd(), 'y' in dir()\ny = 1"
        )
        (path.parent / "helper_of_this_test.py").write_text(f"x = {expected}")
        assert values(path, "seen") == ((expected, str(path.parent), False),)
    assert (Path.cwd(), sys.path, sys.modules["__main__"], sys.stdout, sys.displayhook, get_ipython()) == before


def test_prints_go_where_they_are_told_and_rich_display_nowhere(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()
    path = write(
        "print('seen'); 'shown'",
        "!echo from a shell",
        ADD,
        "from IPython.display import HTML, display; display(HTML('h'))",
    )
    with headless.run(path, stdout=out):
        pass
    assert out.getvalue().split() == ["seen", "from", "a", "shell"]
    with headless.run(path):
        pass
    assert capsys.readouterr().out == ""


def test_an_error_is_one_report_of_the_authors_lines(write: Write) -> None:
    assert raised(write("def half(x):\n    return x / 0", "# go\n\nhalf(2)")) == (
        "sales.ipynb: cell 2, which begins '# go', ended with an error:\n"
        "  line 3\n"
        "    half(2)\n"
        "  cell 1, line 2, in half\n"
        "    return x / 0\n"
        "ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize(
    ("cell", "end"),
    [
        ("x = 1 +* 2", "  line 1\n    x = 1 +* 2\nSyntaxError: invalid syntax"),
        ("%mcp use nothing", "    %mcp use nothing\nThere is no server 'nothing' here."),
        ("%%mcp_tool\ndef f(a=b): ...", "  line 2\n    def f(a=b): ...\nNameError: name 'b' is not defined"),
        ("await nothing()", "  line 1\n    await nothing()\nNameError: name 'nothing' is not defined"),
        ("name = input()", "EOFError: This notebook runs without a front end, so nobody can answer input()."),
        ("exit()", "  line 1\n    exit()\nSystemExit"),
    ],
)  # fmt: skip
def test_the_report_says_the_line_and_what_was_raised(write: Write, cell: str, end: str) -> None:
    report = raised(write(cell))
    assert end in report
    assert "Traceback" not in report
    assert "mcp_notebook" not in report


def test_a_cell_that_is_tagged_so_may_raise(write: Write) -> None:
    assert values(write(("1 / 0", "raises-exception"), "x = 1"), "x") == (1,)


def test_only_takes_numbers_and_tags(write: Write) -> None:
    path = write("ran = [1]", "ran.append(2)", "ran.append(3)", ("ran.append(4)", "extra"), "ran.append(5)")
    assert values(path, "ran", only="1,3-4") == ([1, 3, 4],)
    assert values(path, "ran", only="1, extra") == ([1, 4],)
    assert values(path, "ran", only="1,4-") == ([1, 4, 5],)
    for wrong, said in (("7", "no code cell 7"), ("2-1", "no code cell 2-1"), ("extr", "Did you mean 'extra'?")):
        with pytest.raises(NotebookError, match=said), headless.run(path, only=wrong):
            pass


def test_what_is_no_python_notebook_of_today_is_one_line(write: Write, tmp_path: Path) -> None:
    texts = {
        "no.ipynb": "not json",
        "half.ipynb": write("x").read_text(encoding="utf-8")[:-20],
        "list.ipynb": "[]",
        "three.ipynb": '{"nbformat": 3, "nbformat_minor": 0, "worksheets": [], "metadata": {}}',
        "julia.ipynb": write("x", language_info={"name": "julia"}).read_text(encoding="utf-8"),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in (*texts, "missing.ipynb", "."):
        with pytest.raises(NotebookError) as caught:
            headless.read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_cell_that_runs_again_without_a_definition_withdraws_it(write: Write) -> None:
    with headless.run(write(ADD)) as notebook:
        (cell,) = notebook.notebook.cells
        notebook.run_cells([headless.CodeCell(1, cell.id, cell.source.replace("add", "plus"))])
        assert [found.name for found in definitions(notebook.session.live().server)] == ["plus"]
