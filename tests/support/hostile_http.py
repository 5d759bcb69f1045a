"""A fuzzer of HTTP servers: inputs from a seed, sent to a notebook's server or to exported packages.

``python -m tests.support.hostile_http --inputs 20000`` sends as many to each, and prints the result. It fails if

- an answer is the server's own error, does not come, does not end, or is far larger than its request;
- somebody without the token is let in, or calls a tool whose scope the token does not have;
- an answer has a header that came with the request, or the answer or the log has the token;
- the log has a traceback, or a batch of inputs is followed by a valid call that fails;
- memory, open files, tasks or threads are more than before, once what was left half-way has timed out.

Each failure says how to send its input alone: ``--server KIND --seed SEED --only NUMBER``.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from tests.support.hostile_inputs import BAD, INJECTED, SESSION, TOKEN, Input, inputs
from tests.support.hostile_tokens import bad_jwts, bad_tokens
from tests.support.issuer import AUDIENCE, running_issuer
from tests.support.packages import environment
from tests.support.raw_http import LEGACY, RawClient, answer
from tests.support.shells import running_shell
from tests.support.waiting import NEVER, until

Kind = Literal["notebook", "notebook-oauth", "package", "package-token", "package-jwt"]
"""A notebook's server, with its token and with ``--oauth``, and packages: as they are exported, with ``--auth token``
and with ``--auth jwt``."""

SECRET = "-".join(["fuzzed", "by", "nobody", "else"])
"""The token, where there is no authorization server."""

PATIENCE = 20.0
"""Seconds after which a whole request without an answer, or an answer without an end, counts as a hang."""

GLANCE = 0.1
"""Seconds for which an answer is waited for where none has to come, and for the rest of a stream."""

MOST_OF_AN_ANSWER, TIMES_ITS_REQUEST = 64 * 1024, 20
"""Most bytes of an answer, beside so many times those of its request."""

THREADS = 8

INPUTS = 2_100
"""Inputs for each server in CI."""

BATCH = 250
"""Inputs after which a valid call must be answered."""

OPEN = re.compile(rb"/health|/\.well-known")
"""What somebody without a token may ask for."""

PINGS = count(1)

SERVER = '''
import asyncio
import ctypes
import gc
import os
import sys
import threading

from typing import Annotated

import pydantic
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve

mcp = MCPServer("hostile", log_level="WARNING")
written = []


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


@mcp.tool(meta={"requiredScopes": ["notes:write"]})
def write() -> str:
    written.append(1)
    return "written"


@mcp.tool()
async def settle() -> dict[str, int]:
    """Give back what is free, and say how much is left."""
    gc.collect()
    memory = files = 0
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/statm") as file:
            memory = int(file.read().split()[1]) * 4096
        files = len(os.listdir("/proc/self/fd"))
    tasks, threads = len(asyncio.all_tasks()), threading.active_count()
    return {"memory": memory, "files": files, "tasks": tasks, "threads": threads, "written": len(written)}


class Sure(pydantic.BaseModel):
    ok: bool


async def ask() -> Elicit[Sure]:
    return Elicit("Sure?", Sure)


@mcp.tool()
def buy(title: str, sure: Annotated[Sure, Resolve(ask)]) -> str:
    return f"bought {title}" if sure.ok else "left"


@mcp.prompt()
def plan(topic: str = "tea") -> str:
    return topic


@mcp.resource("memo://{day}")
def memo(day: str) -> str:
    return day
'''

TASK = """%%mcp_tool --task
async def wait() -> str:
    await asyncio.sleep(600)
    return "waited"
"""

NOTEBOOK = f"""
import json, logging, sys

class Lines(logging.Formatter):
    def format(self, record):
        exception = self.formatException(record.exc_info) if record.exc_info else ""
        return json.dumps({{"message": record.getMessage(), "exception": exception}})

handler = logging.StreamHandler(sys.stderr)
handler.setFormatter(Lines())
logging.basicConfig(handlers=[handler], level=logging.INFO)
from mcp_notebook.portal import Portal
from mcp_notebook.recording import Recorder, wire
from mcp_notebook.server import adopt
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.server.extended import extended
from mcp_notebook.server.extensions.tasks import Tasks
from mcp_notebook.server.auth import Token
from mcp_notebook.server.hosting import Listener
{SERVER}
# What is kept is kept on purpose, and so little of it that growth is seen.
wire.MOST_FRAMES = 100
adopt(mcp, Recorder(most_calls=100))
mcp.runtime.recorder.wire.on = True

