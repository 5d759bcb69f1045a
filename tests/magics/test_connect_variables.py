"""``%mcp connect NAME``, where NAME is a variable of the notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError

from tests.support import ROOT
from tests.support.shells import Shell, running_shell

LOW = """
import mcp_types as types
from mcp.server import Server

async def list_tools(ctx, params):
    return types.ListToolsResult(tools=[types.Tool(name="look", inputSchema={"type": "object"})])

async def call_tool(ctx, params):
    return types.CallToolResult(content=[types.TextContent(type="text", text="found")])

low = Server("low level", on_list_tools=list_tools, on_call_tool=call_tool)
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A notebook where programs have the names of its variables."""
    for name in ("low", "words", "number", "text", "kind", "nothing"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with running_shell() as shell:
        yield shell
    assert not (tmp_path / "ran").exists()


def test_a_low_level_server_in_a_variable_is_connected_to(shell: Shell) -> None:
    shell.good(LOW, "%mcp connect low --as lowly")
    assert "found" in repr(shell.good("%mcp call look --on lowly"))


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("number", "3", "int"),
        ("text", "'words'", "str"),
        ("words", "{'a': 1}", "dict"),
        ("words", "[1, 2]", "list"),
        ("kind", "__import__('mcp').server.Server", "type"),
        ("nothing", "None", "NoneType"),
    ],
)
def test_what_is_not_a_server_is_one_line_and_runs_no_program_of_its_name(
    shell: Shell, name: str, value: str, kind: str
) -> None:
    shell.good(f"{name} = {value}")
    with pytest.raises(UsageError) as refusal:
        shell.good(f"%mcp connect {name}")
    assert kind in str(refusal.value)
    assert "Cannot connect to" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_command_as_a_list_of_words_in_a_variable_is_run(shell: Shell) -> None:
    root = ROOT
    shell.good(f"command = [{sys.executable!r}, '-m', 'tests.support.echoes']", f"%mcp connect command --cwd '{root}'")
    assert "3" in repr(shell.good("%mcp call add a=1 b=2 --on echoes"))
