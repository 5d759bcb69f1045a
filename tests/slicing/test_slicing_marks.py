"""The author's marks, comments and tags, have the last word about what a package carries."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mcp_notebook import headless
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.selection import Selection, select
from mcp_notebook.session.history import history_of
from mcp_notebook.slicing import statements
from tests.support.kernels import running_kernel

F = "def f(): return books"


def sliced(*cells: str | RanCell) -> Selection:
    ran = [cell if isinstance(cell, RanCell) else RanCell(n, cell) for n, cell in enumerate(cells, 1)]
    return select(statements.read(ran), [], ["f"], server=None)


def texts(*cells: str | RanCell) -> list[str]:
    return [part.text for part in sliced(*cells).statements]


@pytest.mark.parametrize(
    "line",
    [
        "warm_up()  # keep",
        "warm_up()  # Keep: fills the cache",
        "warm_up()  # KEEP, it is slow",
        "warm_up(  # keep\n    1,\n)",
        "warm_up(\n    1,\n)  # keep",
        "for i in range(3):  # keep\n    warm_up(i)",
    ],
)
def test_a_line_that_is_marked_keep_is_carried_with_what_it_needs(line: str) -> None:
    warm_up = "def warm_up(n=0): print(n)"
    assert texts("books = []", warm_up, line, F) == ["books = []", warm_up, line, F]


def test_without_the_mark_that_line_is_left_out() -> None:
    assert texts("books = []", "def warm_up(n=0): print(n)", "warm_up()", F) == ["books = []", F]


@pytest.mark.parametrize(
    "line",
    [
        "warm_up()  # keep out",
        "warm_up()  # keeps it warm",
        "warm_up('# keep')",
        "warm_up()  # we keep",
        'warm_up("""\n# keep\n""")',
        "# keep\nwarm_up()",
    ],
)
def test_other_comments_and_texts_are_no_marks(line: str) -> None:
    assert texts("books = []", "def warm_up(n=0): print(n)", line, F) == ["books = []", F]


def test_a_line_that_is_marked_leave_out_is_not_carried() -> None:
    assert texts("books = []", "books.append(1)  # leave out", "books.append(2)", F) == [
        "books = []",
        "books.append(2)",
        F,
    ]


def test_what_a_needed_name_is_bound_by_can_be_left_out_and_stops() -> None:
    found = sliced("books = []  # leave out", F)
    assert [finding.name for finding in found.findings if finding.weight == "stops"] == ["books"]


def test_a_binding_that_is_left_out_gives_way_to_the_one_before() -> None:
    assert texts("books = [1]", "books = [2]  # leave out", F) == ["books = [1]", F]


def test_a_mark_counts_for_all_statements_on_its_line() -> None:
    assert texts("books = []", "a = 1; b = 2  # keep", F)[1:3] == ["a = 1", "b = 2  # keep"]


def test_the_tags_of_a_cell_mark_its_statements_and_a_comment_on_a_line_comes_first() -> None:
    cell = RanCell(2, "books.append(1)\nbooks.append(2)  # keep", tags=frozenset({"mcp-leave-out"}))
    assert texts("books = []", cell, F) == ["books = []", "books.append(2)  # keep", F]
    kept = RanCell(2, "print('hello')", tags=frozenset({"mcp-keep", "other"}))
    assert texts("books = []", kept, F) == ["books = []", "print('hello')", F]


def test_an_await_that_is_marked_keep_cannot_be_carried_and_is_warned_of() -> None:
    found = sliced("books = []", "await fill(books)  # keep", F)
    assert [part.text for part in found.statements] == ["books = []", F]
    assert any("is marked # keep" in str(finding) for finding in found.findings if finding.weight == "warns")


def test_a_trial_that_is_marked_keep_is_carried() -> None:
    add = "def add(book): books.append(book)"
    ran = [RanCell(n, cell) for n, cell in enumerate(["books = []", add, "add('Emma')  # keep", F], 1)]
    found = select(statements.read(ran), [], ["f"], server=None, functions=["add"])
    assert "add('Emma')  # keep" in [part.text for part in found.statements]


@pytest.mark.parametrize("cell", ["print(1)", "books.append(1)"])
def test_a_finding_that_names_a_line_says_how_to_mark_it(cell: str) -> None:
    found = sliced("books = []", f"import subprocess\nsubprocess.run(['true'])\n{cell}", "x = 3", F)
    named = [str(finding) for finding in found.findings if finding.weight == "notes"]
    assert named
    assert all("# keep" in one or "# leave out" in one for one in named), named


def test_the_tags_of_cells_in_a_notebook_file_are_known(tmp_path: Path) -> None:
    cells = [new_code_cell("a = 1", metadata={"tags": ["mcp-keep"]}), new_code_cell("b = 2")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "n.ipynb")
    with headless.run(tmp_path / "n.ipynb") as notebook:
        ran = history_of(notebook.shell).cells()
    assert [(cell.source, cell.tags) for cell in ran] == [
        ("a = 1", frozenset({"mcp-keep"})),
        ("b = 2", frozenset()),
    ]


@pytest.mark.slow
def test_the_tags_that_a_front_end_sends_with_a_cell_are_known() -> None:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.finish(kernel.start("a = 1", "cell-1", tags=["mcp-leave-out"]))
        kernel.good("from mcp_notebook.session.history import history_of")
        tags = kernel.value(
            "[sorted(cell.tags) for cell in history_of(get_ipython()).cells() if cell.source == 'a = 1']"
        )
    assert tags == [["mcp-leave-out"]]
