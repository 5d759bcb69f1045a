"""From a notebook to a package: how long writing takes, and proving."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.table import Row

CELLS = 300
TOOLS = 100
WRITING = 2.0
PROVING = 6.0
"""Seconds, at most."""

SETUP = """
import sys, time
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from mcp_notebook import load_ipython_extension
shell = InteractiveShell.instance()
load_ipython_extension(shell)
session = shell._mcp_notebook.session
shell.display_pub.publish = lambda *_, **__: None
from mcp_notebook.export.exporting import export
from mcp_notebook.export.options import ExportOptions
from mcp_notebook.session.choosing import subject_of
def seconds(destination, **options):
    begun = time.perf_counter()
    done = export(subject_of(session), Path(destination), session.registry.recorder.calls,
                  options=ExportOptions(**options), portal=session.portal, environment={})
    taken = time.perf_counter() - begun
    assert not done.stopped and (done.proof is None or done.proof.ok), done
    print("SECONDS", taken)
def run(source):
    shell.run_cell(source, store_history=True).raise_error()
"""


def rows(*, quick: bool = False) -> list[Row]:
    return [_writing(3 if quick else 9), _proving(1 if quick else 3)]


def _writing(times: int) -> Row:
    helpers = [f"def helper_{i}(a: int) -> int:\n    return a + {i}" for i in range(CELLS - TOOLS)]
    tools = [
        f'%%mcp_tool\ndef tool_{i}(a: int, b: str = "") -> str:\n    """Tool {i}."""\n    return b * helper_{i}(a)'
        for i in range(TOOLS)
    ]
    taken = _measured([*helpers, *tools], ["proof=False"] * times)
    return Row(
        what=f"`%mcp export --no-proof` of {CELLS} cells with {TOOLS} tools, median",
        ours=f"{median(taken):.2f} s (worst {max(taken):.2f})",
        peer="",
        target=f"under {WRITING:.0f} s",
        holds=median(taken) < WRITING,
        runs=f"{times} exports into new directories",
    )


def _proving(times: int) -> Row:
    tool = '%%mcp_tool\ndef add(a: int, b: int) -> int:\n    """Add."""\n    return a + b'
    cells = [tool, "%mcp call add a=1 b=2"]
    options = [""] * (times + 1)
    taken = _measured(cells, options)[1:]  # the first fills the cache of wheels
    by_pip = _measured([*cells, "from mcp_notebook.export import uv; uv.find = lambda: None"], options)[1:]
    with _environment() as install:
        alone = [install() for _ in range(times)]
    return Row(
        what="`%mcp export` of a server with one tool and one call, the proof included, by uv, median",
        ours=f"{median(taken):.1f} s (worst {max(taken):.1f})",
        peer=f"by pip: {median(by_pip):.1f} s; pip installs `mcp` and `pytest` alone: {median(alone):.1f} s",
        target=f"under {PROVING:.0f} s with a warm cache",
        holds=median(taken) < PROVING,
        runs=f"{times} each",
    )


def _measured(cells: list[str], options: list[str]) -> list[float]:
    """Run cells in a process of their own, export as often as there are options, and return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"seconds({f'{folder}/made_{i}'!r}, {option})" for i, option in enumerate(options)]
        program = "\n".join([SETUP, *(f"run({cell!r})" for cell in cells), *lines])
        done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("SECONDS")]


@contextmanager
def _environment() -> Iterator[Callable[[], float]]:
    with tempfile.TemporaryDirectory() as folder:
        count = 0

        def install() -> float:
            nonlocal count
            count += 1
            place = Path(folder, str(count))
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "mcp", "pytest"]
            subprocess.run(pip, check=True, capture_output=True)
            return time.perf_counter() - begun

        yield install
