"""The first view of the workbench, in a kernel, next to the plain list of the same tools."""

from __future__ import annotations

from statistics import median

from benchmarks.table import Row
from tests.support.kernels import running_kernel

TOOLS, CALLS = 1_000, 10_000
MOST = 150

SERVER = f"""
from mcp_notebook import NotebookServer
from mcp_notebook.recording import Call
library = NotebookServer("library")
for number in range({TOOLS}):
    def tool(a: int, b: str = "") -> str:
        "One of many."
        return b * a
    library.add_tool(tool, name=f"tool_{{number}}")
"""

RECORD = f"""
recorder = library.runtime.recorder
for number in range({CALLS}):
    call = Call(server="library", method="tools/call", name=f"tool_{{number % {TOOLS}}}", arguments={{"a": number}})
    recorder.opened(call)
    call.end("done", {{"content": []}})
    recorder.closed(call)
"""

TIMED = """
import time
start = time.perf_counter()
get_ipython().run_line_magic("mcp", "{line}")
took = (time.perf_counter() - start) * 1000
"""


def rows(*, quick: bool = False) -> list[Row]:
    runs = 5 if quick else 15
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        kernel.good(SERVER)
        kernel.good("%mcp use library")
        kernel.good(RECORD)
        views, lists = [], []
        for _ in range(runs):
            for line, times in (("inspect", views), ("tools", lists)):
                kernel.good(TIMED.format(line=line))
                times.append(kernel.value("took"))
    return [
        Row(
            what=f"`%mcp inspect`, the first view with {TOOLS:,} tools and {CALLS:,} recorded calls, median",
            ours=f"{median(views):.0f} ms (worst {max(views):.0f})",
            peer=f"`%mcp tools` of the same: {median(lists):.0f} ms",
            target=f"under {MOST} ms",
            holds=median(views) < MOST,
            runs=f"{runs} each",
        )
    ]