@mcp.tool()
async def wait() -> str:
    await asyncio.sleep(600)
    return "waited"

extended(mcp, Tasks).add("wait")
oauth = "--oauth" in sys.argv
endpoint = Endpoint(None, oauth=True) if oauth else Endpoint(Token({SECRET!r}))
listener = Listener(Portal(), mcp, name="hostile", endpoint=endpoint)
if oauth:
    # As if two people had allowed one client something; their tokens are valid for as long as the tests may take.
    from mcp_notebook.server.stand_in.grants import Grant
    for person, scopes in {{"ada": ["notes:read"], "grace": ["notes:write"]}}.items():
        grant = Grant("app", person, scopes, params=None)
        listener._stand_in.provider.grants.add(grant)
        print(grant.renew(scopes).access_token, flush=True)
        grant.access_expires += 3_600
print("Listening at", listener.url, file=sys.stderr, flush=True)
sys.stdin.read()
"""


class Left(NamedTuple):
    """What a server has: bytes, open files, tasks and threads, and how often its tool with a scope ran."""

    memory: int
    files: int
    tasks: int
    threads: int
    written: int

    def grown(self, before: Left) -> list[str]:
        """Return what is more than before by more than what a connection or two, or an allocator, account for."""
        most = Left(before.memory * 11 // 10, before.files + 10, before.tasks + 20, before.threads + 20, self.written)
        return [
            f"{name}: {had} before, {has} after"
            for name, had, has, limit in zip(self._fields, before, self, most, strict=True)
            if has > limit
        ]


@dataclass
class Report:
    """What came of a run.

    Attributes:
        kind: The server.
        seed: The seed.
        statuses: How many answers had each status; 0 for a connection that ended without one.
        failures: Each with the input, or with the inputs of its batch.
        uncaught: Lines of the server's log about what nobody caught.
        left: What the server had before and after.
    """

    kind: Kind
    seed: int
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    uncaught: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not be."""
        grown = self.left[1].grown(self.left[0]) if len(self.left) == 2 else []
        return [*self.failures, *self.uncaught, *grown]

    def failed(self, one: Input, why: str) -> None:
        """Note a failure."""
        again = f"--server {self.kind} --seed {self.seed} --only {one.number}"
        self.failures.append(f"{why}\n    again: python -m tests.support.hostile_http {again}\n    {one}")

    def __str__(self) -> str:
        counted = ", ".join(f"{count} x {status or 'none'}" for status, count in sorted(self.statuses.items()))
        lines = [f"{self.kind}, seed {self.seed}: {counted}", *map(str, self.left)]
        return "\n".join([*lines, *map("FAILED {}".format, self.wrong[:20])])


class Running(NamedTuple):
    """A server that runs.

    Attributes:
        process: Its process.
        url: The URL of its endpoint.
        log: What it writes to stderr.
        token: A token that it lets in.
        bad: Tokens that it must not let in, by what is wrong with each.
        other: The token of another user, who may also write; "" where all have the same.
    """

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    token: str
    bad: dict[str, str]
    other: str

    def filled(self, parts: Sequence[bytes], session: bytes) -> tuple[bytes, ...]:
        """Put in what stand-ins stand for."""
        values = {TOKEN: self.token, **dict(zip(BAD, cycle(self.bad.values()), strict=False))}

        def fill(part: bytes) -> bytes:
            part = part.replace(SESSION.encode(), session)
            for name, value in values.items():
                part = part.replace(name.encode(), value.encode())
            return part

        return tuple(map(fill, parts))

    def said(self) -> str:
        """Return the log."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def server(kind: Kind) -> Iterator[Running]:
    """Start a notebook's server, or export a package and start it by its own main."""
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder, ExitStack() as stack:
        root, token, bad, other = Path(folder), SECRET, bad_tokens(SECRET), ""
        variables: dict[str, str] = {}
        if kind == "package":
            variables = {"BOOKSHOP_TOKEN": SECRET}
        elif kind == "package-token":
            other = SECRET[::-1]
            known = {"bob": SECRET, "ada": {"token": other, "scopes": ["notes:write"]}}
            variables = {"BOOKSHOP_TOKENS": json.dumps(known)}
        elif kind == "package-jwt":
            issuer = stack.enter_context(running_issuer())
            lasting: dict[str, Any] = {"client_id": "app", "exp": time.time() + 3_600}
            token, bad = issuer.token(sub="bob", scope="notes:read", **lasting), bad_jwts(issuer)
            other = issuer.token(sub="ada", scope="notes:write", **lasting)
            variables = {"BOOKSHOP_URL": AUDIENCE, "BOOKSHOP_ISSUER": issuer.url}
        if kind.startswith("notebook"):
            command = ["-c", NOTEBOOK, *(["--oauth"] if kind == "notebook-oauth" else [])]
        else:
            _export(root / "bookshop", kind.partition("-")[2])
            command = ["-m", "bookshop", "--transport", "http", "--port", "0"]
        log = root / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=None if kind.startswith("notebook") else root,
                env=environment(root / "bookshop", **variables),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if kind == "notebook-oauth" else subprocess.DEVNULL,
                stderr=file,
            )
        try:
            url = _url(log, process)
            if process.stdout is not None:
                token, other = (process.stdout.readline().decode().strip() for _ in range(2))
                bad = bad_tokens(token)
            yield Running(process, url, log, token, bad, other)
        finally:
            process.kill()
            process.communicate()


