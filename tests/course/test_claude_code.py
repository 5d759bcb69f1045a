"""Claude Code with a script as its model: the real one where it is installed, and one clear line where it is not."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.course.claude_code import configuration_in, run_claude_code
from tests.support.programs import PROGRAMS, installed_or_skip

SERVER = """
from mcp.server import MCPServer
mcp = MCPServer("library")
@mcp.tool()
def search(text: str) -> list[str]:
    "Find books."
    return ["Emma"]
@mcp.tool()
def lend(title: str) -> str:
    "Lend a book."
    return "lent"
mcp.run()
"""
SERVERS = {"library": {"type": "stdio", "command": sys.executable, "args": ["-c", SERVER]}}
STEPS: list[str | dict[str, Any]] = [
    {"tool": "search", "arguments": {"text": "é"}},
    {"tool": "lend", "arguments": {"title": "Emma"}},
    "Sorry.",
]


def put_on_the_path(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> None:
    (folder / "program.py").write_text(program, encoding="utf-8")
    file = folder / "claude"
    # Not Python itself in the first line: its path may hold a space, which ends the name of a program there.
    file.write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(folder / 'program.py'))}\n", encoding="utf-8"
    )
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_where_it_is_missing_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    shown = repr(run_claude_code("Hello", SERVERS, STEPS))
    assert shown == "Claude Code is not installed here (no 'claude' on the PATH), so this step is skipped."


@pytest.mark.skipif(sys.platform == "win32", reason="A program is a script with a first line")
def test_one_that_fails_is_named_with_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_on_the_path(monkeypatch, tmp_path, "import sys\nsys.exit('one\\nno such option')")
    assert repr(run_claude_code("Hello", SERVERS, STEPS)) == "Claude Code ended with status 1: no such option"


@pytest.mark.skipif(sys.platform == "win32", reason="A program is a script with a first line")
def test_it_runs_with_a_home_of_its_own_and_without_the_persons_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "of-the-person")
    monkeypatch.setenv("CLAUDE_CODE_USE_BEDROCK", "1")
    names = "HOME", "CLAUDE_CONFIG_DIR", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CODE_USE_BEDROCK"
    put_on_the_path(
        monkeypatch, tmp_path, f"import os, sys\nsys.exit('|'.join(str(os.environ.get(n)) for n in {names}))"
    )
    said = repr(run_claude_code("Hello", SERVERS, STEPS)).partition(": ")[2]
    home, settings, key, url, bedrock = said.split("|")
    assert home != os.environ.get("HOME")
    assert Path(settings).parent == Path(home)
    assert not Path(home).exists()
    assert (key, bedrock) == ("none", "None")
    assert url.startswith("http://127.0.0.1:")


def test_the_configuration_is_taken_from_what_the_verb_shows() -> None:
    shown = 'clients of library\n  In .mcp.json of the project:\n    {"mcpServers": {"library": {"command": "python"}}}'
    assert configuration_in(shown) == {"mcpServers": {"library": {"command": "python"}}}


@pytest.mark.outside
@pytest.mark.once
@pytest.mark.slow
def test_the_real_one_calls_what_is_allowed_and_tells_its_model_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    installed_or_skip()
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    transcript = run_claude_code("Lend me Emma.", SERVERS, STEPS, allow=["search"])
    assert sorted(transcript.tools) == ["mcp__library__lend", "mcp__library__search"]
    host, *rest = transcript.lines
    assert host.startswith("host: claude-cli 2.")
    assert rest == [
        'model (a script): calls search {"text": "é"}',
        '  result: {"result":["Emma"]}',
        'model (a script): calls lend {"title": "Emma"}',
        "  error: Claude requested permissions to use mcp__library__lend, but you haven't granted it yet.",
        "model (a script): Sorry.",
    ]
