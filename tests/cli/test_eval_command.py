"""``mcp-notebook eval``: the cases of a file on any server, with exit statuses for CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcp_notebook.cli import main

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


def test_a_file_that_is_not_there_is_one_line(run: CliRunner) -> None:
    done = run.invoke(main, ["eval", "server.py", "nothing.yaml"])
    assert done.exit_code == 2
    assert done.stderr == "mcp-notebook eval: Cannot read nothing.yaml (No such file or directory).\n"
