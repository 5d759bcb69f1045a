"""The cost of a call that runs on a Dask cluster, over the work itself, next to the same tool on a worker thread.

Both tools live in one kernel and are called on its loop, in turns. The cluster is the one that the kernel starts for
itself, with worker processes and TLS. Kernels differ by more than the calls of one, so there are several.
"""

from __future__ import annotations

from statistics import median

from benchmarks.table import Row
from tests.support.kernels import running_kernel

WORK = """
    start = time.perf_counter()
    time.sleep(0.01)
    return time.perf_counter() - start
"""

TOOLS = (
    f"%%mcp_tool --server lab --run-on dask\nimport time\ndef far(n: int) -> float:{WORK}",
    f"%%mcp_tool --server lab\ndef near(n: int) -> float:{WORK}",
)

MEASURE = """
from mcp import Client

async def over(client, tool):
    start = time.perf_counter()
    result = await client.call_tool(tool, {"n": 1})
    return time.perf_counter() - start - result.structured_content["result"]

async def in_turns(blocks, calls):
    async with Client(lab) as client:
        await over(client, "far"), await over(client, "near")
        return [[[await over(client, tool) for _ in range(calls)] for tool in ("far", "near")] for _ in range(blocks)]
"""

AT_MOST = 5.0
"""Milliseconds."""


def rows(*, quick: bool = False) -> list[Row]:
    kernels, blocks, calls = (2, 5, 20) if quick else (5, 4, 50)
    times = [_times(blocks, calls) for _ in range(kernels)]
    far, near = (median(each for kernel in times for each in kernel[tool]) for tool in (0, 1))
    of_kernels = sorted(median(kernel[0]) for kernel in times)
    return [
        Row(
            what="a call of 10 ms on a Dask cluster of this machine, over the work",
            ours=f"{far:.1f} ms (kernels from {of_kernels[0]:.1f} to {of_kernels[-1]:.1f})",
            peer=f"the same on a worker thread: {near:.1f} ms",
            target=f"at most {AT_MOST:.0f} ms (measured {far:.1f})",
            holds=far <= AT_MOST,
            runs=f"{kernels} kernels, {blocks} blocks of {calls} calls in each",
        )
    ]


def _times(blocks: int, calls: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each call in a new kernel: of the tool on Dask, and of the other."""
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good("from mcp_notebook import NotebookServer\nlab = NotebookServer('lab')")
        for cell in TOOLS:
            kernel.good(cell)
        kernel.good(MEASURE)
        kernel.good(f"times = await in_turns({blocks}, {calls})")
        times: list[list[list[float]]] = kernel.value("times")
    far, near = ([each * 1e3 for block in times for each in block[tool]] for tool in (0, 1))
    return far, near
