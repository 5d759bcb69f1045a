"""The client that the HTTP benchmarks measure with: as little of a client as can be, in a process of its own.

The SDK's client costs about as much as the server does, which would hide half of every difference between two
servers. This one sends prepared text over connections that stay open, and checks of an answer only that it is one.
It imports nothing but the standard library, so that it starts in a few hundredths of a second.

    python -m benchmarks.wire < JOB      prints the measured blocks as JSON
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from itertools import count
from statistics import median
from typing import Any
from urllib.parse import urlsplit

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ME = {"name": "bench", "version": "1"}
ADD = {"name": "add", "arguments": {"a": 1, "b": 2}}


@dataclass(frozen=True)
class Job:
    """What to measure: each server in turn, in blocks, so that all of them see the same machine.

    Attributes:
        servers: URL and token (or None) of each.
        connections: How many clients call at the same time, each one call after another.
        calls: How many a block has, over all connections.
        core: The only core that the client runs on; None for any. Linux only.
    """

    servers: list[tuple[str, str | None]]
    method: str
    params: dict[str, Any]
    era: str
    connections: int
    blocks: int
    calls: int
    core: int | None = None


@dataclass(frozen=True)
class Block:
    """One server's turn: the median call in milliseconds, and calls a second."""

    p50: float
    rate: float


class Client:
    """One connection of a modern client, or of a legacy one with its session."""

    _ids = count(1)

    def __init__(self, url: str, token: str | None, era: str) -> None:
        self._address = urlsplit(url)
        self._headers = {
            "Host": self._address.netloc,
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": era,
        }
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._era = era

    async def open(self) -> None:
        await self._connect()
        if self._era == LEGACY:
            hello = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": ME}
            head, _ = await self._post({"id": 0, "method": "initialize", "params": hello})
            self._headers["Mcp-Session-Id"] = head[b"mcp-session-id"].decode()
            await self._post({"method": "notifications/initialized"})

    async def request(self, method: str, params: dict[str, Any]) -> None:
        if self._era == MODERN:
            about = {"protocolVersion": MODERN, "clientInfo": ME, "clientCapabilities": {}}
            params = {**params, "_meta": {f"io.modelcontextprotocol/{key}": value for key, value in about.items()}}
            self._headers["Mcp-Method"] = method
            if "name" in params:
                self._headers["Mcp-Name"] = params["name"]
        _, body = await self._post({"id": next(self._ids), "method": method, "params": params})
        if b'"result"' not in body or b'"isError":true' in body:
            raise RuntimeError(f"{self._address.geturl()} answered {method} with {body[:300]!r}")

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _connect(self) -> None:
        host, port = self._address.hostname, self._address.port
        self._reader, self._writer = await asyncio.open_connection(host, port, limit=2**24)

    async def _post(self, message: dict[str, Any]) -> tuple[dict[bytes, bytes], bytes]:
        body = json.dumps({"jsonrpc": "2.0", **message})
        headers = "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        text = f"POST {self._address.path} HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}"
        if self._reader.at_eof():  # uvicorn hangs up after some seconds, and the others' turn may take that long
            await self._connect()
        self._writer.write(text.encode())
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        head = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        body_text = await self._body(head)
        if status.split()[1] not in (b"200", b"202"):
            raise RuntimeError(f"{self._address.geturl()} answered {status!r} {body_text[:300]!r}")
        return head, body_text

    async def _body(self, head: dict[bytes, bytes]) -> bytes:
        if b"transfer-encoding" not in head:
            return await self._reader.readexactly(int(head[b"content-length"]))
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return body


async def measured(job: Job) -> list[list[Block]]:
    """Run a job; return its blocks, in each one `Block` a server. One block before them warms up and is not kept."""
    peers = [[Client(url, token, job.era) for _ in range(job.connections)] for url, token in job.servers]
    for client in [client for clients in peers for client in clients]:
        await client.open()
    blocks = [[await block(clients, job) for clients in peers] for _ in range(1 + job.blocks)]
    for client in [client for clients in peers for client in clients]:
        await client.close()
    return blocks[1:]


async def block(clients: list[Client], job: Job) -> Block:
    times: list[float] = []
    left = iter(range(job.calls))

    async def calls(client: Client) -> None:
        for _ in left:
            began = time.perf_counter()
            await client.request(job.method, job.params)
            times.append(time.perf_counter() - began)

    start = time.perf_counter()
    await asyncio.gather(*map(calls, clients))
    return Block(p50=median(times) * 1000, rate=job.calls / (time.perf_counter() - start))


def main() -> None:
    job = Job(**json.load(sys.stdin))
    if job.core is not None:
        os.sched_setaffinity(0, {job.core})
    print(json.dumps([[asdict(peer) for peer in block] for block in asyncio.run(measured(job))]))


if __name__ == "__main__":
    main()
