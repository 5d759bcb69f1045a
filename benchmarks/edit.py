"""From the start of a cell to the answer of its new version, to a client in another process that was told of it.

Next to FastMCP's `run --reload` on the same edit, from the moment the file is written.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import monotonic

from benchmarks.servers import Served, ours
from benchmarks.table import Row

DEADLINE = 60
TOOL = """
def version() -> int:
    return {}
"""
FASTMCP = "from fastmcp import FastMCP\nmcp = FastMCP('peer')\n@mcp.tool"

# Linux and macOS have one monotonic clock for all processes, so a kernel's stamp and a client's can be compared.
STAMP_CELLS = """
import time
_started = []
get_ipython().events.register(
    "pre_run_cell", lambda info: _started.append(time.monotonic()) if info.raw_cell.startswith("%%mcp_tool") else None
)
"""


class Watcher:
    """A running `benchmarks.watcher`, and what it saw."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._seen: queue.Queue[dict[str, float]] = queue.Queue()
        assert process.stdout is not None
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def saw(self, version: int) -> float:
        """Wait until the client had an answer of that version; return when, as `time.monotonic` has it."""
        while True:
            try:
                seen = self._seen.get(timeout=DEADLINE)
            except queue.Empty:
                raise TimeoutError(f"no client saw version {version}: was it told of the change?") from None
            if seen["version"] == version:
                return seen["at"]

    def _read(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._seen.put(json.loads(line))


@contextmanager
def watching(way: str, url: str, token: str | None) -> Iterator[Watcher]:
    with _running(sys.executable, "-m", "benchmarks.watcher", way) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"url": url, "token": token}))
        process.stdin.close()
        yield Watcher(process)


@contextmanager
def _running(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    env = {**os.environ, **environment}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.terminate()


def cell_edits(served: Served, watcher: Watcher, versions: range) -> Iterator[float]:
    """Run the tool's cell again and again; yield the milliseconds from its start to the client's answer."""
    for version in versions:
        served.kernel.good(f"%%mcp_tool{TOOL.format(version)}")
        seen = watcher.saw(version)
        yield (seen - served.kernel.value("_started[-1]")) * 1000


def file_edits(file: Path, watcher: Watcher, versions: range) -> Iterator[float]:
    """The same by writing the file that `fastmcp run --reload` watches."""
    for version in versions:
        written = monotonic()
        file.write_text(FASTMCP + TOOL.format(version), encoding="utf-8")
        yield (watcher.saw(version) - written) * 1000


def reloads(edits: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "server.py")
        file.write_text(FASTMCP + TOOL.format(0), encoding="utf-8")
        port = _free_port()
        run = ("fastmcp", "run", str(file), "--transport", "http", "--port", str(port), "--no-banner")
        # It starts `fastmcp` again by that name.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with (
            _running(*run, "--reload", "--reload-dir", folder, PATH=path, FASTMCP_LOG_LEVEL="ERROR"),
            watching("polling", f"http://127.0.0.1:{port}/mcp", None) as watcher,
        ):
            watcher.saw(0)
            return list(file_edits(file, watcher, range(1, edits + 1)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def rows(*, quick: bool = False) -> list[Row]:
    edits, restarts = (20, 3) if quick else (100, 7)
    peers = reloads(restarts)
    with ours(TOOL.format(0)) as served:
        served.kernel.good(STAMP_CELLS)
        return [_of_era(era, served, edits, peers) for era in ("modern", "legacy")]


def _of_era(era: str, served: Served, edits: int, peers: list[float]) -> Row:
    first = 1_000 if era == "modern" else 2_000
    with watching(era, served.url, served.token) as watcher:
        served.kernel.good(f"%%mcp_tool{TOOL.format(first)}")
        watcher.saw(first)
        times = list(cell_edits(served, watcher, range(first + 1, first + 1 + edits)))
    ratio = median(peers) / median(times)
    return Row(
        what=f"from a cell's start until a connected {era} client has called the new version, median",
        ours=f"{median(times):.1f} ms (worst {max(times):.1f})",
        peer=f"`fastmcp run --reload`, from writing the file: {median(peers):.0f} ms",
        target=f"under 25 ms, 100 times faster (measured {ratio:.0f})",
        holds=median(times) < 25 and ratio >= 100,
        runs=f"{edits} edits; {len(peers)} reloads",
    )
