"""An export adds the statement that bound a name or an attribute that the proof found missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mcp_notebook.export import exporting, repairs
from mcp_notebook.export.proof import prove
from mcp_notebook.export.ran import Subject
from mcp_notebook.export.report import Exported
from mcp_notebook.slicing import statements
from mcp_notebook.slicing.statements import RanCell
from tests.support.shells import Shell

PRICE = "%%mcp_tool\ndef price(n: int) -> int:\n    return {} * n"


@pytest.fixture(autouse=True)
def proven_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prove packages with the interpreter of the tests."""
    monkeypatch.setattr(exporting, "prove", lambda *a, **o: prove(*a, **{**o, "python": Path(sys.executable)}))


def added(exported: Exported) -> list[tuple[int | None, str]]:
    """Return the cells and lines of the statements that a repair added."""
    notes = [f for f in exported.findings if f.what.startswith("added, because the package failed without it")]
    assert all((note.weight, note.way_out) == ("notes", "Mark the line # keep.") for note in notes)
    return [(note.cell, note.name) for note in notes]


@pytest.mark.slow
def test_a_name_that_the_package_misses_on_import_is_added(shell: Shell) -> None:
    shell.good("rate = 3", 'TWICE = eval("rate * 2")', PRICE.format("TWICE"), "%mcp call price n=2")
    exported = shell.good("%mcp export books")
    assert exported.proof.ok, exported
    assert added(exported) == [(1, "rate = 3")]
    assert "rate = 3" in exported.server_file
    assert exported.server_file == Path("books/src/books/server.py").read_text(encoding="utf-8")
    assert "src/books/server.py" in exported.update.written


@pytest.mark.slow
def test_attributes_that_the_package_misses_in_calls_are_added(shell: Shell) -> None:
    on_class = 'globals()["Book"].rating = 4'
    shell.good("import sys\nclass Book:\n    pass", on_class, "print(Book.rating)", "rate = 3")
    shell.good(PRICE.format("Book.rating * sys.modules[__name__].rate"), "%mcp call price n=2")
    exported = shell.good("%mcp export books")
    assert exported.proof.ok, exported
    assert added(exported) == [(2, on_class), (4, "rate = 3")]


@pytest.mark.parametrize(
    "line",
    [
        "globals().update(rate=3)",
        'globals()["rate"] = 3',
        'setattr(sys.modules[__name__], "rate", 3)',
        'exec("rate = 3")',
    ],
)
def test_a_line_that_binds_a_needed_variable_by_its_name_is_carried(shell: Shell, line: str) -> None:
    shell.good("import sys", "globals().update(other=3)", line, PRICE.format("rate"))
    exported = shell.good("%mcp export books --no-proof")
    assert not exported.stopped, exported
    assert line in exported.server_file
    assert "other" not in exported.server_file


def test_a_line_that_its_author_leaves_out_stays_out(shell: Shell) -> None:
    shell.good("globals().update(rate=3)  # leave out", PRICE.format("rate"))
    assert shell.good("%mcp export books --no-proof").stopped


@pytest.mark.slow
def test_a_name_that_no_cell_bound_is_not_repaired(shell: Shell) -> None:
    shell.shell.user_ns["rate"] = 3
    shell.good(PRICE.format('eval("rate")'), "%mcp call price n=2")
    exported = shell.good("%mcp export books")
    assert not exported.proof.ok
    assert exported.proof.errors == ("NameError: name 'rate'",)
    assert added(exported) == []


@pytest.mark.slow
def test_repairs_are_bounded(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repairs.MOST == 10
    monkeypatch.setattr(repairs, "MOST", 1)
    shell.good("rate_0 = 1", "rate_1 = 2", 'TOTAL = eval("rate_0") + eval("rate_1")', PRICE.format("TOTAL"))
    exported = shell.good("%mcp export books")
    assert not exported.proof.ok
    assert added(exported) == [(1, "rate_0 = 1")]
    assert "rate_1 = 2" not in exported.server_file


# --- which statement bound it

BINDING = {
    "an attribute of an object": ("AttributeError: 'Book' object has no attribute 'rate'", "book.rate = 4.5"),
    "an attribute of a class": (
        "AttributeError: type object 'Book' has no attribute 'rate'",
        "setattr(Book, 'rate', 1)",
    ),
    "a variable of a module": ("AttributeError: module 'p.server' has no attribute 'rate'", "rate = 3"),
    "several at once": ("NameError: name 'rate' is not defined", "rate, other = 3, 4"),
    "an import": ("NameError: name 'rate' is not defined. Did you mean: 'rat'?", "from prices import rate"),
    "a function": ("NameError: name 'rate' is not defined", "def rate(): return 3"),
    "in a loop": ("NameError: name 'rate' is not defined", "for rate in [1, 2]:\n    pass"),
    "in a text": ("NameError: name 'rate' is not defined", "exec('rate = 3')"),
}
OTHERS = {
    "an attribute is no variable": ("NameError: name 'rate' is not defined", "book.rate = 4.5"),
    "an item is no attribute": ("AttributeError: 'Book' object has no attribute 'rate'", "book['rate'] = 4.5"),
    "the body of a function": ("AttributeError: 'Book' object has no attribute 'rate'", "def f(b):\n    b.rate = 3"),
    "a look": ("NameError: name 'rate' is not defined", "print(rate, 'rate = 3')"),
    "a text with another": ("NameError: name 'rate' is not defined", "exec('other = rate')"),
    "another error": ("KeyError: 'rate'", "rate = 3"),
}


def found(error: str, *lines: str, carried: tuple[tuple[int, int, int], ...] = ()) -> list[int]:
    cells = tuple(RanCell(number, line) for number, line in enumerate(lines, 1))
    repair = repairs.repair(repairs.errors_in(error), Subject(None, None, cells, {}), carried)  # type: ignore[arg-type]
    return [] if repair is None else [repair.statement.cell]


@pytest.mark.parametrize(("error", "line"), BINDING.values(), ids=BINDING)
def test_the_last_statement_that_bound_it_is_found(error: str, line: str) -> None:
    assert found(error, line, line, "unrelated = 1") == [2]
    assert found(error, line, line, carried=((2, 1, 1),)) == [1]
    assert found(error, f"{line}  # leave out") == []


@pytest.mark.parametrize(("error", "line"), OTHERS.values(), ids=OTHERS)
def test_no_other_statement_is_taken_for_it(error: str, line: str) -> None:
    assert found(error, line) == []


def test_a_repair_marks_the_statement_and_no_other() -> None:
    subject = Subject(None, None, (RanCell(1, "rate = 3\nrate = 4\nother = 5"),), {})  # type: ignore[arg-type]
    repair = repairs.repair(["NameError: name 'rate'"], subject, ())
    assert repair is not None
    marks = [statement.mark for statement in statements.read(repair.applied(subject).cells).statements]
    assert marks == [None, "keep", None]
