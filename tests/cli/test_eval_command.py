"""``mcp-notebook eval``: the cases of a file on any server, with exit statuses for CI."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcp_notebook.cli import main
from tests.support.waiting import until

pytestmark = pytest.mark.slow

SERVER = '''from mcp.server.mcpserver import MCPServer

mcp = MCPServer("library")


@mcp.tool()
def burn(title: str) -> str:
    """Destroy a copy."""
    return title


@mcp.tool()
def find(author: str) -> list[str]:
    """Find which books we have by an author, such as Butler."""
    return ["Kindred"] if author == "Butler" else []


mcp.run()
'''
WAITING = '''import pathlib

import anyio
from mcp.server.mcpserver import MCPServer

mcp = MCPServer("library")


@mcp.tool()
async def wait(title: str) -> str:
    """Wait for a title."""
    if title != "Kindred":
        pathlib.Path("begun").touch()
        await anyio.sleep(600)
    return title


mcp.run()
'''
GOOD = "- prompt: Which books by Butler do we have?\n  calls:\n    - find: {author: Butler}\n  answer: Kindred\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "server.py").write_text(SERVER, encoding="utf-8")
    return CliRunner()


def evaluated(run: CliRunner, cases: str, *options: str) -> Result:
    Path("books.yaml").write_text(cases, encoding="utf-8")
    return run.invoke(main, ["eval", "server.py", "books.yaml", *options])


def test_the_table_is_on_stdout_and_the_status_says_whether_the_cases_pass(run: CliRunner) -> None:
    done = evaluated(run, GOOD, "--runs", "10", "--least", "0.5")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("eval books: 1 case, 10 runs each, with stand-in")
    again = evaluated(run, GOOD, "--runs", "10", "--least", "0.5")
    assert again.stdout == done.stdout
    bad = evaluated(run, GOOD + "- prompt: Which books?\n  calls: []\n", "--json")
    assert bad.exit_code == 1
    (side,) = json.loads(bad.stdout)["sides"]
    assert [case["name"] for case in side["cases"]] == ["Which books by Butler do we have?", "Which books?"]
    assert side["cases"][1]["failures"][0]["problems"] == ["It called find, and no call was expected."]
    assert 0 <= side["cases"][0]["interval"][0] <= side["cases"][0]["passed"] / side["cases"][0]["runs"]


@pytest.mark.parametrize(
    ("cases", "options", "line"),
    [
        ("- prompt: x", [], "mcp-notebook eval: Case 1 expects nothing."),
        (GOOD, ["--model", "nobody:nothing"], "mcp-notebook eval: Unknown model: nobody:nothing"),
    ],
)
def test_a_mistake_is_one_line_with_status_2(run: CliRunner, cases: str, options: list[str], line: str) -> None:
    done = evaluated(run, cases, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert line in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_model_that_does_not_answer_is_status_2(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:1/v1")
    done = evaluated(run, GOOD, "--model", "ollama:x", "--runs", "2")
    assert done.exit_code == 2
    assert "2 runs not scored, because the model failed: ollama:x did not answer: Connection error" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a child")
def test_an_interrupt_prints_what_was_scored(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    (tmp_path / "server.py").write_text(WAITING, encoding="utf-8")
    cases = '- name: ends\n  prompt: Wait for "Kindred"\n  calls: [wait]\n- prompt: Wait for "x"\n  calls: [wait]\n'
    (tmp_path / "books.yaml").write_text(cases, encoding="utf-8")
    command = [sys.executable, "-m", "mcp_notebook", "eval", "server.py", "books.yaml"]
    # A test that was itself started in the background may ignore SIGINT, and a child inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with running:
        try:
            until(begun.exists)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert re.search(r"^  ends +1/1, 100% ", out, re.MULTILINE), out
    assert "It was interrupted: only the runs that had ended are scored." in out
    assert (running.returncode, err) == (130, "mcp-notebook eval: interrupted.\n")


def test_a_model_is_asked_once_however_often_it_is_named(run: CliRunner) -> None:
    done = evaluated(run, GOOD, "--model", "stand-in", "--model", "stand-in", "--runs", "1", "--json")
    assert len(json.loads(done.stdout)["sides"]) == 1


def test_a_file_that_is_not_there_is_one_line(run: CliRunner) -> None:
    done = run.invoke(main, ["eval", "server.py", "nothing.yaml"])
    assert done.exit_code == 2
    assert done.stderr == "mcp-notebook eval: Cannot read nothing.yaml (No such file or directory).\n"