def _export(folder: Path, auth: str) -> None:
    with running_shell() as shell:
        shell.good(SERVER, "%mcp use mcp", TASK)
        shell.good(f'%mcp export "{folder}" --no-proof' + (f" --auth {auth}" if auth else ""))


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


def run(kind: Kind, many: int, seed: int = 1, first: int = 0) -> Report:
    """Send inputs to a server, and say what came of it.

    Args:
        kind: The server.
        many: How many inputs.
        seed: The seed of the inputs.
        first: The number of the first of them.
    """
    report = Report(kind, seed)
    # The client's own log is about what it sends on purpose.
    logging.disable(logging.INFO)
    with server(kind) as running, ThreadPoolExecutor(THREADS) as pool:
        # What is imported and kept with the first requests is no growth.
        warming = list(inputs(seed + 1, min(max(many // 8, THREADS), 500)))
        list(pool.map(lambda i: _send_all(running, warming[i::THREADS], Report(kind, seed + 1)), range(THREADS)))
        report.left.append(_settled(running))
        chosen = list(inputs(seed, many, first))
        for start in range(0, many, BATCH):
            batch = chosen[start : start + BATCH]
            list(pool.map(lambda i, batch=batch: _send_all(running, batch[i::THREADS], report), range(THREADS)))
            if not _is_well(running):
                report.failures.append(
                    f"after inputs {first + start} to {first + start + len(batch) - 1}: no valid call"
                )
                break
        else:
            report.left.append(_settled(running, report.left[0]))
        report.uncaught = list(uncaught(running.said()))
        if running.token in running.said():
            report.failures.append("the token is in the log")
        if "-" in kind and report.left[-1].written:
            report.failures.append("somebody without the scope has called the tool that needs it")
    logging.disable(logging.NOTSET)
    return report


UNCAUGHT = (
    "Traceback (most recent call last)", "Exception in ASGI application", "never retrieved", "call failed",
    "Exception in callback", "Fatal error", "never awaited", "Unclosed",
)  # fmt: skip
"""What uvicorn, asyncio and Python write of what nobody caught."""


def uncaught(log: str) -> Iterator[str]:
    """Yield the entries of a log that are about what nobody caught; an entry is a line of JSON."""
    for line in log.splitlines():
        said = line
        with suppress(ValueError, TypeError, KeyError):
            entry = json.loads(line)
            said = "\n".join([entry["message"], entry["exception"]])
        if any(words in said for words in UNCAUGHT):
            yield f"{said[:300]} ... {said[300:][-700:]}"


def _send_all(running: Running, chosen: list[Input], report: Report) -> None:
    session = b""
    with RawClient(running.url, running.token) as own:
        for one in chosen:
            in_session = any(SESSION.encode() in part for part in one.parts)
            if in_session and not session:
                session = own.open_session().encode()
            status, opened = _send(running, one, running.filled(one.parts, session), report)
            if in_session and status in (200, 404):  # that may have ended it
                session = session if _is_open(own, session) else b""
            for each in opened:  # a client that never ends its session keeps it for half an hour, which is no fault
                if each != session.decode():
                    own.http.delete(running.url, headers={"Mcp-Session-Id": each})
        if session:
            own.http.delete(running.url, headers={"Mcp-Session-Id": session.decode()})


def _is_open(own: RawClient, session: bytes) -> bool:
    headers = {"Mcp-Session-Id": session.decode(), "MCP-Protocol-Version": LEGACY}
    # An id of its own: an input with the same one may be under way, and the SDK tells the two apart by nothing else.
    message = {"jsonrpc": "2.0", "id": f"open-{next(PINGS)}", "method": "ping"}
    return own.post(message, headers).status_code == 200


def _send(running: Running, one: Input, parts: Sequence[bytes], report: Report) -> tuple[int, set[str]]:
    """Send an input; return the status of the answer, and the sessions that were opened."""
    where = urlsplit(running.url)
    sent = sum(map(len, parts))
    most = MOST_OF_AN_ANSWER + TIMES_ITS_REQUEST * sent
    try:
        with socket.create_connection((where.hostname or "", where.port or 0), PATIENCE) as sock:
            received = _exchange(sock, one, parts, most)
    except TimeoutError:
        report.failed(one, f"no whole answer within {PATIENCE:g} s")
        return 0, set()
    status = int(found[1]) if (found := re.match(rb"HTTP/1\.[01] (\d{3})", received)) else 0
    report.statuses[status] += 1
    for why in faults(running.token, one, status, received, most):
        report.failed(one, f"{why}: {received[:300]!r}")
    return status, {each.decode() for each in re.findall(rb"mcp-session-id: (\w+)", received)}


def faults(token: str, one: Input, status: int, received: bytes, most: int) -> Iterator[str]:
    """Yield what is wrong with the answer to an input."""
    head = received.partition(b"\r\n\r\n")[0]
    written = b"".join(one.parts)
    if status >= 500:
        yield "the server's own error"
    if 200 <= status < 300 and TOKEN.encode() not in written and not OPEN.search(written):
        yield "let in without the token"
    if f"\n{INJECTED}:".lower().encode() in head.lower():
        yield "a header from the request"
    if token.encode() in received:
        yield "the token in the answer"
    if len(received) > most:
        yield f"an answer of more than {most} bytes"


def _exchange(sock: socket.socket, one: Input, parts: Sequence[bytes], most: int) -> bytes:
    """Send an input, and return what comes back, up to a little more than it may be.

    Raises:
        TimeoutError: A whole request has no whole answer; of a stream, the beginning is enough.
    """
    received = b""
    with suppress(ConnectionError):
        for part in parts:
            sock.sendall(part)
        while len(received) <= most:
            waits_for_end = one.whole and not _is_stream(received)
            if waits_for_end and _has_ended(received):
                break
            if received and not one.whole and one.kind != "ahead" and b"\r\n\r\n" in received:
                break
            sock.settimeout(PATIENCE if waits_for_end else GLANCE)
            try:
                part = sock.recv(65536)
            except TimeoutError:
                if waits_for_end:
                    raise
                break
            if not part:
                break
            received += part
    return received


def _is_stream(received: bytes) -> bool:
    return b"content-type: text/event-stream" in received.partition(b"\r\n\r\n")[0].lower()


def _has_ended(received: bytes) -> bool:
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
    if b" 204 " in head[:20] or b" 202 " in head[:20]:
        return True
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


def _is_well(running: Running) -> bool:
    """Return whether the process lives, and answers a valid call."""
    if running.process.poll() is not None:
        return False
    with RawClient(running.url, running.token) as client:
        said = answer(client.request("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}))
    return bool(said["result"]["structuredContent"] == {"result": 3})


def _settled(running: Running, before: Left | None = None) -> Left:
    """Return the least that the server has.

    Connections that were left half-way are open for as long as the limits let them be, so it is asked for some time, or
    until nothing is more than before.
    """
    least: Left | None = None
    for _ in range(5 if before is None else 60):
        with RawClient(running.url, running.token) as client:
            said = answer(client.request("tools/call", {"name": "settle", "arguments": {}}))["result"]
        found = Left(**said["structuredContent"])
        least = found if least is None else Left._make([*map(min, least[:4], found[:4]), found.written])
        if before is not None and not least.grown(before):
            break
        NEVER.wait(0.5)
    assert least is not None
    return least


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.hostile_http", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, help="how many for each server; default: 20000")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other inputs; default: 1")
    parser.add_argument("--server", choices=get_args(Kind), help="only this one")
    parser.add_argument("--only", type=int, help="only the input of this number")
    options = parser.parse_args()
    many, first = (options.inputs, 0) if options.only is None else (1, options.only)
    bad = False
    kinds: Any = [options.server] if options.server else get_args(Kind)
    for kind in kinds:
        started = time.monotonic()
        report = run(kind, many, options.seed, first)
        print(f"{many} inputs, {time.monotonic() - started:.0f} s\n{report}", flush=True)
        bad = bad or bool(report.wrong)
    sys.exit(bad)


if __name__ == "__main__":
    main()
