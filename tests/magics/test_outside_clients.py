"""Programs that others wrote connect to a live notebook."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.kernels import Kernel, running_kernel
from tests.support.programs import Programs

pytestmark = [pytest.mark.slow, pytest.mark.outside]

CELLS = [
    "%load_ext mcp_notebook",
    '%%mcp_tool\ndef add(a: int, b: int) -> int:\n    """Add."""\n    return a + b',
    '%%mcp_resource note://shelf\ndef shelf() -> str:\n    """What stands there."""\n    return "Emma"',
    '%%mcp_prompt\ndef advise(topic: str) -> str:\n    """Ask for advice."""\n    return f"What about {topic}?"',
    '%%mcp_skill lend --description "Lend a book. Use it when a neighbour asks."\n# Lend\nCall the tool `add`.',
    "_served = %mcp serve",
]


@dataclass
class Way:
    """How a client reaches the notebook.

    Attributes:
        entry: The server's entry in a configuration file.
        arguments: What ``claude mcp add`` takes after the options.
        environment: What the client is started with.
    """

    entry: dict[str, Any]
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)


def over_http(kernel: Kernel) -> Way:
    """The token is in a file of the test and in the environment, on no command line."""
    url, token = kernel.value("(_served.url, str(_served.token))")
    return Way(
        entry={"type": "http", "url": url, "headers": {"Authorization": f"Bearer {token}"}},
        arguments=["--transport", "http", "notebook", url, "--header", "Authorization: Bearer ${NOTEBOOK_TOKEN}"],
        environment={"NOTEBOOK_TOKEN": token},
    )


def over_bridge(_kernel: Kernel) -> Way:
    """Neither port nor token is in the configuration: the bridge finds both."""
    command = ["-m", "mcp_notebook", "connect", "notebook"]
    runtime = {"JUPYTER_RUNTIME_DIR": os.environ["JUPYTER_RUNTIME_DIR"]}
    return Way(
        entry={"type": "stdio", "command": sys.executable, "args": command, "env": runtime},
        arguments=["notebook", "--", sys.executable, *command],
        environment=runtime,
    )


WAYS: dict[str, Callable[[Kernel], Way]] = {"http": over_http, "bridge": over_bridge}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        with running_kernel() as kernel:
            for cell in CELLS:
                kernel.good(cell)
            yield kernel


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest, kernel: Kernel) -> Way:
    return WAYS[request.param](kernel)


@pytest.fixture
def programs(way: Way, tmp_path: Path) -> Programs:
    quiet = dict.fromkeys(["DISABLE_TELEMETRY", "DISABLE_AUTOUPDATER", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"], "1")
    return Programs(tmp_path, {**quiet, **way.environment, "MCP_INSPECTOR_SECRET_STORE": "memory"})


def inspect(programs: Programs, entry: dict[str, Any], era: str, method: str, *options: str) -> dict[str, Any]:
    """Ask one thing with the Inspector's command line, and return the result."""
    return json.loads(inspected(programs, entry, era, method, *options))["result"]


def inspected(programs: Programs, entry: dict[str, Any], era: str, method: str, *options: str) -> str:
    config = programs.home / "mcp.json"
    config.touch(mode=0o600)
    config.write_text(json.dumps({"mcpServers": {"notebook": entry}}), encoding="utf-8")
    which = ["--config", str(config), "--server", "notebook", "--protocol-era", era, "--stored-auth-only"]
    done = programs.run("mcp-inspector", "--cli", *which, "--method", method, *options, "--format", "json", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_the_inspector_lists_calls_and_reads_in_both_eras(programs: Programs, way: Way, era: str) -> None:
    tools = inspect(programs, way.entry, era, "tools/list")["tools"]
    assert [(tool["name"], tool["description"]) for tool in tools] == [("add", "Add.")]

    arguments = ["--tool-name", "add", "--tool-args-json", '{"a": 40, "b": 2}']
    result = inspect(programs, way.entry, era, "tools/call", *arguments)
    assert result["structuredContent"] == {"result": 42}
    # Only a modern result says who answered.
    assert ("io.modelcontextprotocol/serverInfo" in result.get("_meta", {})) == (era == "modern")

    read = inspect(programs, way.entry, era, "resources/read", "--uri", "note://shelf")
    assert [content["text"] for content in read["contents"]] == ["Emma"]

    prompt = inspect(programs, way.entry, era, "prompts/get", "--prompt-name", "advise", "--prompt-args", "topic=tea")
    assert [message["content"]["text"] for message in prompt["messages"]] == ["What about tea?"]


def test_the_inspector_lists_and_verifies_skills(programs: Programs, way: Way) -> None:
    (skill,) = inspect(programs, way.entry, "modern", "skills/list")["skills"]
    assert (skill["uri"], skill["frontmatter"]["name"]) == ("skill://lend/SKILL.md", "lend")
    report = json.loads(inspected(programs, way.entry, "modern", "skills/list", "--verify"))
    assert report["ok"]
    found = inspect(programs, way.entry, "modern", "resources/directory/read", "--uri", "skill://lend")
    assert [child["uri"] for child in found["resources"]] == ["skill://lend/SKILL.md"]


def test_claude_code_connects(programs: Programs, way: Way) -> None:
    added = programs.run("claude", "mcp", "add", *way.arguments)
    assert added.returncode == 0, added.stdout + added.stderr
    # It exits with 0 either way, so what it prints decides.
    listed = programs.run("claude", "mcp", "list").stdout
    assert [line for line in listed.splitlines() if line.startswith("notebook:") and line.endswith("Connected")], listed


@pytest.mark.parametrize("way", ["http"], indirect=True)
def test_claude_code_does_not_connect_with_another_token(programs: Programs, way: Way) -> None:
    programs.environment["NOTEBOOK_TOKEN"] = "another"
    programs.run("claude", "mcp", "add", *way.arguments)
    listed = programs.run("claude", "mcp", "list").stdout
    assert "notebook:" in listed
    assert "Connected" not in listed
