"""What our server adds to a call in memory: the recorder with its statistics, and the capture of what a call prints.

Both servers live in one kernel and are called on its loop, in turns, so that nothing but the servers differs.
"""

from __future__ import annotations

from statistics import median

from benchmarks.servers import TOOL
from benchmarks.table import Row
from tests.support.kernels import running_kernel

SERVERS = f"""
from mcp.server import MCPServer
from mcp_notebook import NotebookServer
ours, bare = NotebookServer("ours"), MCPServer("bare")
@ours.tool()
@bare.tool(){TOOL}
"""

CLIENTS = """
import time
from mcp import Client

async def block(client, calls):
    start = time.perf_counter()
    for _ in range(calls):
        await client.call_tool("add", {"a": 1, "b": 2})
    return (time.perf_counter() - start) / calls

async def in_turns(blocks, calls):
    async with Client(ours) as a, Client(bare) as b:
        await block(a, calls), await block(b, calls)
        return [(await block(a, calls), await block(b, calls)) for _ in range(blocks)]
"""


PANEL = """
from mcp_notebook.recording.sources import CallSource
from mcp_notebook.widgets.statistics import StatisticsPanel
panel = StatisticsPanel(lambda: [CallSource(ours.runtime.recorder)])
panel.actions["enter"]({"view": "the page"})
"""
"""The panel of `%mcp stats`, with a page that shows it."""


def rows(*, quick: bool = False) -> list[Row]:
    blocks, calls = (100, 20) if quick else (500, 50)
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good(SERVERS)
        kernel.good(CLIENTS)
        found = []
        for cell, words in (("", "with the recorder"), (PANEL, "with the recorder, and `%mcp stats` in sight")):
            kernel.good(cell)
            kernel.good(f"times = await in_turns({blocks}, {calls})")
            found.append(_row(words, kernel.value("times"), f"{blocks} blocks of {calls} calls each"))
    return found


def _row(words: str, times: list[tuple[float, float]], runs: str) -> Row:
    ours, bare = (median(turn[i] for turn in times) * 1e6 for i in (0, 1))
    added = (median(a / b for a, b in times) - 1) * 100
    return Row(
        what=f"a tool call in memory, {words}",
        ours=f"{ours:.0f} us",
        peer=f"bare SDK: {bare:.0f} us",
        target=f"adds under 5% (measured {added:+.1f}%)",
        holds=added < 5,
        runs=runs,
    )
