"""The facts that were measured hold: hosts that run here are driven, with a stand-in for their model.

Claude Code comes with the programs from npm. Codex and Gemini CLI are large: they are driven if the PATH has them
(``npm install @openai/codex@0.171.0 @google/gemini-cli@0.61.0``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mcp_notebook.compat import check, of_session
from mcp_notebook.compat.facts import Fact
from mcp_notebook.compat.report import VERDICTS, HostVerdict
from tests.compat.planted import DRAFT_7, PLANTED, Planted, saved
from tests.support.host_models import Model, standing_in
from tests.support.odd_servers import command
from tests.support.programs import PROGRAMS, installed_or_skip

pytestmark = [pytest.mark.outside, pytest.mark.once]

KEYS = {"claude": "claude-code", "codex": "codex", "gemini": "gemini"}
MEASURED = "tests/compat/test_measured_hosts.py"
LISTED = {
    f"s{number}": planted
    for number, planted in enumerate(PLANTED.values())
    if planted.tools and not planted.calls and planted.check not in ("unreadable", "tools-number", "tool-name-length")
}
"""The planted servers whose fault is in their tools, by short names."""

NAMED = {short: name for short, planted in LISTED.items() for name, one in PLANTED.items() if one is planted}
"""The names of those in the kept set."""

OBJECT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
SVG = {"content": [{"type": "image", "data": "PHN2Zy8+", "mimeType": "image/svg+xml"}]}


def text(words: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}]}


ANSWERING: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "large": ({}, text("r" * 60_000)),
    "image": ({}, SVG),
    "unfit": ({"outputSchema": OBJECT}, {**text("x"), "structuredContent": {"n": "x"}}),
    "bare": ({"outputSchema": OBJECT}, text("x")),
    "older": ({"outputSchema": {"$schema": DRAFT_7, **OBJECT}}, {**text("x"), "structuredContent": {"n": 707}}),
}
"""The servers with a tool that is called: the tool's further fields, and its result."""


@dataclass
class Driven:
    """A host that has run.

    Attributes:
        host: Its name.
        model: Its model, with what it was sent.
        said: What the host said of itself to a server.
    """

    host: str
    model: Model
    said: dict[str, Any]

    def offered(self, server: str) -> list[str]:
        """The tools of a server that the model was told of."""
        prefix = f"mcp_{server}_" if self.host == "gemini" else f"mcp__{server}__"
        return [name for name in self.model.tools() if name.startswith(prefix)]

    def schema(self, server: str) -> str:
        """The input schema of a server's bad tool, as the model was told of it."""
        (tool,) = [tool for name, tool in self.model.tools().items() if name in self.offered(server) and "bad" in name]
        known = ("input_schema", "parameters", "parametersJsonSchema")
        return json.dumps(next(tool[key] for key in known if key in tool))

    def results(self) -> list[str]:
        """The results of tools in the last request to the model, each as JSON."""
        body = self.model.sent[-1]
        parts = [*body.get("messages", []), *body.get("input", []), *body.get("contents", [])]
        marks = ("tool_result", "function_call_output", "functionResponse")
        return [written for part in parts if any(mark in (written := json.dumps(part)) for mark in marks)]

    @property
    def last(self) -> str:
        """The last request to the model."""
        return json.dumps(self.model.sent[-1], ensure_ascii=False)


def servers(log: Path) -> dict[str, list[str]]:
    """The commands of all servers."""
    found = {name: of(saved(planted).lists["tool"], log) for name, planted in LISTED.items()}
    for name, (more, result) in ANSWERING.items():
        tool = {"name": "go", "description": "Go.", "inputSchema": {"type": "object", "properties": {}}, **more}
        found[name] = of([tool], log, result)
    name = "n" * (128 - len("mcp__t128__"))
    long = {"name": name, "description": "x", "inputSchema": {"type": "object"}}
    found["t128"] = of([long], log)
    found["t129"] = of([{**long, "name": name + "n"}], log)
    found["told"] = of([{**long, "name": "go"}], log, instructions="i" * 6_000)
    return found


