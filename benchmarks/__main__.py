"""Run the benchmarks and print the table; a full run also writes it to docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks.table import Row, table

NAMES = (
    "load",
    "edit",
    "http_call",
    "busy",
    "scale",
    "memory",
    "bridge",
    "door",
    "hub",
    "recorder",
    "data",
    "tasks",
    "dask_call",
    "replicas",
    "form",
    "workbench",
    "export",
)
PAGE = Path("docs/performance.md")
TEXT = """# Performance

Written by `make bench`. Each row was measured in one run next to its peer, in blocks that take turns, on a shared
machine with {cores} cores: read the ratios, not the milliseconds. A ratio is the median over neighboring blocks.
Python {python}, mcp {mcp}, ipykernel {ipykernel}, uvicorn {uvicorn}, fastmcp {fastmcp}.

{table}
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"run only these: {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="fewer calls, and so more noise; the table says how many")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    names = [name for name in NAMES if name in options.names] or NAMES
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as runtime:
        # Kernels and what they remember of their servers stay out of the user's own runtime directory.
        os.environ["JUPYTER_RUNTIME_DIR"] = runtime
        try:
            for name in names:
                print(f"measuring {name} ...", file=sys.stderr, flush=True)
                rows += import_module(f"benchmarks.{name}").rows(quick=options.quick)
        finally:
            print(table(rows))
    if not options.names and not options.quick:
        PAGE.write_text(_page(table(rows)), encoding="utf-8")


def _page(measured: str) -> str:
    versions = {name: version(name) for name in ("mcp", "ipykernel", "uvicorn", "fastmcp")}
    return TEXT.format(cores=os.cpu_count(), python=platform.python_version(), table=measured, **versions)


if __name__ == "__main__":
    main()
