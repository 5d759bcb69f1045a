"""A workshop on one machine: the memory of each learner on a JupyterHub, and the time until all can begin.

Each learner has a server and a kernel, which are weighed twice: with nothing loaded, and with a tool that a client has
called through the hub's proxy and the door.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from benchmarks.table import Row
from tests.support.hub import Hub, RemoteKernel, UserServer, running_hub
from tests.support.outside import connected

AT_ONCE = 4
"""Learners who begin at the same time; the others wait for their turn, as with `concurrent_spawn_limit`."""

MOST_ADDED = 120
"""MB that a learner may need more than without this package."""

MOST_OF_ALL = 16
"""GB that a machine for a workshop has."""

BARE = "print('ready')"
TOOL = """%%mcp_tool
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b
"""


def rows(*, quick: bool = False) -> list[Row]:
    names = [f"learner-{number:02}" for number in range(1, 6 if quick else 31)]
    with TemporaryDirectory() as folder, running_hub(Path(folder), users=names, patience=300) as hub:
        alone = _megabytes(hub.process, hub)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            began = time.monotonic()
            learners = list(threads.map(lambda name: _starts(hub, name), names))
            started = time.monotonic() - began
            bare = _learners(hub)
            began = time.monotonic()
            took = list(threads.map(_serves, learners))
            served = time.monotonic() - began
        loaded = _learners(hub)
        with_hub = sum(loaded) + _megabytes(hub.process, hub)
    many, added = len(names), median(loaded) - median(bare)
    runs = f"{many} learners, {AT_ONCE} at a time"
    return [
        Row(
            what="memory of a learner on a JupyterHub: server and kernel with a served and called tool, median",
            ours=f"{median(loaded):.0f} MB (worst {max(loaded):.0f})",
            peer=f"the same with nothing loaded: {median(bare):.0f} MB (worst {max(bare):.0f})",
            target=f"adds under {MOST_ADDED} MB (measured {added:.0f})",
            holds=added < MOST_ADDED,
            runs=runs,
        ),
        Row(
            what=f"memory of the whole hub with {many} learners, proxy included",
            ours=f"{with_hub / 1000:.1f} GB",
            peer=f"hub and proxy without learners: {alone:.0f} MB",
            target=f"under {MOST_OF_ALL} GB",
            holds=with_hub < MOST_OF_ALL * 1000,
            runs=runs,
        ),
        Row(
            what=f"from `%load_ext` until a client has called the tool through the hub, {many} learners",
            ours=f"{served:.0f} s for all, {median(took):.1f} s for one (worst {max(took):.1f})",
            peer=f"starting their servers and kernels: {started:.0f} s for all",
            target="less than the start itself",
            holds=served < started,
            runs=runs,
        ),
    ]


def _starts(hub: Hub, name: str) -> tuple[UserServer, RemoteKernel]:
    (server,) = hub.start(name)
    kernel = server.open("lesson.ipynb")
    kernel.run(BARE)
    return server, kernel


def _serves(learner: tuple[UserServer, RemoteKernel]) -> float:
    server, kernel = learner
    began = time.monotonic()
    for cell in ("%load_ext mcp_notebook", TOOL, "%mcp serve"):
        kernel.run(cell)
    with connected(server.door("lesson"), server.token) as client:
        assert client.call("add", a=1, b=2) == 3
    return time.monotonic() - began


def _learners(hub: Hub) -> list[float]:
    """Return the memory of each learner in MB: of the server with all that it has started."""
    return [
        sum(_own(each) for each in [server, *server.children(recursive=True)])
        for server in hub.process.children()
        if "singleuser" in " ".join(server.cmdline())
    ]


def _megabytes(process: psutil.Process, hub: Hub) -> float:
    """Return the memory of the hub and its proxy in MB."""
    proxies = [each for each in hub.process.children() if "singleuser" not in " ".join(each.cmdline())]
    return sum(_own(each) for each in [process, *proxies])


def _own(process: psutil.Process) -> float:
    """Return the memory of a process in MB; of pages that several share, each counts its part."""
    return float(process.memory_full_info().pss) / 1e6
