"""Clients of others follow our tasks: the Inspector, and the package of the extension's authors for TypeScript."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import ROOT
from tests.support.programs import PROGRAMS, Programs
from tests.support.task_tools import TaskTools, over_http

pytestmark = [pytest.mark.outside, pytest.mark.slow]


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path, {"MCP_INSPECTOR_SECRET_STORE": "memory"})


@pytest.fixture
def tools() -> TaskTools:
    tools = TaskTools()
    tools.step.release()
    return tools


@pytest.fixture
def url(tools: TaskTools) -> Iterator[str]:
    with over_http(tools.server.streamable_http_app()) as url:
        yield url


def statuses(tools: TaskTools) -> list[str]:
    return [task.status for task, _ in tools.tasks._store._ended.values()]  # type: ignore[attr-defined]


def test_the_inspector_follows_a_task(programs: Programs, tools: TaskTools, url: str) -> None:
    where = ["--server-url", url, "--transport", "http", "--protocol-era", "modern", "--stored-auth-only"]
    call = ["--method", "tools/call", "--tool-name", "train", "--tool-arg", "steps=1"]
    done = programs.run("mcp-inspector", "--cli", *where, *call, "--format", "json", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["result"]["structuredContent"] == {"result": "trained in 1 steps"}
    assert statuses(tools) == ["completed"]


@pytest.mark.parametrize(
    ("tool", "status", "result"),
    [
        ("train", "completed", {"result": "trained in 1 steps"}),
        ("asks", "completed", {"result": "Ada and Ada"}),
        ("resolves", "completed", {"result": "Ada in Ada"}),
        ("refuses", "failed", None),
    ],
)
def test_the_package_for_typescript_follows_a_task(
    programs: Programs, tools: TaskTools, url: str, tool: str, status: str, result: Any
) -> None:
    script = ROOT / "tests" / "support" / "follow_task.mjs"
    given = json.dumps({"steps": 1} if tool == "train" else {})
    done = programs.run("node", str(script), str(PROGRAMS.parent), url, tool, given)
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads(done.stdout)["outcome"]
    assert outcome["status"] == status
    assert outcome.get("result", {}).get("structuredContent") == result
    assert statuses(tools) == [status]
