"""What an exported package tells those who operate it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.support.shells import Shell
from tests.support.waiting import until

TOKEN = "t" * 32
TOOLS = """%%mcp_tool
import logging

def add(a: int) -> int:
    "Add one."
    logging.getLogger("shop").info("adding")
    return a + 1

def fail() -> int:
    "Fail."
    raise ValueError("no")
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(package: Path, **variables: str) -> Iterator[tuple[str, Path, subprocess.Popen[bytes]]]:
    """Start a package from its sources, with this interpreter; yield its URL, its log and its process."""
    log = package.parent / "log.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(package / "src"), **variables}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", package.name, "--transport", "http", "--port", "0"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:

        def address() -> str | None:
            assert process.poll() is None, log.read_text()
            found = re.search(r"Listening at (http://[^\s\"]+)", log.read_text())
            return found[1] if found else None

        yield until(address) or "", log, process
    finally:
        process.terminate()
        process.wait(20)


def call(url: str, token: str, *calls: tuple[str, dict[str, Any]]) -> None:
    async def main() -> None:
        async with (
            httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            for name, arguments in calls:
                await client.call_tool(name, arguments)

    anyio.run(main)


@pytest.mark.slow
def test_prometheus_finds_calls_by_tool_and_outcome(shell: Shell, tmp_path: Path) -> None:
    shell.good(TOOLS, "%mcp export shop --no-proof")
    port = free_port()
    with running(tmp_path / "shop", SHOP_TOKEN=TOKEN, SHOP_METRICS_PORT=str(port)) as (url, log, _):
        call(url, TOKEN, ("add", {"a": 1}), ("add", {"a": 2}), ("fail", {}))
        text = httpx2.get(f"http://127.0.0.1:{port}/metrics").text
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    counted = {}
    for line in text.splitlines():
        tool = re.search('gen_ai_tool_name="([^"]*)"', line)
        if tool and tool[1] and line.startswith("mcp_server_operation_duration_seconds_count"):
            outcome = re.search('error_type="([^"]*)"', line)
            counted[tool[1], outcome[1] if outcome else ""] = float(line.rpartition(" ")[2])
    assert counted == {("add", ""): 2, ("fail", "tool_error"): 1}
    adding = [line for line in lines if line["message"] == "adding"]
    assert len({line["request"] for line in adding}) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SHOP_METRICS_PORT", "SHOP_LIMIT_RATE", "SHOP_DRAIN_SECONDS"])
def test_settings_that_are_wrong_are_one_line(shell: Shell, tmp_path: Path, name: str) -> None:
    shell.good(TOOLS, "%mcp export shop --no-proof")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "shop" / "src"), name: "many"}
    command = [sys.executable, "-m", "shop", "--transport", "http", "--port", "0"]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert ended.returncode == 1
    assert f"{name} must be a number" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_a_server_that_stops_says_so_first_and_answers_meanwhile(shell: Shell, tmp_path: Path) -> None:
    shell.good(TOOLS, "%mcp export shop --no-proof")
    variables = {"SHOP_TOKEN": TOKEN, "SHOP_DRAIN_SECONDS": "3", "SHOP_GRACE_SECONDS": "5"}
    with running(tmp_path / "shop", **variables) as (url, log, process):
        health = url.replace("/mcp", "/health")
        assert [httpx2.get(f"{health}/{kind}").status_code for kind in ("live", "ready")] == [200, 200]
        process.terminate()
        until(lambda: httpx2.get(f"{health}/ready").status_code == 503)
        assert httpx2.get(f"{health}/ready").json() == {"status": "stopping"}
        assert httpx2.get(f"{health}/live").status_code == 200
        call(url, TOKEN, ("add", {"a": 1}))
        assert process.wait(20) in (0, -signal.SIGTERM)  # uvicorn raises the signal again at the end
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_a_second_signal_stops_at_once(shell: Shell, tmp_path: Path) -> None:
    shell.good(TOOLS, "%mcp export shop --no-proof")
    with running(tmp_path / "shop", SHOP_TOKEN=TOKEN, SHOP_DRAIN_SECONDS="3000") as (url, _, process):
        health = url.replace("/mcp", "/health")
        assert httpx2.get(health).status_code == 200  # before, it may not yet listen to signals
        process.terminate()
        until(lambda: httpx2.get(health).status_code == 503)
        process.terminate()
        assert process.wait(20) in (0, -signal.SIGTERM)  # uvicorn raises the signal again at the end


@pytest.mark.slow
def test_limits_of_callers_hold_over_http(shell: Shell, tmp_path: Path) -> None:
    shell.good(TOOLS, "%mcp export shop --no-proof")
    variables = {"SHOP_TOKEN": TOKEN, "SHOP_LIMIT_RATE": "0.01", "SHOP_LIMIT_BURST": "3"}
    with running(tmp_path / "shop", **variables) as (url, _, _process):
        headers = {"authorization": f"Bearer {TOKEN}"}
        statuses = [httpx2.post(url, json={}, headers=headers).status_code for _ in range(5)]
        assert [status == 429 for status in statuses] == [False] * 3 + [True] * 2
        assert httpx2.get(url.replace("/mcp", "/health")).status_code == 200
