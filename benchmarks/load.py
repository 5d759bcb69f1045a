"""How long ``%load_ext mcp_notebook`` keeps a fresh kernel waiting, next to loading another extension."""

from __future__ import annotations

from statistics import median

from benchmarks.table import Row
from tests.support.kernels import Kernel, running_kernel

TIMED = """
import time as _time
_start = _time.perf_counter()
get_ipython().run_line_magic("load_ext", {name!r})
print((_time.perf_counter() - _start) * 1000)
"""


def load_time(name: str) -> float:
    with running_kernel() as kernel:
        return milliseconds(kernel, name)


def milliseconds(kernel: Kernel, name: str) -> float:
    # The first cell of a kernel pays for IPython's own first time.
    kernel.good("1")
    return float(kernel.good(TIMED.format(name=name)).stdout)


def rows(*, quick: bool = False) -> list[Row]:
    kernels = 3 if quick else 7
    ours, peers = [], []
    for _ in range(kernels):
        ours.append(load_time("mcp_notebook"))
        peers.append(load_time("autoreload"))
    return [
        Row(
            what="`%load_ext mcp_notebook` in a fresh kernel",
            ours=f"{median(ours):.1f} ms (worst {max(ours):.1f})",
            peer=f"`%load_ext autoreload`: {median(peers):.1f} ms",
            target="under 20 ms",
            holds=median(ours) < 20,
            runs=f"{kernels} kernels each",
        )
    ]
