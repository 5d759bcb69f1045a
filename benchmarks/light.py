"""A client for many connections that costs little, so that on two cores, two servers have most of both.

It prepares each request as bytes, waits for all connections at once, and looks for two texts in each answer: its id and
its sum. Every call has numbers of its own, so that an answer to another one is noticed.

    python -m benchmarks.light < JOB      prints the measured blocks as JSON
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import count
from urllib.parse import urlsplit

from benchmarks.wire import ADD, ME, MODERN


@dataclass(frozen=True)
class Job:
    """What to measure: each server in turn, in blocks.

    Attributes:
        servers: URL and token (or None) of each.
        connections: How many clients call at the same time, each one call after another.
        blocks: How many there are; the first one warms up.
        seconds: How long a block is.
    """

    servers: list[tuple[str, str | None]]
    connections: int
    blocks: int
    seconds: float


@dataclass
class Block:
    """One server's turn: its answers, those of them that are wrong, requests without an answer, and the seconds."""

    answers: int = 0
    wrong: int = 0
    lost: int = 0
    seconds: float = 0.0
    examples: list[str] = field(default_factory=list)

    def add(self, client: Connection, answer: bytes) -> None:
        """Count an answer, or b"" for one that did not come."""
        if not answer:
            self.lost += 1
            return
        self.answers += 1
        if not client.is_right(answer):
            self.wrong += 1
            self.examples = [*self.examples, answer[:500].decode("utf-8", "replace")][:3]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


class Connection:
    """One client."""

    _numbers = count(1_000_000_000)
    """All have ten digits, so that each request is as long as the next."""

    def __init__(self, url: str, token: str | None) -> None:
        address = urlsplit(url)
        self._place = (str(address.hostname), int(address.port or 80))
        about = {"protocolVersion": MODERN, "clientInfo": ME, "clientCapabilities": {}}
        meta = {f"io.modelcontextprotocol/{key}": value for key, value in about.items()}
        params = {**ADD, "arguments": {"a": 1_234_567_890, "b": 2}, "_meta": meta}
        body = json.dumps({"jsonrpc": "2.0", "id": 9_876_543_210, "method": "tools/call", "params": params})
        head = {
            "Host": address.netloc,
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": MODERN,
            "Mcp-Method": "tools/call",
            "Mcp-Name": str(ADD["name"]),
            "Content-Length": str(len(body)),
        }
        head |= {} if token is None else {"Authorization": f"Bearer {token}"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        text = f"POST {address.path} HTTP/1.1\r\n{lines}\r\n{body}".replace("%", "%%")
        self._request = text.replace("9876543210", "%d").replace("1234567890", "%d").encode()
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(self._place)  # without a timeout, for which Python would wait each time
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> None:
        self.number = next(self._numbers)
        self._data = b""
        self.socket.sendall(self._request % (self.number, self.number))

    def receive(self) -> bytes | None:
        """Return the answer if all of it is there; b"" if it will not come."""
        part = self.socket.recv(65_536)
        self._data += part
        if not part:
            return b""
        return self._data if _is_whole(self._data) else None

    def is_right(self, answer: bytes) -> bool:
        return b'"id":%d' % self.number in answer and b'"result":%d' % (self.number + 2) in answer

    @staticmethod
    def is_over(answer: bytes) -> bool:
        """Return whether the server hangs up after this answer, as nginx does after 1,000."""
        return b"connection: close" in answer[: answer.find(b"\r\n\r\n")].lower()


def _is_whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        return len(body) >= int(lower[at + 15 :].split(b"\r\n", 1)[0])
    return body.endswith(b"0\r\n\r\n")


def measured(job: Job) -> list[list[Block]]:
    """Run a job; return its blocks, in each one `Block` a server."""
    peers = [[_opened(url, token) for _ in range(job.connections)] for url, token in job.servers]
    return [[block(clients, job.seconds) for clients in peers] for _ in range(job.blocks)]


def _opened(url: str, token: str | None) -> Connection:
    """Open a connection, with a call of its own: if all come at once, one process of several may accept them all."""
    connection = Connection(url, token)
    connection.send()
    while connection.receive() is None:
        pass
    return connection


def block(clients: list[Connection], seconds: float) -> Block:
    done = Block()
    waiting = select.poll()
    by_number = {client.socket.fileno(): client for client in clients}
    for client in clients:
        waiting.register(client.socket, select.POLLIN)
    start = time.perf_counter()
    end = start + seconds
    for client in clients:
        _begin(client, by_number, waiting)
    running = len(clients)
    while running:
        ready = waiting.poll(60_000)
        if not ready:
            done.lost += running
            break
        on = time.perf_counter() < end
        for number, _ in ready:
            client = by_number[number]
            answer = client.receive()
            if answer is None:
                continue
            done.add(client, answer)
            if not answer or client.is_over(answer):
                _reopen(client, by_number, waiting)
            if on:
                client.send()
            else:
                running -= 1
    done.seconds = time.perf_counter() - start
    for client in clients:
        waiting.unregister(client.socket)
    return done


def _begin(client: Connection, by_number: dict[int, Connection], waiting: select.poll) -> None:
    """Send the first request of a block. A server may have hung up while the connection was idle, which is no loss."""
    client.socket.setblocking(False)
    try:
        idle = client.socket.recv(1)
    except BlockingIOError:
        idle = b"open"
    except OSError:
        idle = b""
    client.socket.setblocking(True)
    if not idle:
        _reopen(client, by_number, waiting)
    client.send()


def _reopen(client: Connection, by_number: dict[int, Connection], waiting: select.poll) -> None:
    waiting.unregister(client.socket)
    del by_number[client.socket.fileno()]
    client.socket.close()
    client.open()
    by_number[client.socket.fileno()] = client
    waiting.register(client.socket, select.POLLIN)


def main() -> None:
    job = Job(**json.load(sys.stdin))
    print(json.dumps([[asdict(peer) for peer in block] for block in measured(job)]))


if __name__ == "__main__":
    main()
