"""Which server a line means that names none, and which lines are magics at all."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from mcp_notebook import unload_ipython_extension
from tests.support.shells import Shell

PLAIN = """
from mcp.server.mcpserver import MCPServer
{0} = MCPServer("the {0}")
@{0}.tool()
def of_{0}(a: int) -> int:
    "Double it."
    return 2 * a
"""
TOOL = "%%mcp_tool\ndef magic() -> int:\n    'One.'\n    return 1"


def said(shell: Shell, line: str) -> str:
    with pytest.raises(UsageError) as caught:
        shell.good(line)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def servers(shell: Shell) -> list[str]:
    return list(shell.session.registry.servers)


@pytest.mark.parametrize("line", ["%mcp tools", "%mcp tools of_mcp", "%mcp call of_mcp a=1", "%mcp form of_mcp",
    "%mcp inspect", "%mcp resources", "%mcp prompts", "%mcp eras of_mcp a=1", "%mcp expose value",
    "%mcp remove of_mcp", "%mcp read notebook://nothing", "%mcp stop"])  # fmt: skip
def test_the_only_plain_server_is_meant_by_every_verb_that_names_none(shell: Shell, line: str) -> None:
    shell.good(PLAIN.format("mcp"), "value = 1")
    shell.run(line)
    assert servers(shell) == ["mcp"]


def test_a_variable_that_holds_a_dead_reference_is_in_nobodys_way(
    shell: Shell, capfd: pytest.CaptureFixture[str]
) -> None:
    shell.good("import weakref\nclass Shelf: pass\ngone = weakref.proxy(Shelf())\n" + PLAIN.format("library"))
    shell.good("%mcp tools")
    shown = capfd.readouterr()
    assert "of_library" in shown.out
    assert "weakly-referenced" not in shown.out + shown.err


def test_the_only_plain_server_is_served(shell: Shell) -> None:
    shell.good(PLAIN.format("mcp"), "%mcp serve")
    assert shell.session.registry.servers["mcp"].listener is not None
    assert servers(shell) == ["mcp"]


def test_it_is_meant_too_where_a_line_came_before_it(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good("%mcp tools", PLAIN.format("mcp"), "shown = get_ipython().run_line_magic('mcp', 'tools')")
    assert "of_mcp" in shell.shell.user_ns["shown"].text
    assert servers(shell) == ["mcp"]


def test_one_server_under_two_names_is_one(shell: Shell) -> None:
    shell.good(PLAIN.format("mcp"), "app = mcp", "%mcp tools of_mcp")


def test_of_several_only_those_with_definitions_count(shell: Shell) -> None:
    shell.good("from mcp.server.mcpserver import MCPServer\nempty = MCPServer('e')", PLAIN.format("mcp"))
    shell.good("%mcp tools of_mcp")


@pytest.mark.parametrize("line", ["%mcp tools", "%mcp call of_b a=1", "%mcp serve", "%mcp inspect", "%mcp form of_b"])
def test_several_plain_servers_are_named_with_the_way_to_choose(shell: Shell, line: str) -> None:
    shell.good(PLAIN.format("a"), PLAIN.format("b"))
    assert (
        said(shell, line) == "There are several servers here: a, b. Choose one with --server NAME or '%mcp use NAME'."
    )
    assert servers(shell) == []
    shell.good("%mcp use b", "%mcp tools of_b")


@pytest.mark.parametrize("line", ["%mcp call of_b a=1 --on b", "%mcp tools of_b --server b", "%mcp serve --server b"])
def test_a_plain_server_can_be_named_by_its_variable(shell: Shell, line: str) -> None:
    shell.good(PLAIN.format("a"), PLAIN.format("b"), line)
    assert servers(shell) == ["b"]


def test_definitions_by_magics_and_new_servers_go_first(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.good(PLAIN.format("mcp"), TOOL, "%mcp tools magic")
    assert "'notebook' is a new server, besides mcp. To define on mcp instead: %mcp use mcp." in capsys.readouterr().err
    shell.good("%mcp new library")
    assert shell.session.live().name == "library"


def test_a_server_that_defines_nothing_is_not_served_in_silence(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.good("%mcp serve")
    assert "server 'notebook' defines nothing yet." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("from mcp.server.lowlevel import Server\nlow = Server('low')", "low is the SDK's low-level Server"),
        (
            "FastMCP = type('FastMCP', (), {'__module__': 'fastmcp.server'})\nold = FastMCP()",
            "old is a FastMCP from the package fastmcp, not the SDK's MCPServer. Write: from mcp.server.mcpserver",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["serve", "tools", "inspect"])
def test_a_server_of_another_kind_is_named_instead_of_an_empty_one(
    shell: Shell, made: str, words: str, verb: str
) -> None:
    shell.good(made)
    assert words in said(shell, f"%mcp {verb}")
    assert servers(shell) == []


def test_a_chat_has_the_tools_of_the_only_plain_server(shell: Shell) -> None:
    shell.good(PLAIN.format("mcp"), "script = [{'tool': 'of_mcp', 'arguments': {'a': 4}}, 'Eight.']")
    shell.good("%%mcp_chat --script script\nTwice four?")
    (call,) = shell.session.registry.recorder.calls
    assert (call.server, call.state) == ("the mcp", "done")


def test_the_status_shows_servers_that_are_only_in_variables(shell: Shell) -> None:
    shell.good(PLAIN.format("mcp"), "status = get_ipython().run_line_magic('mcp', '')")
    assert "%mcp use mcp" in shell.shell.user_ns["status"].text


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("mcp: MCPServer = MCPServer('typed')", "typed"),
        ("mcp : 'MCPServer' = MCPServer('typed')", "typed"),
        ("mcp:MCPServer=MCPServer('typed'); other = 1", "typed"),
        ("mcp, other = MCPServer('typed'), 2", "typed"),
        ("mcp = other = MCPServer('typed')", "typed"),
    ],
)
def test_a_line_that_binds_the_variable_mcp_is_python(shell: Shell, line: str, value: str) -> None:
    shell.good("from mcp.server.mcpserver import MCPServer", line)
    assert shell.shell.user_ns["mcp"].name == value


@pytest.mark.parametrize(
    "line",
    ["mcp += 1", "mcp.tool()", "mcp [0]", "mcp(1)", "mcp if True else 1", "mcp is None", "mcp: int; mcp", "mcp or 1"],
)
def test_python_that_reads_the_variable_mcp_is_told_as_python_tells_it(shell: Shell, line: str) -> None:
    with pytest.raises(NameError, match="name 'mcp' is not defined"):
        shell.good(line)


@pytest.mark.parametrize("line", ["mcp", "mcp tools", "mcp --help", "mcp -h", "mcp new library", "mcp use --help"])
def test_a_verb_can_still_be_typed_without_the_percent_sign(shell: Shell, line: str) -> None:
    shell.good(line)


def test_unloading_takes_the_check_out_again(shell: Shell) -> None:
    checkers = shell.shell.prefilter_manager.checkers
    before = len(checkers)
    unload_ipython_extension(shell.shell)
    assert len(shell.shell.prefilter_manager.checkers) == before - 1
