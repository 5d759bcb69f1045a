"""Windows is not at hand: its own rules are played here, one at a time, as its documents state them."""

from __future__ import annotations

import _thread
import asyncio
import errno
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_notebook import addresses, files, main_thread
from mcp_notebook.addresses import Address
from mcp_notebook.bridge import command
from mcp_notebook.client import Command
from mcp_notebook.course.checking import writing
from mcp_notebook.errors import PortTakenError
from mcp_notebook.export.proof import serving
from mcp_notebook.export.proof.environment import Installed
from mcp_notebook.headless import ending
from mcp_notebook.portal import Portal
from mcp_notebook.server import hosting
from mcp_notebook.server.endpoint import Endpoint
from mcp_notebook.session import targets


def busy_for_a_while() -> None:
    for _ in range(500):
        threading.Event().wait(0.01)


@pytest.fixture
def unheard_interrupt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return a function that interrupts the main thread soon, as Windows does: the interrupt wakes no wait."""
    monkeypatch.setattr(main_thread, "LONGEST_WAIT", 0.01)
    # A shell starts its background jobs with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.05, _thread.interrupt_main)
    yield timer.start
    timer.join()
    signal.signal(signal.SIGINT, before)


def late(future: Future[Any]) -> threading.Timer:
    """Give a future a result at last, so that a wait which no interrupt ends is a failure and not a hang."""
    timer = threading.Timer(5, lambda: future.done() or future.set_result("too late"))
    timer.daemon = True
    timer.start()
    return timer


def test_an_interrupt_that_wakes_no_wait_ends_the_wait_for_a_result(unheard_interrupt: Callable[[], None]) -> None:
    future: Future[str] = Future()
    timer = late(future)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come at once
        unheard_interrupt()
        main_thread.result_of(future)
    timer.cancel()


def test_an_interrupt_that_wakes_no_wait_ends_the_wait_for_a_task_to_start(
    unheard_interrupt: Callable[[], None], portal: Portal
) -> None:
    async def never_starts(started: Any) -> None:
        await anyio.sleep(5)
        started()

    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come at once
        unheard_interrupt()
        portal.start_task(never_starts)


def test_an_interrupt_that_wakes_no_wait_ends_the_bridge(
    monkeypatch: pytest.MonkeyPatch, unheard_interrupt: Callable[[], None]
) -> None:
    class Ended(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return super().wait(5 if timeout is None else timeout)

    class Bridge:
        def __init__(self, *_: object) -> None:
            self.ended = Ended()

        def start(self) -> None:
            unheard_interrupt()

        def close(self) -> None:
            closed.append(self.ended.is_set())

    closed: list[bool] = []
    address = type("Address", (), {"running": True, "transport": "http"})()
    monkeypatch.setattr(command, "LOOK", 0.01)
    monkeypatch.setattr(addresses, "find", lambda name: address)
    monkeypatch.setattr(command, "HostProcess", type("HostProcess", (), {"tell": print}))
    monkeypatch.setattr(command, "Kernel", lambda *_: None)
    monkeypatch.setattr(command, "Bridge", Bridge)
    monkeypatch.setattr(os, "_exit", lambda status: None)
    earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        command.connect("books", 1.0)
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
    assert closed == [True]


def test_a_client_that_hangs_up_interrupts_the_cells_where_a_signal_would_end_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def kill(pid: int, number: int) -> None:
        raise AssertionError("TerminateProcess: nothing is tidied, and children go on")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "kill", kill)
    with ending.ended_by_signals() as ended, pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come at once
        threading.Timer(0.05, ending._terminate).start()
        busy_for_a_while()
    assert ended.signal.done()


def test_a_port_is_held_alone_where_reusing_it_would_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Socket(socket.socket):
        def setsockopt(self, level: int, option: int, *value: Any) -> None:
            asked.append(option)

    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", -5, raising=False)
    monkeypatch.setattr(socket, "socket", Socket)
    hosting._bind(Endpoint(token=None)).close()
    assert asked == [-5]


def test_a_port_that_is_held_alone_counts_as_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Socket(socket.socket):
        def bind(self, address: Any) -> None:
            raise OSError(errno.EACCES, "An attempt was made to access a socket in a way forbidden")

    monkeypatch.setattr(hosting, "_TAKEN", {errno.EADDRINUSE, errno.EACCES})
    monkeypatch.setattr(socket, "socket", Socket)
    with pytest.raises(PortTakenError, match=r"--any-port"):
        hosting._bind(Endpoint(token=None))


def test_a_file_that_another_program_reads_is_replaced_when_that_has_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refusals = [3]
    replace = Path.replace

    def replace_as_windows_does(path: Path, target: Any) -> Path:
        if refusals[0]:
            refusals[0] -= 1
            raise PermissionError(errno.EACCES, "The process cannot access the file because another process uses it")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", replace_as_windows_does)
    draft, target = tmp_path / "draft", tmp_path / "target"
    draft.write_text("new")
    target.write_text("old")
    with pytest.raises(PermissionError):
        files.put_in_place(draft, target)  # elsewhere, waiting would not help
    monkeypatch.setattr(sys, "platform", "win32")
    files.put_in_place(draft, target)
    assert target.read_text() == "new"
    assert refusals == [0]


def test_a_file_that_stays_in_use_is_told_of_in_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(path: Path, target: Any) -> Path:
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(files, "BUSY", 0.1)
    with pytest.raises(PermissionError):
        files.put_in_place(tmp_path / "draft", tmp_path / "target")


def test_the_log_of_a_server_under_proof_is_removed_when_nobody_has_it_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[Any] = []
    of_path, unlink = Path.open, Path.unlink

    def open_and_note(path: Path, *args: Any, **named: Any) -> Any:
        opened.append(of_path(path, *args, **named))
        return opened[-1]

    def unlink_as_windows_does(path: Path, **named: Any) -> None:
        assert all(file.closed for file in opened), "WinError 32: another process has the file open"
        unlink(path, **named)

    monkeypatch.setattr(Path, "open", open_and_note)
    monkeypatch.setattr(Path, "unlink", unlink_as_windows_does)
    monkeypatch.setattr(serving, "_address", lambda process, log: "http://127.0.0.1:1/mcp")
    (tmp_path / "cwd").mkdir()
    package = Installed(python=Path(os.devnull), source=tmp_path, variables={})
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: None)
    monkeypatch.setattr(serving, "_end", lambda process: None)
    with serving._http(package, "package", tmp_path / "cwd"):
        assert (tmp_path / "cwd.log").exists()
    assert not (tmp_path / "cwd.log").exists()


def test_a_name_that_the_encoding_of_a_pipe_lacks_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    notebook = tmp_path / "заметки.ipynb"
    notebook.write_text("{}", encoding="utf-8")
    addresses.publish(
        Address(server="notebook", notebook=str(notebook), kernel=None, url="http://127.0.0.1:1/mcp", token=None)
    )
    environment = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    words = [sys.executable, "-m", "mcp_notebook", "list"]
    listed = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert (listed.returncode, listed.stderr) == (0, b"")
    assert b"\\u0437\\u0430\\u043c" in listed.stdout


def test_the_folder_for_temporary_files_is_left_out_however_a_path_in_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: r"C:\Users\ann\Temp")
    monkeypatch.setattr(os.path, "realpath", lambda path: r"D:\Temp")
    for written in (r"C:\Users\ann\Temp\tmp1a\x.db", r"C:\\Users\\ann\\Temp\\tmp1a\\x.db", r"D:\Temp\tmp1a\x.db"):
        assert writing._without_folder(written).replace("\\\\", "\\") == r"/...\x.db"


def test_a_command_in_one_text_is_split_as_the_system_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def split_as_windows_does(text: str, posix: bool = False, strict: bool = True) -> list[str]:
        return text.split(" ")

    monkeypatch.setattr(targets, "arg_split", split_as_windows_does)
    target = targets.target_named(None, (r"C:\tools\server.exe --quiet",))  # type: ignore[arg-type]
    assert target == Command(r"C:\tools\server.exe", ("--quiet",))


def test_the_loop_can_start_subprocesses_whatever_policy_the_kernel_chose(
    monkeypatch: pytest.MonkeyPatch, portal: Portal
) -> None:
    class Proactor(asyncio.SelectorEventLoop):
        pass

    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    monkeypatch.setattr(asyncio, "ProactorEventLoop", Proactor, raising=False)
    with monkeypatch.context() as here:
        here.setattr(sys, "platform", "win32")
        running = portal.start(loop)
    assert isinstance(running.result(), Proactor)
