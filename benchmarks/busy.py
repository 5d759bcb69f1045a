"""Calls while a cell computes in pure Python, and what a served notebook costs a cell that nobody calls."""

from __future__ import annotations

from statistics import median

from benchmarks.servers import TOOL, Served, bare, measure, ours, p50, slower
from benchmarks.table import Row
from benchmarks.wire import Block
from tests.support.kernels import running_kernel

LOOP = "while True: sum(i * i for i in range(1_000))"
SECONDS_ALONE = 0.2

# The thread's own time, not the clock's: that another program had the processor is not the cell's loss.
ALONE = """
import time
def work(seconds):
    rounds, end = 0, time.thread_time() + seconds
    while time.thread_time() < end:
        sum(i * i for i in range(10_000))
        rounds += 1
    return rounds / (time.thread_time() - end + seconds)
"""


def rows(*, quick: bool = False) -> list[Row]:
    return [_calls_during_a_cell(6 if quick else 20, 50), _cell_alone(20 if quick else 80)]


def _calls_during_a_cell(turns: int, calls: int) -> Row:
    with ours() as a, bare() as b:
        blocks = [(_while_busy(a, calls), _while_busy(b, calls)) for _ in range(turns)]
    ours_p50, bare_p50 = ([turn[i] for turn in blocks] for i in (0, 1))
    better = 1 / slower(ours_p50, bare_p50)
    return Row(
        what="a tool call over HTTP while a cell runs a pure-Python loop, p50",
        ours=f"{p50(ours_p50):.2f} ms",
        peer=f"bare SDK on a thread: {p50(bare_p50):.2f} ms",
        target=f"at least 3 times better (measured {better:.1f})",
        holds=better >= 3,
        runs=f"{turns} blocks of {calls} calls each",
    )


def _while_busy(served: Served, calls: int) -> Block:
    loop = served.kernel.start(LOOP)
    try:
        [[block]] = measure(served, blocks=1, calls=calls)
    finally:
        served.kernel.manager.interrupt_kernel()
        served.kernel.finish(loop)
    return block


def _cell_alone(turns: int) -> Row:
    """Load and serve, then unload, in turns in one kernel: two kernels differ by more than what is measured.

    Neighboring turns are compared. The best turn of each side differed by -1 to 10% from run to run of the same code,
    since a core's frequency changes; the median of the ratios by less than 1%.
    """
    served, unloaded = [], []
    with running_kernel() as kernel:
        kernel.good(ALONE)
        for _ in range(turns):
            unloaded.append(kernel.value(f"work({SECONDS_ALONE})"))
            kernel.good("%load_ext mcp_notebook")
            kernel.good(f"%%mcp_tool{TOOL}")
            kernel.good("_ = %mcp serve")
            served.append(kernel.value(f"work({SECONDS_ALONE})"))
            kernel.good("%unload_ext mcp_notebook")
    lost = (1 - median(a / b for a, b in zip(served, unloaded, strict=True))) * 100
    return Row(
        what="a pure-Python loop in a cell, the server idle, median",
        ours=f"{median(served):.0f} rounds/s",
        peer=f"the same kernel, nothing loaded: {median(unloaded):.0f} rounds/s",
        target=f"loses under 1% (measured {lost:.1f}%)",
        holds=lost < 1,
        runs=f"{turns} turns of {SECONDS_ALONE} s each",
    )
