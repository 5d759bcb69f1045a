"""A private Dask cluster for tests: a scheduler and workers, each a process of its own, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.waiting import until

STARTING = 90
"""Seconds for a process to start on a busy machine."""

SCHEDULER = "from distributed.cli.dask_scheduler import main; main()"
WORKER = """
import sys
sys.modules["mcp_notebook"] = None  # workers need not have it
from distributed.cli.dask_worker import main
if __name__ == "__main__":
    main()
"""


class DaskCluster:
    """A scheduler that can be stopped and started again at its address, and workers that can be killed.

    Attributes:
        address: The address of the scheduler.
        workers: The running workers by their process ids.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scheduler: subprocess.Popen[bytes] | None = None
        self._port = "0"
        self.address = ""
        self.workers: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start the scheduler, and wait until it listens; the second time at the same port."""
        told = self._folder / f"scheduler-{len(list(self._folder.iterdir()))}.json"
        self._scheduler = self._process(
            SCHEDULER, "--host", "127.0.0.1", "--port", self._port, "--no-dashboard", "--scheduler-file", str(told)
        )
        self.address = json.loads(until(lambda: _text(told), deadline=STARTING))["address"]
        self._port = self.address.rpartition(":")[2]

    def add_worker(self) -> int:
        """Start a worker with one thread, and return its process id when it has started to connect."""
        options = ("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--death-timeout", "60")
        process = self._process(WORKER, self.address, *options, "--local-directory", str(self._folder))
        self.workers[process.pid] = process
        return process.pid

    def kill(self, worker: int) -> None:
        """End a worker at once, as the kernel of the system does when memory is short."""
        process = self.workers.pop(worker)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End the scheduler and all workers."""
        if self._scheduler is not None:
            self._scheduler.kill()
            self._scheduler.wait()
            self._scheduler = None
        for worker in list(self.workers):
            self.kill(worker)

    def _process(self, code: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
        log = (self._folder / "log.txt").open("ab")
        with log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=dict(os.environ))


@contextmanager
def running_dask(workers: int = 2) -> Iterator[DaskCluster]:
    """Start a scheduler and workers."""
    with tempfile.TemporaryDirectory(prefix="dask ", ignore_cleanup_errors=True) as folder:
        cluster = DaskCluster(Path(folder))
        try:
            cluster.start()
            for _ in range(workers):
                cluster.add_worker()
            yield cluster
        finally:
            cluster.stop()


def _text(path: Path) -> str:
    with suppress(OSError, ValueError):
        text = path.read_text(encoding="utf-8")
        json.loads(text)
        return text
    return ""
