"""The first view of the workbench, in a kernel: of live servers, and of a session in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.table import Row
from tests.support.kernels import running_kernel

TOOLS, CALLS = 1_000, 10_000
MOST = 150
MOST_OF_A_FILE = 300

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
    call.end("done", {{"content": [{{"type": "text", "text": f"The answer to {{number}}."}}]}})
    recorder.closed(call)
"""

SAVE = """
get_ipython().run_line_magic("mcp", "log --save '{file}'")
"""

FIRST = """
import json, time
from pathlib import Path
file = {file!r}
get_ipython().run_line_magic("mcp", f"open '{{file}}'")
get_ipython().run_line_magic("mcp", "inspect saved")
get_ipython().run_line_magic("mcp", "disconnect saved")
"""
"""Open the file once, so that what is timed later imports nothing."""

PARSE = """
start = time.perf_counter()
for line in Path(file).read_text(encoding="utf-8").splitlines():
    json.loads(line)
parsed = (time.perf_counter() - start) * 1000
"""

OPEN = """
start = time.perf_counter()
get_ipython().run_line_magic("mcp", f"open '{file}'")
get_ipython().run_line_magic("mcp", "inspect saved")
opened = (time.perf_counter() - start) * 1000
get_ipython().run_line_magic("mcp", "disconnect saved")
"""

TIMED = """
import time
start = time.perf_counter()
get_ipython().run_line_magic("mcp", "{line}")
took = (time.perf_counter() - start) * 1000
"""


def rows(*, quick: bool = False) -> list[Row]:
    runs = 5 if quick else 15
    with TemporaryDirectory() as folder:
        return [*_rows(str(Path(folder) / "saved.jsonl"), runs)]


def _rows(file: str, runs: int) -> Iterator[Row]:
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
        kernel.good(SAVE.format(file=file))
    with running_kernel() as kernel:  # one that never had the server
        kernel.good("%load_ext mcp_notebook")
        kernel.good(FIRST.format(file=file))
        opened, parsed = [], []
        for _ in range(runs):
            for cell, name, times in ((PARSE, "parsed", parsed), (OPEN, "opened", opened)):
                kernel.good(cell)
                times.append(kernel.value(name))
    yield Row(
        what=f"`%mcp inspect`, the first view with {TOOLS:,} tools and {CALLS:,} recorded calls, median",
        ours=f"{median(views):.0f} ms (worst {max(views):.0f})",
        peer=f"`%mcp tools` of the same: {median(lists):.0f} ms",
        target=f"under {MOST} ms",
        holds=median(views) < MOST,
        runs=f"{runs} each",
    )
    yield Row(
        what="`%mcp open` and `%mcp inspect` of a saved session of the same, median",
        ours=f"{median(opened):.0f} ms (worst {max(opened):.0f})",
        peer=f"`json.loads` of each line of the file: {median(parsed):.0f} ms",
        target=f"under {MOST_OF_A_FILE} ms",
        holds=median(opened) < MOST_OF_A_FILE,
        runs=f"{runs} each",
    )
