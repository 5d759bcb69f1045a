"""An exported package on two replicas behind nginx for minutes, and in one process and in two, next to FastMCP.

Needs redis-server and nginx. The package is exported and started from the files that the export writes.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

import psutil

from benchmarks.light import Block, Job
from benchmarks.table import Row
from tests.support.packages import environment, free_port, wait_for
from tests.support.replicas import TOKEN, running_cluster
from tests.support.shells import running_shell
from tests.support.waiting import until

CLIENTS = 16
FLAT = 0.05
"""A growth by less than this share of a process counts as flat."""

WARM_UP = 0.2
"""The share of the time after which memory is weighed first."""

SCALING = 1.7

CELL = "%%mcp_tool\nasync def add(a: int, b: int) -> int:\n    return a + b\n"

FASTMCP = """
from fastmcp import FastMCP
server = FastMCP("fastmcp")
@server.tool()
async def add(a: int, b: int) -> int:
    return a + b
app = server.http_app(stateless_http=True)
"""


def rows(*, quick: bool = False) -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop"
        with running_shell() as shell:
            shell.good("%load_ext mcp_notebook", CELL, f"%mcp export '{folder}' --no-proof --deploy")
        Path(place, "peer.py").write_text(FASTMCP)
        return [_for_minutes(folder, 20 if quick else 300), _scaling(folder, *((5, 1.0) if quick else (20, 3.0)))]


def _for_minutes(folder: Path, seconds: float) -> Row:
    with running_cluster(folder, LIMIT_AT_ONCE="0", LOG_LEVEL="WARNING") as cluster:
        servers: list[tuple[str, str | None]] = [(f"{cluster.url}/mcp", TOKEN)]
        processes = [psutil.Process(replica.id) for replica in cluster.replicas]
        (early,) = _measured(Job(servers, CLIENTS, 1, seconds * WARM_UP))[0]
        before = [process.memory_info().rss for process in processes]
        (later,) = _measured(Job(servers, CLIENTS, 1, seconds * (1 - WARM_UP)))[0]
        after = [process.memory_info().rss for process in processes]
    grown = max(b / a for a, b in zip(before, after, strict=True)) - 1
    bad = early.wrong + early.lost + later.wrong + later.lost
    return Row(
        what=f"{CLIENTS} clients for {seconds:.0f} s on two replicas behind nginx, with Redis: lost or wrong answers",
        ours=f"{bad} of {early.answers + later.answers:,}; memory of a replica {_mb(before)} MB, then {_mb(after)} MB",
        peer="",
        target=f"none; memory grows under {FLAT:.0%} after the first fifth (measured {grown:+.1%})",
        holds=bad == 0 and grown < FLAT,
        runs=f"one run of {seconds:.0f} s",
    )


def _scaling(folder: Path, blocks: int, seconds: float) -> Row:
    with ExitStack() as stack:
        servers: list[tuple[str, str | None]] = []
        for number in (1, 2):
            servers += [
                (stack.enter_context(_ours(folder, number)), TOKEN),
                (stack.enter_context(_fastmcp(folder.parent, number)), None),
            ]
        one, fast_one, two, fast_two = zip(*_measured(Job(servers, CLIENTS, 1 + blocks, seconds))[1:], strict=True)
    scaled, fast_scaled = _times(one, two), _times(fast_one, fast_two)
    bad = sum(block.wrong + block.lost for block in (*one, *two))
    return Row(
        what=f"calls a second of a package with one process and with two (`WORKERS`), {CLIENTS} clients at once",
        ours=f"{_rate(one)} and {_rate(two)}, {scaled:.2f} times as many",
        peer=f"FastMCP under uvicorn: {_rate(fast_one)} and {_rate(fast_two)}, {fast_scaled:.2f} times as many",
        target=f"at least {SCALING} times as many, on two cores with the client beside; {bad} lost or wrong",
        holds=scaled >= SCALING and bad == 0,
        runs=f"{blocks} blocks of {seconds:g} s each",
    )


def _measured(job: Job) -> list[list[Block]]:
    """Call servers in turn from another process, which gets the token by stdin, so that no command line shows it."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.light"],
        input=json.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [[Block(**peer) for peer in block] for block in json.loads(done.stdout)]


def _times(one: tuple[Block, ...], two: tuple[Block, ...]) -> float:
    return median(b.rate / a.rate for a, b in zip(one, two, strict=True))


def _rate(blocks: tuple[Block, ...]) -> str:
    return f"{median(block.rate for block in blocks):.0f}"


def _mb(sizes: list[int]) -> str:
    return f"{max(sizes) / 1e6:.0f}"


@contextmanager
def _ours(folder: Path, workers: int) -> Iterator[str]:
    port = free_port()
    variables = {
        "TOKEN": TOKEN,
        "STATELESS": "1",
        "WORKERS": str(workers),
        "LIMIT_AT_ONCE": "0",
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "shop", "--transport", "http", "--port", str(port)]
    with _running(command, folder, environment(folder, **{f"SHOP_{key}": value for key, value in variables.items()})):
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def _fastmcp(folder: Path, workers: int) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "peer:app", "--workers", str(workers), "--port", str(port)]
    with _running([*command, "--log-level", "warning", "--no-access-log"], folder, dict(os.environ)):
        until(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}/mcp"


@contextmanager
def _running(command: list[str], folder: Path, variables: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=folder, env=variables)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
