"""Run the benchmarks, print the table, and write it to docs/performance.md."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import http_call, load
from benchmarks.table import table

PAGE = """# Performance

Written by `make bench`. Each row was measured in one run next to its peer, on a shared machine with {cores} cores:
read the ratios, not the milliseconds. Python {python}, mcp {mcp}, ipykernel {ipykernel}, uvicorn {uvicorn}.

{table}
"""


def main() -> None:
    measured = table([row for benchmark in (load, http_call) for row in benchmark.rows()])
    print(measured)
    page = PAGE.format(
        cores=os.cpu_count(),
        python=platform.python_version(),
        table=measured,
        **{name: version(name) for name in ("mcp", "ipykernel", "uvicorn")},
    )
    Path("docs/performance.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