def of(tools: list[Any], log: Path, result: dict[str, Any] | None = None, instructions: str = "") -> list[str]:
    """The command of a server, which keeps what it is told at the beginning."""
    answers = {"tools/list": {"result": {"tools": tools}}, "tools/call": {"result": result or text("x")}}
    *start, given = command(answers, {"tools": {}})
    return [*start, json.dumps({**json.loads(given), "log": str(log), "instructions": instructions})]


@pytest.fixture(scope="module", params=["claude", "codex", "gemini"])
def driven(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Driven:
    host: str = request.param
    home = tmp_path_factory.mktemp(host)
    if host == "claude":
        installed_or_skip()
    program = PROGRAMS / "claude" if host == "claude" else shutil.which(host)
    if program is None:
        pytest.skip(f"{host} is not on the PATH")
    with standing_in(host) as model:
        single = "_" if host == "gemini" else "__"
        model.calls = [f"mcp{single}{name}{single}go" for name in ANSWERING]
        line, environment = SETTING_UP[host](home, model.url, servers(home / "said.jsonl"))
        done = subprocess.run(
            [program, *line],
            cwd=home,
            env={"HOME": str(home), "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads((home / "said.jsonl").read_text(encoding="utf-8").splitlines()[0])
    return Driven(host, model, said)


def _claude(home: Path, url: str, commands: Mapping[str, list[str]]) -> tuple[list[str], dict[str, str]]:
    entries = {name: {"type": "stdio", "command": first, "args": rest} for name, (first, *rest) in commands.items()}
    (home / "mcp.json").write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
    allowed = ",".join(f"mcp__{name}__go" for name in ANSWERING)
    line = ["-p", "go", "--mcp-config", str(home / "mcp.json"), "--strict-mcp-config", "--allowedTools", allowed]
    quiet = ("DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC")
    waiting = {"ENABLE_TOOL_SEARCH": "false", "MCP_CONNECTION_NONBLOCKING": "0", "MCP_TIMEOUT": "120000"}
    return line, {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "none", **dict.fromkeys(quiet, "1"), **waiting}


def _codex(home: Path, url: str, commands: Mapping[str, list[str]]) -> tuple[list[str], dict[str, str]]:
    lines = ['model = "m"', 'model_provider = "here"', "[model_providers.here]", 'name = "here"']
    lines += [f"base_url = {json.dumps(f'{url}/v1')}", 'wire_api = "responses"', 'env_key = "KEY"']
    for name, (first, *rest) in commands.items():
        lines += [f"[mcp_servers.{name}]", f"command = {json.dumps(first)}", f"args = {json.dumps(rest)}"]
        lines += ["startup_timeout_sec = 120"]
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    return ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "go"], {"KEY": "none"}


def _gemini(home: Path, url: str, commands: Mapping[str, list[str]]) -> tuple[list[str], dict[str, str]]:
    entries = {name: {"command": first, "args": rest, "trust": True} for name, (first, *rest) in commands.items()}
    settings = {"mcpServers": entries, "security": {"auth": {"selectedType": "gemini-api-key"}}}
    settings["privacy"] = {"usageStatisticsEnabled": False}
    (home / ".gemini").mkdir()
    (home / ".gemini" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    line = ["--skip-trust", "--approval-mode", "yolo", "-m", "gemini-2.5-flash", "-p", "go"]
    return line, {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": url}


SETTING_UP = {"claude": _claude, "codex": _codex, "gemini": _gemini}


def measured(planted: Planted, host: str) -> tuple[str, Fact | None]:
    findings = check(of_session(saved(planted)), [KEYS[host]]).findings
    found = [finding.hosts[KEYS[host]] for finding in findings]
    worst = min(found, key=lambda one: VERDICTS.index(one.verdict), default=HostVerdict("accepts"))
    return worst.verdict, worst.fact


@pytest.mark.parametrize("server", LISTED)
def test_a_host_leaves_out_tools_where_the_table_says_that_it_rejects_something(driven: Driven, server: str) -> None:
    planted = LISTED[server]
    verdict, fact = measured(planted, driven.host)
    if planted.check in ("task-required",) or (fact is not None and fact.source != MEASURED):
        pytest.skip("that shows when a tool is called, or at the real API")
    offered, listed = driven.offered(server), saved(planted).lists["tool"]
    if verdict == "rejects":
        assert len(offered) < len(listed), (planted.check, fact)
    elif planted.check != "server-name":
        assert len(offered) == len(listed), (planted.check, fact)


def test_names_and_their_limits(driven: Driven) -> None:
    sanitized = {"claude": "my_tool", "codex": "my_tool", "gemini": "my_tool"}[driven.host]
    spaced = next(name for name, planted in LISTED.items() if planted.name == "my tool")
    assert any(name.endswith(f"_{sanitized}") for name in driven.offered(spaced))
    names = driven.offered("t128")
    if driven.host == "gemini":
        assert [len(name) for name in driven.model.tools() if name.startswith("mcp_t12")] == [63, 63]
    else:
        assert [len(name) for name in names] == [128]
        assert [len(name) for name in driven.offered("t129")] == ([] if driven.host == "claude" else [128])


def test_long_texts(driven: Driven) -> None:
    described = next(name for name, planted in LISTED.items() if planted.check == "description-length")
    (long,) = [tool for name, tool in driven.model.tools().items() if name.endswith("bad") and described in name]
    cut = driven.host == "claude"
    assert long["description"].startswith("d" * 4096)
    assert ("d" * 4097 in long["description"]) is not cut
    told = json.dumps(driven.model.sent)
    assert "i" * 4096 in told
    assert ("i" * 4097 in told) is not cut


def test_results(driven: Driven) -> None:
    kept = max(len(part) for part in driven.last.split('"') if part.startswith("r" * 100) or "rrrr" in part)
    assert kept < {"claude": 5_000, "codex": 13_000, "gemini": 42_000}[driven.host]
    assert kept > {"claude": 1_000, "codex": 9_000, "gemini": 39_000}[driven.host]
    image = {"claude": "saved to", "codex": "image content omitted", "gemini": "image/svg+xml"}[driven.host]
    assert image in driven.last
    refuses = driven.host == "gemini"
    assert ("Structured content does not match" in driven.last) is refuses
    assert ("has an output schema but did not return structured content" in driven.last) is refuses


def test_a_tool_whose_output_schema_names_draft_7_is_called(driven: Driven) -> None:
    answered = "x" if driven.host == "gemini" else "707"  # Gemini CLI shows the text, the others the structure
    assert driven.offered("older")
    assert any(answered in found for found in driven.results())
    assert "dialect" not in driven.last


def test_tuples_and_arrays_as_the_model_sees_them(driven: Driven) -> None:
    arrays = {name: server for server, name in NAMED.items() if name.startswith("a tuple of 2020-12")}
    arrays |= {name: server for server, name in NAMED.items() if name == "an array without items, in a definition"}
    seen = {name: driven.schema(server) for name, server in arrays.items()}
    if driven.host != "codex":
        assert all("prefixItems" in seen[name] for name in seen if name.startswith("a tuple"))
        return
    assert all("prefixItems" not in schema for schema in seen.values())
    texts = '"items": {"type": "string"}'
    assert texts in seen["a tuple of 2020-12"]
    assert texts in seen["a tuple of 2020-12 without a type"]
    assert texts in seen["a tuple of 2020-12, in a definition"]
    assert texts in seen["an array without items, in a definition"]
    assert '"items": {}' in seen["a tuple of 2020-12 with further items"]


def test_what_a_host_offers_to_servers(driven: Driven) -> None:
    capabilities = driven.said["params"]["capabilities"]
    known = {key: "accepts" for key in ("elicitation", "roots", "sampling") if key in capabilities}
    asked = {name: planted for name, planted in PLANTED.items() if planted.check.startswith("asks-")}
    table = {planted.check.removeprefix("asks-"): measured(planted, driven.host)[0] for planted in asked.values()}
    assert table == {key: known.get(key, "rejects") for key in table}
    assert "extensions" not in capabilities
