"""The cost of all extensions for a call of a plain tool, and that of a call as a task next to FastMCP's.

All servers live in one kernel and are called on its loop, in turns. FastMCP's tasks are a package of their own,
`fastmcp-tasks`; without it, its row is left out.
"""

from __future__ import annotations

from importlib.util import find_spec
from statistics import median

from benchmarks.servers import TOOL
from benchmarks.table import Row
from tests.support.kernels import Kernel, running_kernel

SERVERS = f"""
from mcp import Client
from mcp_notebook import NotebookServer
from mcp_notebook.server import sdk_gaps
from mcp_notebook.client.extensions.tasks import TasksExtension
from mcp_notebook.server.extended import extended
from mcp_notebook.server.extensions.tasks import Tasks
ours, without = NotebookServer("ours"), NotebookServer("without")
@ours.tool()
@without.tool(){TOOL}
async def double(n: int) -> int:
    return 2 * n
ours.add_tool(double)
extended(ours, Tasks).add("double")
"""

OTHERS = (
    '%%mcp_skill lend --server ours --description "Use it when asked."\n# Lend',
    "%%mcp_event thing.lent --server ours\ndef lent(cursor: str | None) -> list[dict[str, str]]:\n    return []",
    "%%mcp_app ui://doubled --server ours --tool double\n<p>Doubled</p>",
)
"""Cells that put the other extensions on the server: skills, events and apps."""

FASTMCP = """
import fastmcp, fastmcp_tasks
theirs = fastmcp.FastMCP("theirs")
theirs.add_extension(fastmcp_tasks.TasksExtension(url="memory://"))
theirs.tool(task=True)(double)
"""

CLIENTS = """
import time

async def block(client, calls, tool, arguments):
    start = time.perf_counter()
    for _ in range(calls):
        await client.call_tool(tool, arguments)
    return (time.perf_counter() - start) / calls

async def in_turns(one, other, blocks, calls, tool, arguments):
    async with one as a, other as b:
        await block(a, calls, tool, arguments), await block(b, calls, tool, arguments)
        turns = []
        for turn in range(blocks):
            first, second = (a, b) if turn % 2 else (b, a)
            pair = await block(first, calls, tool, arguments), await block(second, calls, tool, arguments)
            turns.append(pair if turn % 2 else pair[::-1])
        return turns
"""


def rows(*, quick: bool = False) -> list[Row]:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good(SERVERS)
        for cell in OTHERS:
            kernel.good(cell)
        assert kernel.value("len(sdk_gaps.extensions(ours))") == 4
        kernel.good(CLIENTS)
        found = [_plain(kernel, *((100, 50) if quick else (500, 50)))]
        if find_spec("fastmcp_tasks") is not None:
            kernel.good(FASTMCP)
            found.append(_task(kernel, *((10, 5) if quick else (40, 5))))
        return found


def _plain(kernel: Kernel, blocks: int, calls: int) -> Row:
    kernel.good(f"times = await in_turns(Client(ours), Client(without), {blocks}, {calls}, 'add', dict(a=1, b=2))")
    times: list[tuple[float, float]] = kernel.value("times")
    added = (median(a / b for a, b in times) - 1) * 100
    return Row(
        what="a call of a plain tool in memory, on a server with tasks, skills, apps and events",
        ours=f"{_us(times, 0)} us",
        peer=f"the same without extensions: {_us(times, 1)} us",
        target=f"adds at most 2% (measured {added:+.1f}%)",
        holds=added <= 2,
        runs=f"{blocks} blocks of {calls} calls each",
    )


def _task(kernel: Kernel, blocks: int, calls: int) -> Row:
    kernel.good(
        "times = await in_turns(Client(ours, extensions=[TasksExtension()]), fastmcp.Client(theirs), "
        f"{blocks}, {calls}, 'double', dict(n=21))"
    )
    times: list[tuple[float, float]] = kernel.value("times")
    longer = median(a / b for a, b in times)
    return Row(
        what="a call as a task in memory, until its result is there",
        ours=f"{_us(times, 0) / 1000:.1f} ms",
        peer=f"FastMCP, with its tasks in memory: {_us(times, 1) / 1000:.1f} ms",
        target=f"within 1.30 (measured {longer:.2f})",
        holds=longer <= 1.3,
        runs=f"{blocks} blocks of {calls} calls each",
    )


def _us(times: list[tuple[float, float]], which: int) -> int:
    return round(median(turn[which] for turn in times) * 1e6)
