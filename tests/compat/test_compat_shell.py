"""``mcp-notebook compat``: the report on stdout, the rest on stderr, exit statuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mcp.server.mcpserver import MCPServer

from mcp_notebook.cli import main
from mcp_notebook.compat.conformance import SCENARIO_NAMES
from mcp_notebook.recording.saved import write
from mcp_notebook.server.auth import Token, TokenGate
from tests.compat.planted import PLANTED, saved
from tests.support.odd_servers import odd
from tests.support.programs import PROGRAMS, installed_or_skip
from tests.support.served import serving


def shop() -> MCPServer[Any]:
    server = MCPServer("shop")

    @server.tool()
    def add(a: int, b: int = 2) -> int:
        """Add two numbers."""
        return a + b

    return server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(shop().streamable_http_app()) as base:
        yield f"{base}/mcp"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["compat", *words])


def session(name: str | None, folder: Path) -> str:
    path = folder / "shop.jsonl"
    write(saved(PLANTED[name] if name is not None else None), path)
    return str(path)


def test_a_server_without_a_finding_ends_well(url: str) -> None:
    ran = run(url)
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "shop in 11 hosts: no problem known" in ran.stdout
    assert "! lint of add: no description: parameter 'a', parameter 'b'." in ran.stdout


def test_a_rejection_ends_with_1_and_says_what_why_and_what_to_do(tmp_path: Path) -> None:
    ran = run(session("an array without items", tmp_path))
    assert (ran.exit_code, ran.stderr) == (1, "")
    text = " ".join(ran.stdout.split())
    assert "✗ tool bad, parameter x: it is an array that does not say what its items are." in text
    assert "VS Code rejects: refuses each request with the tool." in text
    assert "Codex degrades: takes them for texts." in text
    assert "Unknown: Claude Desktop, Cursor," in text
    assert "Say it, such as list[str]." in text


def test_a_degradation_or_an_unknown_ends_with_0(tmp_path: Path) -> None:
    path = session("an array without items", tmp_path)
    assert run(path, "--host", "codex").exit_code == 0
    ran = run(path, "--host", "cursor")
    assert ran.exit_code == 0
    assert "shop in 1 host: 1 unknown" in ran.stdout
    accepted = run(path, "--host", "claude-code")
    assert "shop in 1 host: no problem known" in accepted.stdout
    assert "it is an array" not in accepted.stdout


def test_the_json_has_the_sources(tmp_path: Path) -> None:
    ran = run(session("an array without items", tmp_path), "--json", "--host", "vscode", "--host", "cursor")
    assert ran.exit_code == 1
    report = json.loads(ran.stdout)
    assert {key: host["verdict"] for key, host in report["hosts"].items()} == {"vscode": "rejects", "cursor": "unknown"}
    (finding,) = report["findings"]
    assert (finding["check"], finding["name"], finding["path"]) == ("schema-array", "bad", "parameter x")
    assert finding["hosts"]["vscode"]["source"].startswith("https://github.com/microsoft/")
    assert finding["hosts"]["vscode"]["asOf"] == "2026-03-28"
    assert finding["hosts"]["cursor"] == {"verdict": "unknown"}
    assert report["tokens"]["estimated"] is True
    assert "conformance" not in report


def test_a_host_that_there_is_not_ends_with_2_and_names_all(url: str) -> None:
    ran = run(url, "--host", "vs-code")
    assert (ran.exit_code, ran.stdout) == (2, "")
    (line,) = ran.stderr.splitlines()
    assert line.startswith("mcp-notebook compat: There is no host 'vs-code'. Did you mean 'vscode'?")
    assert "claude-code" in line


def test_a_server_that_cannot_be_reached_ends_with_2() -> None:
    ran = run("http://127.0.0.1:1/mcp")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert len(ran.stderr.splitlines()) == 1


def test_a_fixed_token_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token.make()
    monkeypatch.setenv("SHOP_TOKEN", str(token))
    with serving(TokenGate(shop().streamable_http_app(), token)) as base:
        ran = run(f"{base}/mcp", "--token", "SHOP_TOKEN", "--json")
    assert ran.exit_code == 1
    assert [finding["check"] for finding in json.loads(ran.stdout)["findings"]] == ["access-token"]
    assert str(token) not in ran.stdout + ran.stderr


def test_what_a_foreign_server_says_is_shown_without_its_control_characters() -> None:
    name = "a\x1b[31m\nb"
    line = " ".join(
        f"'{word}'" if " " in word or '"' in word else word for word in odd(tools=[{"name": name, "inputSchema": {}}])
    )
    ran = run(line)
    assert ran.exit_code == 1, ran.stderr
    assert "\x1b" not in ran.stdout
    assert "tool a" in ran.stdout


def test_the_suite_needs_a_url_without_a_token(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = run(session(None, tmp_path), "--conformance")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "--conformance needs the URL of a server without a token" in ran.stderr
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = run(url, "--conformance")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "npm install --global @modelcontextprotocol/conformance@" in ran.stderr


@pytest.mark.outside
def test_the_official_suite_runs(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_or_skip()
    monkeypatch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
    ran = run(url, "--conformance", "--json")
    assert ran.exit_code == 0, ran.stderr
    outcomes = json.loads(ran.stdout)["conformance"]
    assert [outcome["scenario"] for outcome in outcomes] == list(SCENARIO_NAMES)
    assert [outcome for outcome in outcomes if outcome["failed"] or not outcome["checks"]] == []


def test_the_command_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mcp_notebook",
            "compat",
            session("a dot in a name", tmp_path),
            "--host",
            "claude-desktop",
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "its name has '.'" in done.stdout


def test_only_a_command_is_checked_as_a_process(tmp_path: Path) -> None:
    path = tmp_path / "shop.py"
    path.write_text(
        "from mcp.server.mcpserver import MCPServer\n\n"
        'server = MCPServer("shop")\n\n\n'
        '@server.tool()\ndef now() -> str:\n    """Return the hour."""\n    return "5"\n\n\n'
        'server.run("stdio")\n'
    )
    of_file = run(str(path))
    assert (of_file.exit_code, "as a process" in of_file.stdout) == (0, False), of_file.output
    of_command = run(f'"{sys.executable}" "{path}"')
    assert of_command.exit_code == 1
    assert "it is started as a process (stdio)" in " ".join(of_command.stdout.split())
