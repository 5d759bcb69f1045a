"""A package that serves in several processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil
import pytest

from mcp_notebook.export import project
from tests.support.packages import SERVER, TOKEN, listening, package, run, texts, write
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

BROKEN = f"""{SERVER}
import multiprocessing

if "BROKEN_IN_A_WORKER" in os.environ and multiprocessing.parent_process():
    raise OSError("no disk")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("package"), texts(project.files(package())))


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[tuple[str, subprocess.Popen[str], list[psutil.Process]]]:
    """Start two workers; yield the URL, the process, and the workers."""
    with listening(folder, BOOKSHOP_TOKEN=TOKEN, BOOKSHOP_WORKERS="2", **variables) as (url, process):
        try:
            yield url, process, until(lambda: found if len(found := workers(process)) == 2 else [])
        finally:
            for one in workers(process):
                one.kill()


def workers(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        children = psutil.Process(process.pid).children()
    except psutil.NoSuchProcess:
        return []
    return [child for child in children if _is_worker(child)]


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(child.cmdline())
    except psutil.Error:  # it has just ended
        return False


def is_well(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", timeout=2).status_code == 200
    except httpx2.TransportError:
        return False


def test_a_worker_that_is_killed_is_started_again(folder: Path) -> None:
    with serving(folder) as (url, process, before):
        before[0].kill()
        after = until(lambda: found if len(found := set(workers(process)) - {before[0]}) == 2 else set())
        assert before[1] in after
        until(lambda: is_well(url))
        assert process.poll() is None


def test_connections_wait_in_the_queue_while_both_are_busy(folder: Path) -> None:
    """How they are shared is measured by ``python -m benchmarks replicas``."""
    with serving(folder) as (url, _, both):
        address = urlsplit(url).hostname, urlsplit(url).port or 0

        def open_at(worker: psutil.Process) -> int:
            return sum(one.status == psutil.CONN_ESTABLISHED for one in worker.net_connections("tcp"))

        def taken(number: int) -> list[int]:
            with ExitStack() as stack:
                for worker in both:
                    worker.suspend()
                for _ in range(number):
                    stack.enter_context(socket.create_connection(address, timeout=20))
                for worker in both:
                    worker.resume()
                return until(lambda: found if sum(found := [open_at(one) for one in both]) == number else [])

        both_serve: set[int] = set()
        while len(both_serve) < 2:
            both_serve.update(which for which, count in enumerate(taken(1)) if count)
        assert sum(taken(64)) == 64


def test_all_stop_at_a_signal(folder: Path) -> None:
    for sig in (signal.SIGTERM, signal.SIGINT):
        with serving(folder) as (url, process, both):
            until(lambda: is_well(url))
            process.send_signal(sig)
            assert process.wait(30) == 0
            assert not [one for one in both if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
            assert process.stderr is not None
            assert "Traceback" not in process.stderr.read()


def test_they_drain_too_and_a_second_signal_stops_at_once(folder: Path) -> None:
    with serving(folder, BOOKSHOP_DRAIN_SECONDS="3000") as (url, process, _):
        until(lambda: is_well(url))
        process.terminate()
        until(lambda: httpx2.get(f"{url}/health/ready").status_code == 503)
        assert httpx2.get(f"{url}/health/live").headers["connection"] == "close"
        process.terminate()
        assert process.wait(30) == 0


def test_workers_do_not_outlive_the_process_that_started_them(folder: Path) -> None:
    with serving(folder) as (url, process, both):
        until(lambda: is_well(url))
        process.kill()
        process.wait()
        until(lambda: not [one for one in both if one.is_running() and one.status() != psutil.STATUS_ZOMBIE])


def test_a_worker_that_cannot_start_ends_all(tmp_path: Path) -> None:
    broken = write(tmp_path, texts(project.files(package(BROKEN))))
    variables = {"BOOKSHOP_TOKEN": TOKEN, "BOOKSHOP_WORKERS": "2", "BROKEN_IN_A_WORKER": "1"}
    done = run(broken, "-m", "bookshop", "--transport", "http", "--port", "0", **variables)
    assert done.returncode == 1
    assert "no disk" in done.stderr


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"BOOKSHOP_WORKERS": "many"}, "BOOKSHOP_WORKERS must be a number from 1 to 256, not 'many'"),
        ({"BOOKSHOP_WORKERS": "0"}, "BOOKSHOP_WORKERS must be a number from 1 to 256, not '0'"),
        (
            {"BOOKSHOP_WORKERS": "2", "BOOKSHOP_METRICS_PORT": "9000"},
            "BOOKSHOP_METRICS_PORT is the port of one process",
        ),
        ({"BOOKSHOP_WORKERS": "2", "BOOKSHOP_REQUEST_STATE_KEYS": "short"}, "at least 32 bytes"),
    ],
)
def test_what_keeps_workers_from_starting_is_one_line(folder: Path, variables: dict[str, str], says: str) -> None:
    done = run(folder, "-m", "bookshop", "--transport", "http", "--port", "0", **variables, BOOKSHOP_TOKEN=TOKEN)
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
