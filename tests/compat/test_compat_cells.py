"""``%mcp compat`` in a cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError

from mcp_notebook.magics.completion import complete
from mcp_notebook.recording.saved import write
from tests.compat.planted import PLANTED, saved
from tests.support.odd_servers import odd
from tests.support.shells import Shell

BAD = """%%mcp_tool --name my.tool
def search(tags: list) -> int:
    '''Search.'''
    return 1"""
GOOD = """%%mcp_tool
def add(a: int, b: int) -> int:
    '''Add.'''
    return a + b"""


def test_the_notebooks_own_server_is_checked_and_the_cell_is_named(shell: Shell) -> None:
    shell.good(GOOD, BAD)
    text = " ".join(repr(shell.good("%mcp compat")).split())
    assert "its name has '.'" in text
    assert "Use only a-z, A-Z, 0-9, _ and -. (cell 2)" in text
    assert "it is an array" not in text  # pydantic writes items: {}


def test_a_good_server_is_accepted(shell: Shell) -> None:
    shell.good(GOOD)
    text = repr(shell.good("%mcp compat"))
    assert "in 11 hosts: no problem known" in text
    assert "lint of add: no description: parameter 'a', parameter 'b'." in text
    assert "asks before each call of a tool without readOnlyHint: 1 of 1" in " ".join(text.split())


def test_the_output_of_another_run_is_the_same(shell: Shell) -> None:
    shell.good(GOOD, "%mcp call add a=1 b=2")
    first = repr(shell.good("%mcp compat"))
    assert "add 0" in first or "add" in first
    assert repr(shell.good("%mcp compat")) == first


def test_a_recorded_result_is_checked(shell: Shell) -> None:
    shell.good("%%mcp_tool\ndef much() -> str:\n    '''Much.'''\n    return 'x' * 60_000", "%mcp call much")
    text = " ".join(repr(shell.good("%mcp compat --host gemini")).split())
    assert "a result had 60,000 characters. Gemini CLI degrades: saves it to a file" in text
    assert "Tokens of recorded results, estimated: much 15,000." in text


def test_one_host_or_two(shell: Shell) -> None:
    shell.good(BAD)
    assert "in 2 hosts: 1 rejects, 1 degrades" in repr(shell.good("%mcp compat --host claude-desktop --host vscode"))
    error = shell.run("%mcp compat --host vcode").error_in_exec
    assert isinstance(error, UsageError)
    assert "There is no host 'vcode'. Did you mean 'vscode'?" in str(error)


def test_a_connection_and_a_file(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell.shell.user_ns["odd"] = odd(tools=[{"name": "a b", "inputSchema": {"type": "object"}}])
    shell.good("%mcp connect odd --as other")
    assert "other" not in repr(shell.good("%mcp compat other")).splitlines()[0]  # the server's own name
    assert "odd in 11 hosts" in repr(shell.good("%mcp compat other"))
    write(saved(PLANTED["129 tools"]), Path("shop.jsonl"))
    assert "it has 129 tools" in repr(shell.good("%mcp compat shop.jsonl"))
    shell.good("%mcp open shop.jsonl --as seen")
    assert "it has 129 tools" in repr(shell.good("%mcp compat seen"))


def test_the_same_in_many_tools_is_one_line(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    many = saved(None)
    first = PLANTED["a dot in a name"].tools[0]
    many.lists["tool"] += [{**first, "name": f"tool.{number}"} for number in range(40)]
    write(many, Path("shop.jsonl"))
    rendering = shell.good("%mcp compat shop.jsonl")
    text = " ".join(repr(rendering).split())
    assert text.count("✗") == 1
    assert "The same: tool.1, tool.2, tool.3, tool.4, tool.5 and 34 more." in text
    assert rendering._repr_html_().count("<a href=") >= 2


def test_the_html_escapes_what_a_server_says(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evil = saved(None)
    evil.lists["tool"].append({**PLANTED["a dot in a name"].tools[0], "name": "<script>x</script>", "description": ""})
    write(evil, Path("shop.jsonl"))
    html = shell.good("%mcp compat shop.jsonl")._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html.replace("<wbr>", "")


def test_hosts_are_completed(shell: Shell) -> None:
    assert "vscode" in complete(shell.session, "%mcp compat --host vs").texts
