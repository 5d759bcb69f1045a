"""Replicas of an exported package on this machine: processes, their Redis, and the nginx before them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from mcp import Client
from mcp.client import advertise
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

from mcp_notebook.server.extensions.tasks import Tasks
from tests.support.packages import environment, free_port, wait_for
from tests.support.redis_server import RedisServer, running_redis
from tests.support.replica_nginx import running_nginx
from tests.support.task_tools import TaskClient

TOKEN = "a-token-for-the-tests-of-replicas"


class Replica:
    """One process of a package; it can be killed and started again at the same port."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self._folder = folder
        self._variables = variables
        self.address = f"127.0.0.1:{free_port()}"
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Where it answers without nginx."""
        return f"http://{self.address}"

    @property
    def id(self) -> int:
        """The id of its process."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", self._folder.name, "--transport", "http"]
        self.process = subprocess.Popen(
            [*command, "--port", self.address.rpartition(":")[2]],
            env=environment(self._folder, **self._variables),
            stdin=subprocess.DEVNULL,
            stderr=(log := (self._folder / f"{self.address}.log").open("a")),
            text=True,
        )
        log.close()
        wait_for(self.url, self.process)

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self._folder / f"{self.address}.log").read_text()

    def kill(self) -> None:
        """Kill it, so that it can tell nobody."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Cluster:
    """Replicas, their Redis, and nginx at `url`."""

    def __init__(self, url: str, replicas: list[Replica], redis: RedisServer, folder: Path) -> None:
        self.url, self.replicas, self.redis = url, replicas, redis
        self._folder = folder

    @property
    def passed_on(self) -> list[str]:
        """What nginx has logged: a line for each request, with the replicas that it was passed on to at the end."""
        return (self._folder / "access.log").read_text().splitlines()


@contextmanager
def running_cluster(folder: Path, number: int = 2, **variables: str) -> Iterator[Cluster]:
    """Start replicas of the package in a folder as its files in ``deploy`` do."""
    prefix = folder.name.upper()
    with running_redis() as redis, ExitStack() as stack:
        given = {"TOKEN": TOKEN, "STATELESS": "1", "REDIS_URL": redis.url, "REQUEST_STATE_KEYS": "k" * 32, **variables}
        replicas = [
            Replica(folder, **{f"{prefix}_{name}": value for name, value in given.items()}) for _ in range(number)
        ]
        for replica in replicas:
            stack.callback(replica.kill)
            replica.start()
        place = Path(stack.enter_context(TemporaryDirectory(prefix="nginx-", ignore_cleanup_errors=True)))
        config = (folder / "deploy" / "nginx.conf").read_text()
        address = stack.enter_context(running_nginx(config, place, [replica.address for replica in replicas]))
        yield Cluster(f"http://{address}", replicas, redis, place)


async def agree(context: Any, params: Any) -> ElicitResult:
    """Answer any question with yes."""
    return ElicitResult(action="accept", content={"ok": True})


@asynccontextmanager
async def client(url: str, *, trusted: Any = True, **options: Any) -> AsyncIterator[TaskClient]:
    """A client of a replica, or of all by nginx; it answers questions with yes, and can follow tasks.

    Args:
        trusted: What httpx takes as ``verify``.
    """
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30, verify=trusted) as http:
        target = streamable_http_client(f"{url}/mcp", http_client=http)
        usual: dict[str, Any] = {
            "elicitation_callback": agree,
            "extensions": [advertise(Tasks.identifier)],
            "cache": None,
        }
        async with Client(target, **(usual | options)) as connection:
            yield TaskClient(connection)
