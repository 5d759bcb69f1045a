"""Replicas of an exported package behind nginx, from its own configuration, with a Redis."""

from __future__ import annotations

import os
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.server.subscriptions import ResourceUpdated

from tests.support.replica_nginx import running_nginx, with_tls
from tests.support.replicas import TOKEN, Cluster, client, running_cluster
from tests.support.shells import running_shell
from tests.support.task_tools import TaskClient

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="nginx and signals of POSIX")]

DEADLINE = 120
"""Seconds, for a slow machine."""

CELL = """%%mcp_tool where buy touch count
import logging
import os
from pathlib import Path
from typing import Annotated

import anyio
from mcp.server.mcpserver import Context, Elicit, Resolve
from pydantic import BaseModel

class Sure(BaseModel):
    ok: bool

async def ask() -> Elicit[Sure]:
    logging.getLogger(__name__).info("asking")
    return Elicit("Sure?", Sure)

async def where(n: int, seconds: float = 0.0) -> str:
    "Say which process it is."
    await anyio.sleep(seconds)
    return f"{os.getpid()} {n}"

async def buy(title: str, sure: Annotated[Sure, Resolve(ask)]) -> str:
    "Buy a book."
    return f"{os.getpid()} {title} {sure.ok}"

async def touch(uri: str, ctx: Context) -> None:
    "Say that a resource has changed."
    await ctx.notify_resource_updated(uri)

async def count(file: str, ctx: Context) -> str:
    "Say that it has begun, and wait for a file."
    await ctx.report_progress(1, 2, "begun")
    while not Path(file).exists():
        await anyio.sleep(0.01)
    return "ended"
"""
TASK = """%%mcp_tool --task
async def train(seconds: float) -> str:
    "Train."
    await anyio.sleep(seconds)
    return f"trained by {os.getpid()}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("the exported") / "lab"
    with running_shell() as shell:
        shell.good("%load_ext mcp_notebook", CELL, TASK, f"%mcp export '{folder}' --no-proof --deploy")
    return folder


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Cluster]:
    with running_cluster(folder) as running:
        yield running


def result(answer: dict[str, Any]) -> str:
    assert not answer.get("isError"), answer
    return str(answer["structuredContent"]["result"])


def test_calls_go_to_the_replicas_in_turn(cluster: Cluster) -> None:
    async def main() -> None:
        async with client(cluster.url) as balanced:
            told = [result(await balanced.call("where", n=n)) for n in range(20)]
        assert [int(one.split()[1]) for one in told] == list(range(20))
        ids = [int(one.split()[0]) for one in told]
        assert {replica.id for replica in cluster.replicas} == set(ids)
        assert min(ids.count(replica.id) for replica in cluster.replicas) >= 8

    anyio.run(main)


def test_a_call_of_several_rounds_goes_on_at_another_replica(cluster: Cluster) -> None:
    def asked() -> list[int]:
        return [replica.log.count('"asking"') for replica in cluster.replicas]

    async def main() -> None:
        async with client(cluster.url) as balanced:
            for _ in range(4):
                before = asked()
                done = await balanced.client.call_tool("buy", {"title": "Emma"})
                assert not done.is_error, done.content
                assert str(done.structured_content["result"]).endswith(" Emma True")
                assert [now - then for now, then in zip(asked(), before, strict=True)] == [1, 1]

    anyio.run(main)


def test_a_stream_is_told_of_changes_at_each_replica(cluster: Cluster) -> None:
    async def main() -> None:
        one, other = (replica.url for replica in cluster.replicas)
        uris = [f"note://{number}" for number in range(6)]
        async with (
            client(cluster.url) as listening,
            client(one) as here,
            client(other) as there,
            listening.client.listen(resource_subscriptions=uris) as stream,
        ):
            for number, uri in enumerate(uris):
                await (here if number % 2 else there).call("touch", uri=uri)
                with anyio.fail_after(DEADLINE):
                    assert await anext(stream) == ResourceUpdated(uri=uri)

    anyio.run(main)


def test_a_task_is_followed_at_another_replica(cluster: Cluster) -> None:
    async def main() -> None:
        one, other = cluster.replicas
        async with client(one.url) as here, client(other.url) as there, client(cluster.url) as balanced:
            begun = await here.call("train", seconds=0.3)
            for connection in (there, balanced):
                done = await connection.until(begun["taskId"], "completed")
                assert result(done["result"]) == f"trained by {one.id}"

    anyio.run(main)


def test_nginx_passes_on_each_part_of_an_answer_at_once(cluster: Cluster, tmp_path: Path) -> None:
    async def main() -> None:
        end = tmp_path / "end"

        async def told(progress: float, total: float | None, message: str | None) -> None:
            end.touch()  # the tool ends only if this arrives before its end

        for mode in ("auto", "legacy"):
            end.unlink(missing_ok=True)
            async with client(cluster.url, mode=mode) as balanced:
                done = await balanced.client.call_tool("count", {"file": str(end)}, progress_callback=told)
            assert done.structured_content == {"result": "ended"}

    anyio.run(main)


def test_hosts_and_callers_are_those_that_clients_have(cluster: Cluster) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx2.post(f"{cluster.url}/mcp", json=body).status_code == 401
    foreign = httpx2.post(f"{cluster.url}/mcp", json=body, headers={**bearer, "Host": "foreign.example"})
    assert foreign.status_code == 421
    assert httpx2.get(f"{cluster.url}/health/ready").json() == {"status": "ok"}
    assert httpx2.post(f"{cluster.url}/mcp", content=b"x" * 5_000_000, headers=bearer).status_code == 413
    seen = [line.split() for line in cluster.passed_on if "/health/ready" in line]
    assert seen[-1][4] == "200"
    assert TOKEN not in "".join(cluster.passed_on)


def test_tls_ends_at_nginx(cluster: Cluster, folder: Path, tmp_path: Path) -> None:
    config = with_tls((folder / "deploy" / "nginx.conf").read_text(), folder)
    with running_nginx(config, tmp_path, [replica.address for replica in cluster.replicas]) as address:

        async def main() -> None:
            trusted = ssl.create_default_context(cafile=folder / "fullchain.pem")
            async with client(f"https://{address}", trusted=trusted) as balanced:
                assert result(await balanced.call("where", n=1)).endswith(" 1")

        anyio.run(main)
        assert "max-age" in httpx2.get(f"https://{address}/health", verify=False).headers["strict-transport-security"]


def test_limits_of_a_caller_hold_for_each_address_that_nginx_sees(folder: Path) -> None:
    with running_cluster(folder, 1, LIMIT_RATE="0.01", LIMIT_BURST="2") as cluster:
        headers = {"Authorization": f"Bearer {TOKEN}"}

        def asked(address: str, said: str = "") -> int:
            transport = httpx2.HTTPTransport(local_address=address)
            with httpx2.Client(
                transport=transport, headers={**headers, **({"X-Forwarded-For": said} if said else {})}
            ) as http:
                return http.post(f"{cluster.url}/mcp", json={}).status_code

        assert [asked("127.0.0.1") == 429 for _ in range(3)] == [False, False, True]
        assert asked("127.0.0.1", said="10.0.0.9") == 429  # a client cannot say that it is another
        if sys.platform == "linux":
            assert asked("127.0.0.2") != 429


class Load:
    """Clients that call again and again, and what became of their calls."""

    def __init__(self, url: str, clients: int = 8) -> None:
        self.url, self.clients = url, clients
        self.good = 0
        self.failed: list[tuple[float, str]] = []
        self.over = False
        self._began: dict[int, float] = {}

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            for number in range(self.clients):
                group.start_soon(self._call, number)

    async def _call(self, number: int) -> None:
        numbers = iter(range(number, 10**9, self.clients))
        while not self.over:
            self._began.pop(number, None)
            try:
                async with client(self.url) as balanced:
                    await self._call_with(balanced, number, numbers)
            except Exception as error:
                # A response that breaks off ends the whole client of the SDK, with its call.
                if "RemoteProtocolError" not in repr(error) or number not in self._began:
                    raise
                self.failed.append((self._began[number], repr(error)))

    async def _call_with(self, balanced: TaskClient, number: int, numbers: Iterator[int]) -> None:
        for n in numbers:
            if self.over:
                return
            self._began[number] = time.monotonic()
            try:
                answer = await balanced.client.call_tool("where", {"n": n, "seconds": 0.02})
            except Exception as error:  # noqa: BLE001 - of whatever kind, it is a call that failed
                self.failed.append((self._began[number], repr(error)))
            else:
                assert answer.structured_content is not None, answer
                assert answer.structured_content["result"].split()[1] == str(n)
                self.good += 1
            del self._began[number]

    async def more(self, calls: int) -> None:
        """Wait until so many more calls were answered."""
        wanted = self.good + calls
        with anyio.fail_after(DEADLINE):
            while self.good < wanted:
                await anyio.sleep(0.01)


def test_of_a_replica_that_is_killed_only_the_calls_in_flight_fail(folder: Path) -> None:
    async def main(cluster: Cluster) -> None:
        load = Load(cluster.url)
        doomed = cluster.replicas[0]
        async with anyio.create_task_group() as group:
            group.start_soon(load.run)
            await load.more(100)
            assert not load.failed
            doomed.kill()
            killed = time.monotonic()
            await load.more(300)
            failed = list(load.failed)
            await anyio.to_thread.run_sync(doomed.start)
            with anyio.fail_after(DEADLINE):  # nginx tries it again some seconds later
                while cluster.passed_on[-1].split()[-1] != doomed.address:
                    await anyio.sleep(0.01)
            await load.more(100)
            load.over = True
        assert load.failed == failed  # and none when it was back
        assert len(failed) <= load.clients
        assert all(began < killed for began, _ in failed), failed
        lines = [line.split() for line in cluster.passed_on if '"POST ' in line]
        broken = [line for line in lines if line[4] != "200"]
        # Of a response that broke off, nginx has logged the status 200.
        assert len(broken) == len([error for _, error in failed if "RemoteProtocolError" not in error])
        # Each was on its way at the replica that was killed, and was sent to no other.
        assert {line[-1] for line in broken} <= {doomed.address}

    with running_cluster(folder) as cluster:
        anyio.run(main, cluster)


def test_of_a_replica_that_is_told_to_stop_no_call_fails(folder: Path) -> None:
    async def main(cluster: Cluster) -> None:
        load = Load(cluster.url)
        stopping = cluster.replicas[0]
        async with anyio.create_task_group() as group:
            group.start_soon(load.run)
            await load.more(100)
            assert stopping.process is not None
            stopping.process.terminate()
            with anyio.fail_after(DEADLINE):
                while stopping.process.poll() is None:
                    await anyio.sleep(0.01)
            await load.more(100)
            load.over = True
        assert load.failed == []
        assert "Traceback" not in stopping.log

    with running_cluster(folder, DRAIN_SECONDS="2", GRACE_SECONDS="5") as cluster:
        anyio.run(main, cluster)


def test_without_redis_calls_go_on_and_notices_come_when_it_is_back(folder: Path) -> None:
    async def main(cluster: Cluster) -> None:
        one, other = (replica.url for replica in cluster.replicas)
        async with (
            client(one) as listening,
            client(other) as there,
            client(cluster.url) as balanced,
            listening.client.listen(resource_subscriptions=["note://1", "note://2", "note://3"]) as stream,
        ):
            await there.call("touch", uri="note://1")
            assert await anext(stream) == ResourceUpdated(uri="note://1")
            cluster.redis.stop()
            for n in range(10):
                assert result(await balanced.call("where", n=n)).endswith(f" {n}")
                done = await balanced.client.call_tool("buy", {"title": "Emma"})
                assert not done.is_error
            await there.call("touch", uri="note://2")
            await anyio.to_thread.run_sync(cluster.redis.start)
            with anyio.fail_after(DEADLINE):
                assert await anext(stream) == ResourceUpdated(uri="note://2")
                await there.call("touch", uri="note://3")
                assert await anext(stream) == ResourceUpdated(uri="note://3")
        for replica in cluster.replicas:
            assert replica.process is not None
            replica.process.terminate()
            assert replica.process.wait(20) in (0, -15)
            assert "Traceback" not in replica.log
            assert "only%20for%20tests" not in replica.log  # the password

    with running_cluster(folder) as cluster:
        anyio.run(main, cluster)
