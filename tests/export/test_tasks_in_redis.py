"""An exported package whose tasks are in a Redis, run twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from mcp_notebook.server.extensions.tasks.redis_lease import LEASE
from tests.support.redis_server import running_redis
from tests.support.shells import running_shell
from tests.support.task_tools import connected
from tests.support.waiting import DEADLINE, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

CELL = """%%mcp_tool --task
import asyncio

async def train(seconds: float) -> str:
    "Train."
    await asyncio.sleep(seconds)
    return "trained"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "lab"
    with running_shell() as shell:
        shell.good("%load_ext mcp_notebook", CELL, f"%mcp export {folder} --no-proof")
    return folder


@contextmanager
def served(folder: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "lab", "--transport", "http", "--port", "0"]
    env = os.environ | {"PYTHONPATH": str(folder / "src"), "LAB_ALLOW_OTHER_USERS": "1"} | variables
    running = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr is not None
        said: list[str] = []
        until(lambda: said.append(running.stderr.readline()) or "Listening at " in said[-1], why=lambda: str(said))  # type: ignore[union-attr]
        yield running, said[-1].split("Listening at ")[1].split('"')[0].strip()
    finally:
        running.kill()
        running.communicate()


def test_two_processes_answer_for_one_and_the_tasks_of_one_that_stops_fail_at_once(folder: Path) -> None:
    async def main(url: str, other_url: str, stopping: subprocess.Popen[str]) -> None:
        async with connected(other_url) as other:
            async with connected(url) as one:
                short = (await one.call("train", seconds=0.1))["taskId"]
                long = (await one.call("train", seconds=600))["taskId"]
                done = await other.until(short, "completed")
                assert done["result"]["structuredContent"] == {"result": "trained"}
                assert (await other.task("get", long))["status"] == "working"
            began = time.monotonic()
            stopping.send_signal(signal.SIGTERM)
            assert "server ended" in (await other.until(long, "failed"))["statusMessage"]
            assert time.monotonic() - began < LEASE - 2  # it did not wait for a lease to expire
            with anyio.fail_after(DEADLINE):
                while stopping.poll() is None:
                    await anyio.sleep(0.01)
            assert await other.until(short, "completed") == done  # it outlives the process

    with (
        running_redis() as redis,
        served(folder, LAB_REDIS_URL=redis.url) as (process, url),
        served(folder, LAB_REDIS_URL=redis.url) as (_, other_url),
    ):
        anyio.run(main, url, other_url, process)


def test_what_is_written_says_how_to_set_it(folder: Path) -> None:
    assert "\nLAB_REDIS_URL=\n" in (folder / ".env.example").read_text()
    assert "| `LAB_REDIS_URL` | secret |" in (folder / "README.md").read_text()
    project = (folder / "pyproject.toml").read_text()
    assert '\nredis = ["redis' in project
    required, _, optional = project.partition("[project.optional-dependencies]")
    assert "redis" not in required
    assert optional.count("redis>=") == 2  # the extra, and what the type checker reads
    assert "\nredis==" in (folder / "requirements.lock").read_text()


def test_without_the_library_the_package_starts_and_a_set_variable_is_refused_in_one_line(folder: Path) -> None:
    script = (
        "import sys; sys.modules['redis'] = None; from lab.__main__ import main\n"
        "main(['--transport', 'http', '--port', '-1'])"
    )
    env = os.environ | {"PYTHONPATH": str(folder / "src"), "LAB_ALLOW_OTHER_USERS": "1"}

    def said(**variables: str) -> str:
        command = [sys.executable, "-c", script]
        return subprocess.run(command, env=env | variables, capture_output=True, text=True, check=False).stderr

    assert "port" in said()  # so far it got
    refused = said(LAB_REDIS_URL="redis://:secret@localhost/0")
    assert refused == (
        "lab: ImportError: LAB_REDIS_URL is set, and redis is not installed. Run: pip install 'lab[redis]'\n"
    )
