"""What an export says of the cells: each cause once and truly, what says the same together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_notebook.export import dependencies
from mcp_notebook.export.findings import Finding, grouped
from mcp_notebook.export.module.writing import Module, write
from mcp_notebook.export.ran import RanCell
from mcp_notebook.export.selection import select
from mcp_notebook.session.choosing import subject_of
from mcp_notebook.slicing.statements import read
from tests.support.shells import Shell, running_shell

SERVER = "from mcp.server.mcpserver import MCPServer\nmcp = MCPServer('library')"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    with running_shell() as shell:
        shell.good(SERVER)
        yield shell


def tool(returned: str, name: str = "found") -> str:
    return f"@mcp.tool()\ndef {name}() -> str:\n    return str({returned})"


def said(shell: Shell, weight: str) -> list[tuple[int | None, str]]:
    return [(f.cell, f.name) for f in write(subject_of(shell.session)).findings if f.weight == weight]


# --- one cause


def test_an_import_that_raised_half_way_is_told_once_with_all_that_it_took_along(shell: Shell) -> None:
    shell.run("import json\nimport missing_of_the_test\nimport math, re\nLIMIT = 3\ndef cut(s): return s[:LIMIT]")
    shell.good(tool("cut(json.dumps(math.pi))"), tool("re.escape(cut('x'))", "other"))
    (stop,) = (f for f in write(subject_of(shell.session)).findings if f.weight == "stops")
    assert (stop.cell, stop.name) == (2, "import missing_of_the_test")
    assert all(name in stop.what for name in ("math", "re", "cut"))
    assert "live session" not in stop.what


def test_what_a_cell_bound_before_it_raised_is_carried(shell: Shell) -> None:
    shell.run("LIMIT = 3\nraise ValueError")
    shell.good(tool("LIMIT"))
    assert said(shell, "stops") == []


def test_a_name_that_no_cell_binds_is_still_said_to_be_the_live_sessions(shell: Shell) -> None:
    shell.shell.user_ns["elsewhere"] = 3
    shell.good(tool("elsewhere"))
    (stop,) = (f for f in write(subject_of(shell.session)).findings if f.weight == "stops")
    assert "only the live session has it" in stop.what


# --- no false word


def redefined(*cells: tuple[str, str]) -> list[str]:
    ran = [RanCell(number, source, id=id_) for number, (id_, source) in enumerate(cells, 1)]
    notebook = read(ran)
    found = select(notebook, [notebook.statements[-1]], [], server=None).findings
    return [finding.name for finding in found if finding.weight == "warns"]


@pytest.mark.parametrize("lines", [("x = 1", "x = 2"), ("def x(): 1", "def x(): 2")], ids=["a value", "a function"])
def test_a_name_that_was_one_thing_another_and_the_first_again_ran_in_three_cells(lines: tuple[str, str]) -> None:
    one, other = lines
    use = ("e", "def f(): return x")
    assert redefined(("a", one), ("b", other), ("c", one), use) == []
    assert redefined(("a", one), ("b", other), ("a", one), use) == ["x"]


def test_a_value_that_goes_back_to_what_it_was_is_no_cell_that_ran_again(shell: Shell) -> None:
    shell.good("limit = 1", "limit = 2", "limit = 1", tool("limit"))
    assert said(shell, "warns") == []


def test_no_import_under_try_is_said_to_be_missing_that_the_package_requires_anyway() -> None:
    source = "try:\n    import mcp, pydantic, pytest\nexcept ImportError:\n    mcp = None\n"
    found = dependencies.of(Module({"server.py": source}, "mcp")).findings
    assert [finding.name for finding in found] == ["pytest"]


def test_what_is_carried_is_not_said_to_be_left_out() -> None:
    cells = ["rows = []", "rows.append(1)\nrows = rows + [2]", "def f(): return rows"]
    notebook = read([RanCell(number, source) for number, source in enumerate(cells, 1)])
    slice_ = select(notebook, [notebook.statements[-1]], [], server=None)
    carried = {statement.cell for statement in slice_.statements}
    assert not [f for f in slice_.findings if "not carried" in f.what and f.cell in carried]


# --- in groups


def test_what_says_the_same_is_one_line_of_the_report(shell: Shell) -> None:
    lines = [f"open('out{n}.txt', 'w').close()" for n in range(12)]
    shell.good(*lines, tool("1"), "%mcp use mcp")
    report = " ".join(repr(shell.good("%mcp export books --dry-run")).split())
    assert report.count("If it prepares something") == 1
    assert "cell 2, open('out0.txt', 'w').close(); cell 3," in report
    assert "and 4 more: left out: nothing that the server needs depends on it." in report


def test_a_group_is_where_its_first_finding_is() -> None:
    one, other, same = (
        Finding("warns", 1, "a", "differs."),
        Finding("notes", 2, "b", "left out."),
        Finding("warns", 3, "c", "differs."),
    )
    assert [str(group) for group in grouped([one, same, other])] == [
        "cell 1, a; cell 3, c: differs.",
        "cell 2, b: left out.",
    ]


def test_warnings_come_before_notes_and_after_what_stops(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "here.csv").write_text("")
    shell.good("open('out.txt', 'w').close()", tool("open('here.csv').read()"), tool("_12", "old"))
    found = shell.good("%mcp export books --dry-run")
    weights = [finding.weight for finding in found.findings]
    assert weights == sorted(weights, key=["stops", "warns", "notes"].index)
    assert set(weights) == {"stops", "warns", "notes"}
    card = shell.shell.display_formatter.format(found)[0]["text/html"]
    assert card.index("stops") < card.index("warns") < card.index(">notes<")
