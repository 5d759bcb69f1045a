"""An exported package as its users meet it: started over stdio and over HTTP, probed, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

from mcp_notebook.export import project
from tests.support.packages import TOKEN, environment, listening, package, run, status, texts, write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

BEARER = {"Authorization": f"Bearer {TOKEN}"}
MODES = pytest.mark.parametrize("mode", ["auto", "legacy"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("package"), texts(project.files(package(health="is_well"))))


async def agree(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={"ok": True})


@asynccontextmanager
async def client(url: str, mode: str = "auto", answer: Any = agree, **options: Any) -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers=BEARER, **options) as http:
        transport = streamable_http_client(f"{url}/mcp", http_client=http)
        async with Client(transport, mode=mode, elicitation_callback=answer) as connected:
            yield connected


async def look_and_buy(connected: Client) -> list[Any]:
    looked = await connected.call_tool("price", {"title": "Emma"})
    bought = await connected.call_tool("buy", {"title": "Emma"})
    assert not bought.is_error, bought.content
    return [sorted(tool.name for tool in (await connected.list_tools()).tools), looked.structured_content]


ANSWERS = [["buy", "price"], {"title": "Emma", "price": 12.5}]


@MODES
def test_a_client_reaches_it_over_stdio(folder: Path, mode: str) -> None:
    command = StdioServerParameters(command=sys.executable, args=["-m", "bookshop"], env=environment(folder))

    async def calls() -> list[Any]:
        async with Client(command, mode=mode, elicitation_callback=agree) as connected:
            return await look_and_buy(connected)

    assert asyncio.run(calls()) == ANSWERS


def test_on_stdio_nothing_but_the_protocol_is_on_stdout(folder: Path) -> None:
    opening = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    messages: list[dict[str, Any]] = [
        {"id": 1, "method": "initialize", "params": opening},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "price", "arguments": {"title": "Emma"}}},
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "bookshop"],
        env=environment(folder),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.writelines(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)
    process.stdin.flush()
    answers = [json.loads(process.stdout.readline())["id"] for _ in range(2)]
    rest, log = process.communicate(timeout=20)
    assert (answers, rest, process.returncode) == ([1, 2], "", 0)
    assert "looking" in log


@MODES
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_good_order_with_a_stream_open(folder: Path, mode: str, sent: signal.Signals) -> None:
    async def stop(url: str, process: subprocess.Popen[str]) -> None:
        async with client(url, mode) as connected:
            assert await look_and_buy(connected) == ANSWERS
            if mode == "legacy":  # its stream is open with the session
                process.send_signal(sent)
                await asyncio.to_thread(process.wait, 10)
            else:
                async with connected.listen(tools_list_changed=True) as changes:
                    process.send_signal(sent)
                    assert [change async for change in changes] == []
                await asyncio.to_thread(process.wait, 10)

    with listening(folder, BOOKSHOP_TOKEN=TOKEN) as (url, process):
        asyncio.run(stop(url, process))
        assert process.stderr is not None
        log = [json.loads(line) for line in process.stderr]
    assert log[-1]["message"].startswith("Finished server process")
    assert not [entry for entry in log if "exception" in entry or "timeout" in entry["message"]]
    assert process.returncode in (0, -sent)


def test_who_has_not_the_token_or_another_host_is_turned_away(folder: Path) -> None:
    with listening(folder, BOOKSHOP_TOKEN=TOKEN, BOOKSHOP_ALLOWED_HOSTS="shop.example", BOOKSHOP_LOG_LEVEL="DEBUG") as (
        url,
        process,
    ):
        assert status(url) == 401
        assert status(url, Authorization="Bearer wrong") == 401
        assert status(url, Authorization="Basic " + TOKEN) == 401
        assert status(url, **BEARER, Host="foreign.example") == 421
        assert status(url, **BEARER, Origin="https://foreign.example") == 403
        known = status(url, **BEARER)
        assert known not in (401, 403, 421)
        assert status(url, **BEARER, Host="shop.example") == known
        with closing(HTTPConnection(url.removeprefix("http://"), timeout=10)) as lax:  # httpx2 sends no such header
            lax.request("POST", "/mcp", "{}", {**BEARER, "Host": "shop.example ", "Content-Type": "application/json"})
            assert lax.getresponse().status not in (401, 403, 421)
        assert status(url, "/health") == 200
        process.terminate()
        _, log = process.communicate(timeout=10)
    assert '"level": "debug"' in log
    assert TOKEN not in log


def test_without_a_token_it_answers_this_machine_only(folder: Path) -> None:
    done = run(folder, "-m", "bookshop", "--transport", "http", "--host", "0.0.0.0")
    assert done.returncode == 1
    assert done.stderr == (
        "bookshop: set BOOKSHOP_TOKEN before listening on 0.0.0.0: others than this machine could call\n"
    )
    with listening(folder, BOOKSHOP_ALLOW_OTHER_USERS="1") as (url, _):
        assert status(url) not in (401, 403)


def test_on_a_shared_machine_it_needs_its_token_or_a_second_word(folder: Path) -> None:
    hub = {"JUPYTERHUB_USER": "ada"}
    for command in (("-m", "bookshop", "--transport", "http", "--port", "0"), ("-c", "import bookshop.app")):
        done = run(folder, *command, **hub)
        assert done.returncode == 1
        assert done.stderr == (
            "bookshop: set BOOKSHOP_TOKEN, or BOOKSHOP_ALLOW_OTHER_USERS=1: this is a JupyterHub (JUPYTERHUB_USER is "
            "set), and others could call\n"
        )
        assert run(folder, "-c", "import bookshop.app", BOOKSHOP_TOKEN=TOKEN, **hub).returncode == 0
    with listening(folder, BOOKSHOP_ALLOW_OTHER_USERS="1", **hub) as (url, _):
        assert status(url) not in (401, 403)


def test_a_sick_server_says_so_and_nothing_more(folder: Path) -> None:
    with listening(folder, BOOKSHOP_TOKEN=TOKEN, SICK="1") as (url, _):
        answer = httpx2.get(f"{url}/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "unhealthy", "reason": "RuntimeError"})


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (["--port", "TAKEN"], {}, "Address already in use"),
        (["--port", "99999"], {}, "port must be 0-65535"),
        (["--host", "999.1.1.1"], {"BOOKSHOP_TOKEN": TOKEN}, "999.1.1.1"),
        ([], {"BOOKSHOP_REQUEST_STATE_KEYS": "short"}, "at least 32 bytes"),
        ([], {"BOOKSHOP_LOG_LEVEL": "loud"}, "Unknown level"),
    ],
)
def test_what_keeps_it_from_starting_is_one_line(
    folder: Path, arguments: list[str], variables: dict[str, str], says: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = [word.replace("TAKEN", str(taken.getsockname()[1])) for word in arguments]
        done = run(folder, "-m", "bookshop", "--transport", "http", *words, **variables)
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


LIMITS = ("--http", "bookshop.http_limits:LimitedProtocol", "--backlog", "64")
BY_UVICORN = ("-m", "uvicorn", "bookshop.app:app", "--workers", "2", "--timeout-graceful-shutdown", "3", *LIMITS)


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ((), {"BOOKSHOP_WORKERS": "2"}),  # which share a key that nobody chose
        (BY_UVICORN, {"BOOKSHOP_REQUEST_STATE_KEYS": "k" * 32}),
    ],
    ids=["its own", "uvicorn's"],
)
def test_several_workers_go_on_with_what_another_began(
    folder: Path, command: tuple[str, ...], variables: dict[str, str]
) -> None:
    keys = {"BOOKSHOP_TOKEN": TOKEN, **variables}

    async def buy(url: str, answer: Any = agree) -> int:
        """Buy a book; return the process id of the worker that sold it."""
        # A connection for each request: one that is kept would lead back to the worker that asked.
        limits = httpx2.Limits(max_keepalive_connections=0)
        async with client(url, answer=answer, limits=limits, timeout=30) as connected:
            result = await connected.call_tool("buy", {"title": "Emma"})
        assert not result.is_error, result.content
        return int(result.structured_content["result"].split(":")[0])

    async def begin_at_one_and_end_at_the_other(url: str) -> None:
        first = await buy(url)
        os.kill(first, signal.SIGSTOP)  # a halted worker accepts nothing: the other one does
        second = first
        try:
            second = await buy(url)
            assert second != first

            async def change_workers(context: Any, params: Any) -> ElicitResult:
                os.kill(second, signal.SIGSTOP)
                os.kill(first, signal.SIGCONT)
                return await agree(context, params)

            assert await buy(url, change_workers) == first
        finally:
            for worker in {first, second}:
                os.kill(worker, signal.SIGCONT)

    with listening(folder, *command, **keys) as (url, process):
        asyncio.run(begin_at_one_and_end_at_the_other(url))
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


BEGUN = {
    "idle": b"",
    "headers": b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "body": b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000000\r\n\r\n{",
}


def test_a_flood_of_connections_without_a_token_leaves_it_well(folder: Path) -> None:
    with listening(folder, BOOKSHOP_TOKEN=TOKEN, BOOKSHOP_LOG_LEVEL="ERROR") as (url, process):
        host, port = url.removeprefix("http://").split(":")
        for begun in BEGUN.values():
            with ExitStack() as stack:
                for _ in range(1_000):
                    sock = stack.enter_context(closing(socket.create_connection((host, int(port)), timeout=30)))
                    with suppress(OSError):  # it was closed for a newcomer
                        sock.sendall(begun)
                if sys.platform == "linux":
                    assert len(list(Path(f"/proc/{process.pid}/fd").iterdir())) < 900
                assert status(url, "/health") == 200
                assert status(url) == 401


def test_headers_without_end_are_refused(folder: Path) -> None:
    with listening(folder, BOOKSHOP_TOKEN=TOKEN) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        with closing(socket.create_connection((host, int(port)), timeout=30)) as sock:
            sock.sendall(b"GET /health HTTP/1.1\r\n")
            with pytest.raises(OSError, match=r"reset|pipe|aborted"):
                sock.sendall((b"X-Filler: " + b"a" * 1000 + b"\r\n") * 50_000)
        assert status(url, "/health") == 200
