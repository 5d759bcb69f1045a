"""A fuzzer of HTTP servers: inputs from a seed, sent to a notebook's server or to an exported package.

``python -m tests.support.hostile_http --inputs 20000`` sends as many to each, and prints the result. It fails if an
answer is the server's own error, if no answer comes, if an exception is not caught, or if memory is not freed.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from mcp_notebook.export import project
from tests.support.hostile_inputs import SESSION, Input, inputs
from tests.support.packages import environment, package, texts, write
from tests.support.raw_http import LEGACY, RawClient, answer
from tests.support.waiting import NEVER, until

TOKEN = "-".join(["fuzzed", "by", "nobody", "else"])
PATIENCE = 20.0
"""Seconds after which a whole request without an answer counts as a hang."""

GLANCE = 0.02
"""Seconds for which an answer is waited for where none has to come."""

UNCAUGHT = ("Exception in ASGI application", "never retrieved", "call failed", "Exception in callback", "Fatal error")
"""What uvicorn and asyncio write of what nobody caught."""

THREADS = 4

PINGS = count(1)

SERVER = '''
import ctypes, gc, sys
from mcp.server.mcpserver import Context, MCPServer

mcp = MCPServer("hostile")


@mcp.tool()
def add(a: int, b: int = 1) -> int:
    return a + b


@mcp.tool()
def echo(value: dict) -> dict:
    return value


@mcp.tool()
async def steps(ctx: Context) -> str:
    await ctx.report_progress(1, 2)
    return "done"


@mcp.tool()
def settle() -> int:
    """Give back what is free, and say how much is left."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096
    return 0


@mcp.prompt()
def plan(topic: str = "tea") -> str:
    return topic


@mcp.resource("memo://{day}")
def memo(day: str) -> str:
    return day
