"""The Dask cluster that a kernel starts for itself, and what is left of it: nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.kernels import Kernel, running_kernel
from tests.support.waiting import until

pytest.importorskip("distributed")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

TOOLS = """%%mcp_tool --run-on dask
import os, time
from pathlib import Path
def where() -> int:
    print("here")
    return os.getpid()
def divide(n: int) -> int:
    return 1 // n
async def waits(folder: str) -> str:
    import asyncio
    (Path(folder) / "waiting").write_text("")
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        (Path(folder) / "cancelled").write_text("")
        raise
    return "waited"
"""


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with running_kernel() as kernel:
        kernel.good("%load_ext mcp_notebook")
        assert not kernel.value("[name for name in __import__('sys').modules if name in ('dask', 'distributed')]")
        kernel.good(TOOLS)
        yield kernel


def started(kernel: Kernel) -> list[psutil.Process]:
    """Start the cluster by a call; return the processes of the kernel that it is made of."""
    before = psutil.Process(kernel.process.pid).children(recursive=True)
    ran = kernel.run("%mcp call where")
    assert (ran.ok, ran.stdout, ran.stderr) == (True, "here\n", "")  # nothing of Dask's own
    workers = [child for child in psutil.Process(kernel.process.pid).children(recursive=True) if child not in before]
    assert int(ran.text) in [worker.pid for worker in workers]
    return workers


def test_a_call_is_interrupted_and_cancelled_at_the_worker(kernel: Kernel, tmp_path: Path) -> None:
    workers = started(kernel)
    message = kernel.begin(f"%mcp call waits folder={str(tmp_path)!r}")
    until((tmp_path / "waiting").exists)
    kernel.interrupt()
    kernel.finish(message)
    until((tmp_path / "cancelled").exists)

    ran = kernel.run("%mcp call divide n=0")
    assert "return 1 // n" in ran.stderr
    assert "ZeroDivisionError" in ran.stderr

    workers = [worker for worker in workers if "resource_tracker" not in str(worker.cmdline())]  # Python's own stays
    kernel.good("%unload_ext mcp_notebook")
    until(lambda: not any(worker.is_running() for worker in workers))


@pytest.mark.parametrize("way", ["restart", "kill"])
def test_a_kernel_leaves_no_processes(kernel: Kernel, way: str) -> None:
    workers = started(kernel)
    assert workers
    if way == "restart":
        kernel.restart()
    else:
        kernel.process.kill()
    until(lambda: not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers))
