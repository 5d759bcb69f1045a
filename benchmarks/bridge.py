"""The stdio bridge: how soon its first answer comes, and what it adds to a call.

A host's side of the pipe is lines of JSON; the same calls go to the server by HTTP for comparison, legacy both.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.servers import Served, measure, ours
from benchmarks.table import Row
from benchmarks.wire import ADD, LEGACY, ME, Block

CONNECT = (sys.executable, "-m", "mcp_notebook", "connect", "ours")
HELLO = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": ME}


class Host:
    """A process that speaks MCP over its pipes, and the requests that a host makes of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin, process.stdout

    def send(self, **message: Any) -> None:
        self._to.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self._to.flush()

    def request(self, id: int, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.send(id=id, method=method, params=params)
        while line := self._from.readline():
            answer: dict[str, Any] = json.loads(line)
            if answer.get("id") == id:
                assert "result" in answer, answer
                return answer
        raise RuntimeError(f"the bridge ended before it answered {method}")


@contextmanager
def bridged() -> Iterator[Host]:
    """Start a bridge; when this returns, it has answered its first request."""
    with subprocess.Popen(CONNECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            host = Host(process)
            host.request(0, "initialize", HELLO)
            yield host
        finally:
            process.terminate()


def rows(*, quick: bool = False) -> list[Row]:
    starts, blocks, calls = (7, 10, 50) if quick else (21, 30, 100)
    with ours() as served:
        return [_first_answer(starts), _call(served, blocks, calls)]


def _first_answer(starts: int) -> Row:
    times, floor = [], []
    for _ in range(starts):
        began = perf_counter()
        with bridged():
            times.append((perf_counter() - began) * 1000)
        began = perf_counter()
        subprocess.run([sys.executable, "-c", ""], check=True)
        floor.append((perf_counter() - began) * 1000)
    return Row(
        what="`mcp-notebook connect`, from its start to its first answer, median",
        ours=f"{median(times):.0f} ms (worst {max(times):.0f})",
        peer=f"a Python that does nothing: {median(floor):.0f} ms",
        target="under 100 ms",
        holds=median(times) < 100,
        runs=f"{starts} starts each",
    )


def _call(served: Served, blocks: int, calls: int) -> Row:
    turns: list[tuple[float, float]] = []
    with bridged() as host:
        host.send(method="notifications/initialized")
        _block(host, calls)
        for _ in range(blocks):
            [[direct]] = measure(served, blocks=1, calls=calls, era=LEGACY)
            turns.append((_block(host, calls).p50, direct.p50))
    added = median(bridge - direct for bridge, direct in turns)
    return Row(
        what="a tool call over the bridge, p50",
        ours=f"{median(bridge for bridge, _ in turns):.2f} ms",
        peer=f"the same server over HTTP: {median(direct for _, direct in turns):.2f} ms",
        target=f"adds under 1 ms (measured {added:.2f} ms)",
        holds=added < 1,
        runs=f"{blocks} blocks of {calls} calls each",
    )


def _block(host: Host, calls: int) -> Block:
    times = []
    start = perf_counter()
    for id in range(1, calls + 1):
        began = perf_counter()
        answer = host.request(id, "tools/call", ADD)
        times.append((perf_counter() - began) * 1000)
        assert not answer["result"].get("isError"), answer
    return Block(p50=median(times), rate=calls / (perf_counter() - start))
