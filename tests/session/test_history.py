"""What is known of the cells that ran, and which server an export is of."""

from __future__ import annotations

from collections.abc import Iterator

import IPython
import pytest

from mcp_notebook.errors import UnknownNameError, UsageError
from mcp_notebook.export.ran import RanCell
from mcp_notebook.session.choosing import subject_of
from tests.support.shells import Shell, running_shell

TOOL = "%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b"
PLAIN = """from mcp.server.mcpserver import MCPServer
{0} = MCPServer("{0}")
@{0}.tool()
def add(a: int, b: int) -> int:
    return a + b"""


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    with running_shell() as shell:
        yield shell


def last(shell: Shell, cell: str) -> RanCell:
    shell.run(TOOL, cell)
    return subject_of(shell.session, "notebook").cells[-1]


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("x = 1", None),
        ("\n\nx = 1\nfor i in [1]:\n    y = 2\n    1 / 0\nz = 3", 4),
        ("def fails():\n    1 / 0\n\nx = 1\nfails()", 5),
        ("def broken(:", 1),
        ("x = 1\n%nonsense", 2),
        pytest.param(
            "%%time\n\nx = 1\ndef fails():\n    1 / 0\nfails()",
            6,
            marks=pytest.mark.skipif(IPython.version_info < (9,), reason="%%time shows the error and tells nobody"),
        ),
        ("%%capture\nx = 1\n1 / 0", 3),
        ("\n%%mcp_tool\nx = 1\n1 / 0\ndef f(): ...", 4),
        ("%%mcp_tool\nx = 1\ndef f(*args): ...", None),
        ("%%mcp_tool\nx = await nothing", 1),
        ("%%nonsense\nx = 1", 1),
    ],
)
def test_a_cell_that_raised_ran_up_to_a_line(shell: Shell, cell: str, line: int | None) -> None:
    assert last(shell, cell).raised_at == line


@pytest.mark.parametrize(("cell", "shown"), [("1 + 1", True), ("1 + 1;", False), ("x = 1", False), ("None", False)])
def test_it_is_known_whether_a_cell_showed_a_value(shell: Shell, cell: str, shown: bool) -> None:
    assert last(shell, cell).shown == shown


def test_cells_come_in_the_order_in_which_they_ran_each_as_often_as_it_ran(shell: Shell) -> None:
    shell.run("x = 1", TOOL, "", "x = 1")
    assert [(cell.number, cell.source) for cell in subject_of(shell.session).cells][:3] == [
        (1, "x = 1"),
        (2, TOOL),
        (3, "x = 1"),
    ]


def test_a_cell_that_ipython_takes_for_paste_is_in_the_history_and_the_next_has_its_number(shell: Shell) -> None:
    shell.run(TOOL, "here = %pwd\npasted = 1", "def after(): return pasted")
    cells = subject_of(shell.session, "notebook").cells
    assert [cell.source for cell in cells[-2:]] == ["here = %pwd\npasted = 1", "def after(): return pasted"]
    filename = shell.shell.user_ns["after"].__code__.co_filename
    assert filename.startswith(f"<ipython-input-{cells[-1].number}-")


def test_a_cell_from_before_the_extension_was_loaded_counts_as_run_to_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running_shell(loaded=False) as shell:
        shell.run("1 / 0", "%load_ext mcp_notebook", TOOL)
        assert [cell.raised_at for cell in subject_of(shell.session).cells] == [None, None, None]


def test_the_cell_that_runs_now_counts_as_far_as_it_has_come(shell: Shell) -> None:
    shell.shell.user_ns |= {"subject_of": subject_of, "session": shell.session}
    shell.good(TOOL, "x = 1\nsubject = subject_of(\n    session\n)\ny = 2")
    assert shell.shell.user_ns["subject"].cells[-1].raised_at == 2


def test_the_only_server_with_definitions_needs_no_name(shell: Shell) -> None:
    shell.good("%mcp new empty", PLAIN.format("mcp"))
    subject = subject_of(shell.session)
    assert (subject.server.name, subject.variable) == ("mcp", "mcp")
    assert subject.namespace is shell.shell.user_ns


def test_a_server_that_only_magics_know_has_no_variable(shell: Shell) -> None:
    shell.good(TOOL)
    assert subject_of(shell.session).variable is None


def test_of_several_servers_one_must_be_named(shell: Shell) -> None:
    shell.good(TOOL, PLAIN.format("mcp"), PLAIN.format("other"))
    with pytest.raises(UsageError, match=r"here: notebook, mcp, other\. Choose one with --server NAME"):
        subject_of(shell.session)
    assert subject_of(shell.session, "other").variable == "other"
    with pytest.raises(UnknownNameError, match=r"no server 'othr' here\. Did you mean 'other'"):
        subject_of(shell.session, "othr")


def test_a_notebook_without_definitions_says_how_to_make_one(shell: Shell) -> None:
    with pytest.raises(UnknownNameError, match="%%mcp_tool cell makes one"):
        subject_of(shell.session)


def test_a_low_level_server_is_said_to_be_none_that_can_be_exported(shell: Shell) -> None:
    shell.good("from mcp.server.lowlevel import Server\nlow = Server('low')")
    with pytest.raises(UsageError, match=r"low is the SDK's low-level Server.*on an MCPServer"):
        subject_of(shell.session)
