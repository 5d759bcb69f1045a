"""``mcp-notebook serve`` as a process, with clients that stay connected while the notebook is saved again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from mcp_notebook import addresses
from mcp_notebook.client import Connection, Era, Live
from mcp_notebook.client.connection import end_commands
from mcp_notebook.client.targets import Command, Url
from mcp_notebook.portal import Portal
from tests.headless.test_headless_watch import ADD, save

DEADLINE = 60

NOISY = """
import os, subprocess, sys, logging
print("printed")
os.write(1, b"written")
subprocess.run([sys.executable, "-c", "print('by a child', repr(input.__name__))"])
logging.warning("logged")
assert sys.stdin.read() == ""
"""

LOUD = """%%mcp_tool
def add(a: int, b: int) -> int:
    import ctypes, logging, os, subprocess, sys, threading, warnings
    print("by print")
    sys.stderr.write("by stderr\\n")
    sys.__stdout__.write("by __stdout__\\n")
    logging.getLogger("shop").info("by logging")
    warnings.warn("by " + "warning")
    os.write(1, b"by fd\\n")
    ctypes.CDLL(None).puts(b"by C")
    subprocess.run([sys.executable, "-c", "print('by ' + 'child')"])
    thread = threading.Thread(target=print, args=["by thread"])
    thread.start()
    thread.join()
    display({"by display"})
    raise RuntimeError("no till")
"""
WAYS = ["print", "stderr", "__stdout__", "logging", "warning", "fd", "C", "child", "thread", "display"]

WHERE = """%%mcp_tool --run-on main
def where() -> str:
    import threading
    print("said")
    return threading.current_thread().name