'''

NOTEBOOK = f"""
import logging, sys
logging.basicConfig(stream=sys.stderr, level=logging.INFO)
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Recorder, wire
from mcp_notebook.server import adopt
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.auth import Token
from mcp_notebook.server.hosting import Listener
{SERVER}
# What is kept is kept on purpose, and so little of it that growth is seen.
wire.MOST_FRAMES = 100
adopt(mcp, Recorder(most_calls=100))
mcp.runtime.recorder.wire.on = True
listener = Listener(Portal(), mcp, name="hostile", endpoint=Endpoint(Token({TOKEN!r})))
print("Listening at", listener.url, file=sys.stderr, flush=True)
sys.stdin.read()
"""


@dataclass
class Report:
    """What came of a run.

    Attributes:
        statuses: How many answers had each status; 0 for a connection that ended without one.
        failures: Each with the number of its input.
        uncaught: Lines of the server's log about what nobody caught.
        memory: Bytes before and after.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    uncaught: list[str] = field(default_factory=list)
    memory: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        before, after = (round(size / 1e6, 1) for size in self.memory)
        counted = ", ".join(f"{count} x {status or 'none'}" for status, count in sorted(self.statuses.items()))
        lines = [f"answers: {counted}", f"memory: {before} MB before, {after} MB after"]
        return "\n".join([*lines, *map("FAILED {}".format, [*self.failures[:20], *self.uncaught[:20]])])


@contextmanager
def server(kind: str) -> Iterator[tuple[str, Path]]:
    """Start a notebook's server or an exported package; its URL, and its log."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        root = Path(folder)
        if kind == "package":
            write(root, texts(project.files(package(SERVER))))
            command = ["-m", "bookshop", "--transport", "http", "--port", "0"]
        else:
            command = ["-c", NOTEBOOK]
        log = root / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=root if kind == "package" else None,
                env=environment(root, BOOKSHOP_TOKEN=TOKEN),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=file,
            )
        try:
            yield _url(log, process), log
        finally:
            process.kill()
            process.communicate()


def _url(log: Path, process: subprocess.Popen[bytes]) -> str:
    def said() -> str:
        return log.read_text(encoding="utf-8", errors="replace")

    def found() -> re.Match[str] | None:
        where = re.search(r"Listening at (http://[^\s\"]+)", said())
        assert where or process.poll() is None, said()
        return where

    where = until(found, deadline=60, step=0.05, why=said)
    assert where
    return where[1]


def run(kind: str, many: int, seed: int = 1) -> Report:
    """Send inputs to a server of that kind (``notebook`` or ``package``), and say what came of it."""
    report = Report()
    with server(kind) as (url, log):
        # What is imported and kept with the first requests is no growth.
        _send_all(url, list(inputs(TOKEN, seed + 1, min(many // 4, 3_000))), Report())
        before = _settled(url)
        threads = [
            threading.Thread(target=_send_all, args=(url, list(inputs(TOKEN, seed, many))[i::THREADS], report))
            for i in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        report.memory = before, _settled(url, enough=before * 1.1)
        report.uncaught = list(_uncaught(log.read_text(encoding="utf-8", errors="replace")))
    return report


def _uncaught(log: str) -> Iterator[str]:
    """Yield what nobody caught, by its last lines; a package logs JSON, a notebook's server here plain text."""
    lines: list[str] = []
    for line in log.splitlines():
        with suppress(ValueError, TypeError, KeyError):
            entry = json.loads(line)
            lines += [entry["message"].strip(), *entry["exception"].splitlines()]
            continue
        lines.append(line)
    for i, line in enumerate(lines):
        if any(words in line for words in UNCAUGHT):
            ends = (
                j for j in range(i + 1, len(lines)) if re.match(r"[\w.]+(Error|Exception|Group|Disconnect)\b", lines[j])
            )
            end = next(ends, i)
            yield " | ".join([line, *lines[max(i + 1, end - 3) : end + 1]])[:1_000]


def _send_all(url: str, chosen: list[Input], report: Report) -> None:
    session = b""
    with RawClient(url, TOKEN) as own:
        for one in chosen:
            in_session = any(SESSION.encode() in part for part in one.parts)
            if in_session and not session:
                session = own.open_session().encode()
            parts = tuple(part.replace(SESSION.encode(), session) for part in one.parts)
            status, opened = _send(url, replace(one, parts=parts), report)
            if in_session and status in (200, 404):  # that may have ended it
                session = session if _is_open(own, session) else b""
            if opened:  # a client that never ends its session keeps it for half an hour, which is no fault
                own.http.delete(url, headers={"Mcp-Session-Id": opened})


def _is_open(own: RawClient, session: bytes) -> bool:
    headers = {"Mcp-Session-Id": session.decode(), "MCP-Protocol-Version": LEGACY}
    # An id of its own: an input with the same one may be under way, and the SDK tells the two apart by nothing else.
    message = {"jsonrpc": "2.0", "id": f"open-{next(PINGS)}", "method": "ping"}
    return own.post(message, headers).status_code == 200


def _send(url: str, one: Input, report: Report) -> tuple[int, str]:
    """Send an input; return the status of the answer, and the session that it opened."""
    try:
        with socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 0), PATIENCE) as sock:
            head = _exchange(sock, one)
    except TimeoutError:
        report.failures.append(f"{one}: no answer within {PATIENCE:g} s")
        return 0, ""
    status = int(found[1]) if (found := re.match(rb"HTTP/1\.[01] (\d{3})", head)) else 0
    report.statuses[status] += 1
    if status >= 500:
        report.failures.append(f"{one}: {head[:300]!r}")
    opened = (
        re.search(rb"mcp-session-id: (\w+)", head) if status == 200 and b'"initialize"' in b"".join(one.parts) else None
    )
    return status, opened[1].decode() if opened else ""


def _exchange(sock: socket.socket, one: Input) -> bytes:
    """Send an input, and return the beginning of what comes back."""
    received = b""
    with suppress(ConnectionError):
        for part in one.parts:
            sock.sendall(part)
        sock.settimeout(PATIENCE if one.whole else GLANCE)
        try:
            while b"\r\n\r\n" not in received and (part := sock.recv(65536)):
                received += part
        except TimeoutError:
            if one.whole:
                raise
    return received


def _settled(url: str, enough: float = 0) -> int:
    """Return the server's memory; that it answers shows that it is well.

    Connections that were left half-way are open for as long as the limits let them be, so it is asked for some time, or
    until the memory is small `enough`.
    """
    smallest = sys.maxsize
    for _ in range(50 if enough else 5):
        with RawClient(url, TOKEN) as client:
            said = answer(client.request("tools/call", {"name": "settle", "arguments": {}}))
            smallest = min(smallest, said["result"]["structuredContent"]["result"])
        NEVER.wait(0.3)
    return smallest


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.hostile_http", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="how many for each server; default: 20000")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other inputs; default: 1")
    parser.add_argument("--server", choices=("notebook", "package"), help="only this one")
    options = parser.parse_args()
    bad = False
    for kind in [options.server] if options.server else ["notebook", "package"]:
        started = time.monotonic()
        report = run(kind, options.inputs, options.seed)
        print(f"{kind}: {options.inputs} inputs, {time.monotonic() - started:.0f} s\n{report}", flush=True)
        bad = bad or bool(report.failures or report.uncaught) or report.memory[1] > report.memory[0] * 1.1
    sys.exit(bad)


if __name__ == "__main__":
    main()
