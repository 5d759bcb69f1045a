"""The servers that are measured, each in a kernel of its own, and each on a thread behind uvicorn.

A peer's kernel never loads the extension: what that sets for a whole process must not help or hinder the peer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.wire import ADD, MODERN, Block, Job
from tests.support.kernels import Kernel, running_kernel

TOOL = """
async def add(a: int, b: int) -> int:
    return a + b
"""

BARE = """
from mcp.server import MCPServer
server = MCPServer("bare")
app = server.streamable_http_app()
"""

FASTMCP = """
from fastmcp import FastMCP
server = FastMCP("fastmcp")
app = server.http_app()
"""

# As `Listener` does it, but for the token: without IPPROTO_TCP Nagle's algorithm would add 40 ms to a peer's calls.
ON_A_THREAD = """
import socket, threading, uvicorn
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen(128)
config = uvicorn.Config(app, log_config=None, access_log=False, ws="none")
threading.Thread(target=uvicorn.Server(config).run, args=([listener],), daemon=True).start()
"""


@dataclass(frozen=True)
class Served:
    """A kernel, and where its server listens."""

    kernel: Kernel
    url: str
    token: str | None = None


@contextmanager
def ours(*tools: str) -> Iterator[Served]:
    """Serve tools from a kernel with the extension: recorder and token on, as they are by default."""
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good("%mcp new ours")
        kernel.good("%%mcp_tool\n" + "".join(tools or [TOOL]))
        kernel.good("_served = %mcp serve")
        url, token = kernel.value("(_served.url, str(_served.token))")
        yield Served(kernel, url, token)


@contextmanager
def bare(*tools: str) -> Iterator[Served]:
    """Serve tools with the SDK alone, without a token."""
    with _on_a_thread(BARE, tools or [TOOL]) as served:
        yield served


@contextmanager
def fastmcp(*tools: str) -> Iterator[Served]:
    """Serve tools with FastMCP, without a token."""
    with _on_a_thread(FASTMCP, tools or [TOOL]) as served:
        yield served


@contextmanager
def _on_a_thread(setup: str, tools: Sequence[str]) -> Iterator[Served]:
    with running_kernel() as kernel:
        kernel.good(setup)
        kernel.good("".join(f"@server.tool(){tool}" for tool in tools))
        kernel.good(ON_A_THREAD)
        port = kernel.value("listener.getsockname()[1]")
        yield Served(kernel, f"http://127.0.0.1:{port}/mcp")


def measure(
    *servers: Served,
    blocks: int,
    calls: int,
    connections: int = 1,
    method: str = "tools/call",
    params: dict[str, Any] = ADD,
    era: str = MODERN,
    apart: bool = False,
) -> list[list[Block]]:
    """Call servers in turn from another process; return for each server its blocks, as `wire` has them.

    Args:
        apart: Keep the servers on one core and the client on another. Left to itself, Linux puts a server now beside
            its client and now on another core, for whole runs, and a call takes 0.33 or 0.48 ms accordingly: more than
            what is compared. Only on Linux, and with two cores or more.
    """
    cores = sorted(os.sched_getaffinity(0)) if apart and sys.platform == "linux" else []
    if len(cores) > 1:
        for served in servers:
            _keep_on(cores[0], served)
    where = [(served.url, served.token) for served in servers]
    job = Job(where, method, params, era, connections, blocks, calls, cores[1] if len(cores) > 1 else None)
    # The token goes by stdin, so no command line shows it.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.wire"],
        input=json.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    in_turn = [[Block(**peer) for peer in block] for block in json.loads(done.stdout)]
    return [list(blocks) for blocks in zip(*in_turn, strict=True)]


def _keep_on(core: int, served: Served) -> None:
    process = served.kernel.value('__import__("os").getpid()')
    for thread in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def p50(blocks: Sequence[Block]) -> float:
    """Return the median of the blocks' medians, in milliseconds."""
    return median(block.p50 for block in blocks)


def rate(blocks: Sequence[Block]) -> float:
    """Return the median of the blocks' rates, in calls a second."""
    return median(block.rate for block in blocks)


def slower(ours: Sequence[Block], peer: Sequence[Block]) -> float:
    """Return how many times longer our calls take: the median of the ratios of neighboring blocks."""
    return median(a.p50 / b.p50 for a, b in zip(ours, peer, strict=True))


def faster(ours: Sequence[Block], peer: Sequence[Block]) -> float:
    """Return how many times more calls a second we serve: the median of the ratios of neighboring blocks."""
    return median(a.rate / b.rate for a, b in zip(ours, peer, strict=True))