"""

ASKED: list[dict[str, Any]] = [
    {"id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}},
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/call", "params": {"name": "add", "arguments": {"a": 1, "b": 2}}},
]  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture
def portal() -> Iterator[Portal]:
    portal = Portal()
    yield portal
    end_commands(portal)  # which the portal would leave running
    portal.close()


@contextmanager
def serving(notebook: Path, *options: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "mcp_notebook", "serve", str(notebook), *options]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    process = subprocess.Popen(command, text=True, **pipes)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def until(stream: IO[str] | None, words: str) -> str:
    assert stream is not None
    said = ""
    for line in stream:
        said += line
        if words in line:
            return said
    raise AssertionError(f"never said {words!r}: {said}")


def names(connection: Connection) -> list[str]:
    return [tool.name for tool in connection.tools()]


class Ears:
    """What a client hears of changes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._changed = threading.Event()
        self.heard = 0
        connection.follow(self._hear)

    def _hear(self, message: Any) -> None:
        if "ToolListChanged" in type(message).__name__ or "ToolsListChanged" in type(message).__name__:
            self.heard += 1
            self._changed.set()

    def lists(self, expected: list[str]) -> bool:
        """Ask for the list each time that it has changed, until it is as expected; say whether anything was heard."""
        while True:
            self._changed.clear()
            if names(self._connection) == expected:
                return self.heard > 0
            assert self._changed.wait(DEADLINE)


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_on_stdio_a_client_waits_for_noisy_cells_and_hears_of_a_saved_change(
    tmp_path: Path, portal: Portal, era: Era, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp.client.session.DISCOVER_TIMEOUT_SECONDS", DEADLINE)  # cells take long on a busy machine
    notebook = tmp_path / "sales.ipynb"
    save(notebook, {"noise": NOISY, "where": WHERE, "add": ADD})
    arguments = ["-m", "mcp_notebook", "serve", str(notebook), "--watch"]
    environment = {"JUPYTER_RUNTIME_DIR": os.environ["JUPYTER_RUNTIME_DIR"]}
    with Connection(portal, Command(sys.executable, arguments, environment), era) as connection:
        ears = Ears(connection)
        assert names(connection) == ["where", "add"]
        assert connection.call("where", {}).result.structured_content == {"result": "MainThread"}
        save(notebook, {"noise": NOISY, "where": WHERE, "more": ADD.replace("add", "sum")})
        assert ears.lists(["where", "sum"])


def test_over_http_both_eras_and_the_bridge_hear_of_a_saved_change(tmp_path: Path, portal: Portal) -> None:
    notebook = tmp_path / "sales.ipynb"
    make = "from mcp.server.mcpserver import MCPServer\nmcp = MCPServer('shop')\n"
    save(notebook, {"make": make, "add": "@mcp.tool()\ndef add(a: int) -> int:\n    return a"})
    with serving(notebook, "--transport", "http", "--watch") as process:
        until(process.stderr, "token")
        (address,) = [address for address in addresses.live() if address.notebook == str(notebook)]
        assert address.name == "sales/mcp"
        url = Url(address.url, token=address.token)
        clients = [
            Connection(portal, url, "modern"),
            Connection(portal, url, "legacy"),
            Connection(portal, Live("sales/mcp"), "modern"),
        ]
        ears = [Ears(client) for client in clients]
        # The cell that makes the server too, so that another server has to take its place.
        save(notebook, {"make": make + "x = 1", "sum": "@mcp.tool()\ndef sum(a: int) -> int:\n    return a"})
        assert all(ear.lists(["sum"]) for ear in ears)
        until(process.stderr, "changed: cell 1 ran, cell 2 ran")
        for client in clients:
            client.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
        assert "sales/mcp" not in [address.name for address in addresses.live()]


def test_it_ends_as_good_commands_do(tmp_path: Path) -> None:
    notebook = tmp_path / "sales.ipynb"
    save(notebook, {"add": ADD})
    with serving(notebook) as left, serving(notebook) as interrupted:
        for process in (left, interrupted):
            until(process.stderr, "on stdio")
        assert left.stdin is not None
        left.stdin.close()
        left.stdin = None
        interrupted.send_signal(signal.SIGINT)
        assert [process.wait(DEADLINE) for process in (left, interrupted)] == [0, 130]
        for process in (left, interrupted):
            assert process.stdout is not None
            assert process.stderr is not None
            assert (process.stdout.read(), process.stderr.read()) == ("", "")


@pytest.mark.parametrize(
    "busy",
    [
        "%%bash\necho at $$\nsleep 300",
        "import subprocess\nprint('at', subprocess.Popen(['sleep', '300']).pid)\nwhile True: pass",
        "import os, threading\nnever = threading.Event()\nprint('at', os.getpid())\n"
        "threading.Thread(target=never.wait, args=[300]).start()\n"
        "try:\n    never.wait(300)\nexcept BaseException:\n    pass",
    ],
)
def test_when_the_client_hangs_up_nothing_goes_on_that_a_cell_started(tmp_path: Path, busy: str) -> None:
    notebook = tmp_path / "sales.ipynb"
    save(notebook, {"busy": busy, "next": "print('ran on')", "add": ADD})
    with serving(notebook) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **ASKED[0]}) + "\n")
        process.stdin.flush()
        pid = int(until(process.stderr, "at ").split()[-1])
        process.stdin.close()
        process.stdin = None
        assert process.wait(DEADLINE) == 128 + signal.SIGTERM
        assert process.stderr.read().endswith(f"interrupted in cell 1, which begins {busy.splitlines()[0]!r}.\n")
    assert not psutil.pid_exists(pid)


def test_what_a_tool_puts_out_and_raises_is_seen_on_stderr_and_not_by_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # what is buffered is written when the client has gone
    notebook = tmp_path / "sales.ipynb"
    save(notebook, {"add": LOUD})
    with serving(notebook) as process:
        assert process.stdin is not None
        process.stdin.writelines(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in ASKED)
        process.stdin.flush()
        said = until(process.stderr, "RuntimeError: no till")
        process.stdin.close()
        process.stdin = None
        assert process.wait(DEADLINE) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert [json.loads(line)["id"] for line in process.stdout if "no till" not in line] == [1, 2]
        said += process.stderr.read()
    assert [said.count(word) for word in ("by " + way for way in WAYS)] == [1] * len(WAYS)
    assert "Traceback" not in said


def test_what_cannot_be_served_is_said_on_stderr(tmp_path: Path) -> None:
    late, empty = tmp_path / "late.ipynb", tmp_path / "empty.ipynb"
    save(late, {"one": "import asyncio\nawait asyncio.sleep(60)"})
    save(empty, {"one": "x = 1"})
    with serving(late, "--timeout", "0.5") as first, serving(empty) as second:
        for process, status, said in ((first, 1, "No end within 0.5 s"), (second, 2, "There is no server here")):
            out, err = process.communicate(timeout=DEADLINE)
            assert (process.returncode, out) == (status, "")
            assert said in err
            assert "Traceback" not in err
