"""Servers that misbehave: a request ends with one line that names the cause, and everything else goes on."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import TimeoutError
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mcp.server.mcpserver import MCPServer

from mcp_notebook import Command, Url, connect
from mcp_notebook.client import Connection, limits, transports
from mcp_notebook.errors import RequestError
from tests.support import ROOT
from tests.support.kernels import Kernel, running_kernel
from tests.support.peers import over_http, over_stdio
from tests.support.results import text_of
from tests.support.waiting import until

pytestmark = pytest.mark.slow

DEADLINE = 60.0
"""Seconds: no more than a bound against a hang."""


@pytest.fixture(scope="module")
def own() -> Iterator[Connection]:
    """A server of this process, as a notebook has it beside its connections."""
    server = MCPServer("own", log_level="CRITICAL")

    @server.tool()
    def increase(a: int) -> int:
        return a + 1

    with connect(server) as connection:
        yield connection


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.support.peers.over_http"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def over(stdio_fault: str, *more: str, **options: Any) -> Connection:
    return connect(Command(sys.executable, ["-m", "tests.support.peers.over_stdio", stdio_fault, *more]), **options)


def at(port: str, fault: str, **options: Any) -> Connection:
    transport: Any = "sse" if fault.startswith("sse") else "http"
    return connect(Url(f"http://127.0.0.1:{port}/{fault}/mcp", transport=transport), **options)


def line_of(connection: Connection, **options: Any) -> str:
    """The one line with which the bad call ends."""
    call = connection.start_call("bad", **options)
    with pytest.raises(RequestError) as raised:
        call.result(DEADLINE)
    line = str(raised.value)
    assert "\n" not in line
    assert len(line) < 800
    return line


def is_served(own: Connection) -> bool:
    return own.start_call("increase", {"a": 1}).result(DEADLINE).result.structured_content == {"result": 2}


NOT_A_MESSAGE = "answered with a line that is not an MCP message ({}): "

UNUSABLE = {
    "half-a-character": (NOT_A_MESSAGE.format("half a character in JSON"), "cut \\ud83d"),
    "half-a-character-in-a-key": (NOT_A_MESSAGE.format("half a character in JSON"), "\\udc00"),
    "latin-1": (NOT_A_MESSAGE.format("a byte that is not UTF-8"), "caf\\xe9"),
    "utf-16": (NOT_A_MESSAGE.format("invalid JSON"), "\\xff\\xfe{"),
    "no-id": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '"text": "x"'),
    "null-id": ("answered with the id null, which no request has", "it broke"),
    "null-id-result": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '"id": null'),
    "other-id": ("answered with the id 987654, which no request has", '"text":"x"'),
    "id-as-words": ('answered with the id "request ', '"text":"x"'),
    "id-as-list": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '"text": "x"'),
    "not-json-rpc": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '"text": "x"'),
    "bare-result": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '{"content": '),
    "version-1": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '"1.0"'),
    "batch": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), "[{"),
    "result-is-text": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '"result": "x"'),
    "error-is-text": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), "it broke"),
    "neither": (NOT_A_MESSAGE.format("not JSON-RPC 2.0"), '"jsonrpc": "2.0"'),
    "cut-short": (NOT_A_MESSAGE.format("invalid JSON"), '"text":"x"'),
    "number-too-long": (NOT_A_MESSAGE.format("invalid JSON"), '"n":999'),
    "too-deep": (NOT_A_MESSAGE.format("invalid JSON"), '"n":[[['),
    "too-long": ("sent a line of more than 64 MB, which is the limit.", "Ask it for less."),
}
"""Over stdio: the answer cannot be used, and the connection can."""


@pytest.mark.parametrize("fault", UNUSABLE)
def test_an_answer_that_cannot_be_used_ends_its_call_only(fault: str, own: Connection) -> None:
    cause, quotes = UNUSABLE[fault]
    with over(fault) as connection:
        line = line_of(connection)
        assert cause.removesuffix("): ") in line
        assert quotes in line
        assert is_served(own)
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"


def test_a_result_that_is_not_as_mcp_says_ends_its_call_only() -> None:
    with over("result-misfits") as connection:
        call = connection.start_call("bad")
        with suppress(RequestError):  # or it is shown next to what is wrong
            call.result(DEADLINE)
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"


@pytest.mark.parametrize("fault", ["endless-line", "endless-noise"])
def test_a_line_without_end_ends_its_call_and_takes_bounded_memory(fault: str, own: Connection) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with over(fault) as connection:
        assert "sent a line of more than 64 MB" in line_of(connection)
        assert is_served(own)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 6 * limits.MESSAGE / 1000


@pytest.mark.parametrize("fault", ["ends", "ends-in-the-middle"])
def test_a_command_that_ends_ends_its_calls(fault: str, own: Connection) -> None:
    with over(fault, notice=lambda _: None) as connection:
        assert "broke before the answer came" in line_of(connection)
        assert is_served(own)
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"


@pytest.mark.parametrize("fault", ["noise-first", "twice", "bad-notifications"])
def test_what_a_server_prints_besides_its_answer_does_no_harm(fault: str) -> None:
    with over(fault) as connection:
        for _ in range(2):
            assert text_of(connection.start_call("bad").result(DEADLINE).result) == "x"
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"


def test_an_answer_to_a_notification_is_not_taken_for_one_to_a_request() -> None:
    with over("answers-notifications") as connection:
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"


def test_a_stray_answer_ends_the_one_call_that_stays_without() -> None:
    with over("null-id") as connection:
        calls = [connection.start_call(name) for name in ("good", "bad", "good")]
        assert [text_of(calls[n].result(DEADLINE).result) for n in (0, 2)] == ["good", "good"]
        with pytest.raises(RequestError, match="id null"):
            calls[1].result(DEADLINE)


@pytest.mark.parametrize("fault", ["flood-of-messages", "flood-of-noise", "flood-of-questions", "flood-of-stderr"])
def test_a_flood_leaves_the_others_their_turn_and_takes_bounded_memory(fault: str, own: Connection) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with over(fault, answerer=lambda _: None) as connection:
        call = connection.start_call("bad")
        with pytest.raises(TimeoutError):
            call.result(2)
        assert is_served(own)
        call.cancel()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_stderr_without_end_does_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STDERR_FILE", 1_000_000)
    monkeypatch.setattr(transports, "CUT_EVERY", 0.01)
    with over("flood-of-stderr") as connection:
        call = connection.start_call("bad")
        with pytest.raises(TimeoutError):
            call.result(1)
        stderr: Any = connection._sessions._stderr
        # It grows by a gigabyte each second, and is short again whenever it was cut.
        until(lambda: os.fstat(stderr.file.fileno()).st_size < 50_000_000, step=0.001)
        assert 0 < len(connection.stderr) <= limits.STDERR
        call.cancel()


def test_questions_that_are_taken_back_leave_room_for_others() -> None:
    with over("flood-of-cancelled-questions", answerer=lambda _: None) as connection:
        for _ in range(2):
            assert text_of(connection.start_call("bad").result(DEADLINE).result) == "x"
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"


OVER_HTTP = {
    "gzip-bomb": "sent a response of more than 64 MB",
    "deflate-bomb": "sent a response of more than 64 MB",
    "bomb-in-bomb": "sent a response of more than 64 MB",
    "gzip-bomb-of-events": "sent an event of more than 64 MB",
    "gzip-bomb-as-error": "sent a response of more than 64 MB",
    "gzip-that-is-none": "sent a body that does not match its Content-Encoding",
    "endless-body": "sent a response of more than 64 MB",
    "endless-event": "sent an event of more than 64 MB",
    "endless-comment": "sent an event of more than 64 MB",
    "endless-error": "answered 500",
    "headers-without-end": "sent more than 100 kB of headers",
    "half-a-character": "(half a character in JSON: ",
    "half-a-character-in-an-event": 'text":"cut \\ud83d"',
    "latin-1": "(a byte that is not UTF-8): ",
    "latin-1-in-an-event": 'text":"caf\\xe9"',
    "null-id": 'answered with the id null instead of 4: {"jsonrpc": "2.0", "id": null, "error"',
    "other-id": "answered with the id 987654 instead of 4",
    "empty": "answered with an empty body",
    "accepted": "accepted the request (202) but does not answer it",
    "no-content": "accepted the request (204) but does not answer it",
    "batch": "(not JSON-RPC 2.0): [{",
    "a-notification": "answered with a message that is not the answer: ",
    "result-is-text": '"result": "x"',
    "web-page": "answers with a web page",
    "cut-short": "broke before the answer came",
    "events-end": "ended its response without an answer",
    "events-end-after-a-message": "ended its response without an answer",
    "events-ask-to-come-back-late": "broke before the answer came",
    "error-in-latin-1": "answered 500",
    "sse-half-a-character": "(half a character in JSON: ",
    "sse-null-id": '"id": null',
    "sse-too-big": "sent an event of more than 64 MB",
    "sse-refuses": "answered 503: no room",
}


@pytest.mark.parametrize("fault", OVER_HTTP)
def test_a_response_that_cannot_be_used_ends_its_call_only(
    fault: str, port: str, own: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RETRY", 0.1)
    with at(port, fault, notice=lambda _: None) as connection:
        line = line_of(connection)
        assert OVER_HTTP[fault] in line
        assert is_served(own)
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"


@pytest.mark.parametrize("fault", ["gzip-bomb", "bomb-in-bomb", "gzip-bomb-of-events", "endless-event"])
def test_a_response_takes_bounded_memory(fault: str, port: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with at(port, fault) as connection:
        assert "64 MB" in line_of(connection)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 6 * limits.MESSAGE / 1000


@pytest.mark.parametrize(
    ("fault", "size"),
    [("bom", 1), ("bom-before-events", 1), ("big-event", 2_000_000), ("sse-big", 2_000_000), ("big-image", 50_000_000)],
)
def test_a_large_result_and_one_after_a_bom_arrive(fault: str, size: int, port: str) -> None:
    with at(port, fault) as connection:
        assert len(text_of(connection.start_call("bad").result(DEADLINE).result)) == size


def test_an_sse_server_that_names_no_address_is_told_of(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ENDPOINT", 0.5)
    with pytest.raises(RequestError, match="does not say where messages go"):
        at(port, "sse-without-endpoint")


@pytest.mark.parametrize("fault", ["silence", "drip"])
def test_a_timeout_ends_what_a_command_never_finishes(fault: str, own: Connection) -> None:
    with over(fault) as connection:
        assert line_of(connection, timeout=0.5) == (
            "'misbehaves' did not answer within 0.5 s; it is not known whether the request ran. Allow more time: "
            "--timeout SECONDS on the line, timeout=... in Python."
        )
        assert is_served(own)


def test_a_timeout_names_what_came_in_place_of_an_answer() -> None:
    with over("says-hello") as connection:
        assert line_of(connection, timeout=0.5).endswith("It sent something that is not an MCP message: hello")


@pytest.mark.parametrize("fault", ["silence", "drip", "drip-of-events"])
def test_a_timeout_ends_what_a_response_never_finishes(fault: str, port: str, own: Connection) -> None:
    with at(port, fault, timeout=0.5) as connection:
        assert "did not answer within 0.5 s" in line_of(connection)
        assert is_served(own)
        assert text_of(connection.start_call("good", timeout=DEADLINE).result(DEADLINE).result) == "good"


def test_each_report_of_progress_begins_a_timeout_again() -> None:
    with over("progress") as connection:
        assert text_of(connection.start_call("bad", timeout=1.0).result(DEADLINE).result) == "x"
    with over("progress", timeout=1.0) as connection:
        assert text_of(connection.start_call("bad").result(DEADLINE).result) == "x"


@pytest.mark.parametrize(
    ("fault", "starts"),
    [
        ("ends-at-discover", 2),
        ("gibberish-at-discover", 2),
        ("refuses-everything-after-discover", 2),
        ("silent-after-discover", 2),
        ("null-id-at-discover", 1),
        ("half-a-character-at-discover", 1),
        ("starts-with-noise", 1),
        ("starts-with-a-bom", 1),
    ],
)
def test_a_command_of_before_is_connected_to(fault: str, starts: int, tmp_path: Path) -> None:
    with over(fault, str(tmp_path / "starts"), deadline=20.0) as connection:
        assert connection.era == "legacy"
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"
    assert (tmp_path / "starts").read_text().splitlines() == ["started"] * starts


def test_a_command_of_before_is_started_in_its_own_way_again_after_it_was_lost(tmp_path: Path) -> None:
    with over("ends-at-discover", str(tmp_path / "starts"), notice=lambda _: None) as connection:
        with pytest.raises(RequestError, match="broke before"):
            connection.call("ends")
        assert text_of(connection.start_call("good").result(DEADLINE).result) == "good"
    assert (tmp_path / "starts").read_text().splitlines() == ["started"] * 3


def test_the_modern_era_asked_for_is_not_given_up_in_silence() -> None:
    with pytest.raises(RequestError, match=r"ended before it answered.*--era legacy, or --era auto"):
        over("ends-at-discover", era="modern")


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("python-does-not-start", "The last of its stderr: ModuleNotFoundError: No module named 'sales_data'."),
        ("node-does-not-start", "The last of its stderr: Error: Cannot find module '/srv/sales/dist/index.js'."),
    ],
)
def test_a_command_that_does_not_start_is_told_with_its_error(fault: str, cause: str) -> None:
    with pytest.raises(RequestError) as raised:
        over(fault)
    assert str(raised.value) == f"{Path(sys.executable).name!r} ended before it answered. {cause}"


STDERR = {
    "plain words\n": "plain words",
    "one\ntwo\nthree\nfour\n": "two | three | four",
    "\x1b[31mTypeError [ERR_X]: bad\x1b[0m\n    at f (x.js:1:2)\n": "TypeError [ERR_X]: bad",
    "thread 'main' panicked at src/main.rs:4:5:\nno token\nnote: run with `RUST_BACKTRACE=1`\n": (
        "thread 'main' panicked at src/main.rs:4:5: | no token"
    ),
    "panic: no token\n\ngoroutine 1 [running]:\nmain.main()\n": "panic: no token | main.main()",
    'Exception in thread "main" java.lang.IllegalStateException: no token\n\tat Main.main(Main.java:3)\n': (
        'Exception in thread "main" java.lang.IllegalStateException: no token'
    ),
    "npm error code E404\nnpm error 404 Not Found - x\nnpm error A complete log of this run can be found in: /x\n": (
        "npm error 404 Not Found - x"
    ),
    'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    import y\nImportError: no y\n': (
        "ImportError: no y"
    ),
    "    all of it\n    is indented\n": "all of it | is indented",
}


@pytest.mark.parametrize("stderr", STDERR)
def test_the_error_is_found_in_what_a_command_writes(stderr: str) -> None:
    with pytest.raises(RequestError) as raised:
        over("dies-with", stderr)
    assert str(raised.value).endswith(f"The last of its stderr: {STDERR[stderr]}.")


def test_a_command_that_never_answers_is_given_up_at_its_deadline() -> None:
    with pytest.raises(RequestError, match="runs but does not answer"):
        over("never-starts", deadline=1.0)


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_a_server_of_the_sse_transport_is_found_at_a_url(era: Any, port: str) -> None:
    with connect(f"http://127.0.0.1:{port}/sse-null-id/mcp", era=era) as connection:
        assert (connection.transport, connection.era) == ("sse", "legacy")
        outcome = connection.start_call("good").result(DEADLINE)
        assert text_of(outcome.result) == "good"
        assert outcome.call is not None
        assert outcome.call.transport == "sse"


LOUD = """
import sys
from mcp_notebook import Command, connect

def drive(fault, name="bad", **options):
    try:
        command = Command(sys.executable, ["-m", "tests.support.peers.over_stdio", fault])
        with connect(command, notice=str) as connection:
            connection.call(name, **options)
    except Exception as error:
        print(type(error).__name__)
"""


@pytest.mark.parametrize("extension", [True, False])
def test_no_cell_gets_the_tracebacks_of_the_sdk(extension: bool) -> None:
    """Which its loggers write, where nobody set up logging."""
    with running_kernel(PYTHONPATH=str(ROOT)) as kernel:
        if extension:
            kernel.good("%load_ext mcp_notebook")
        kernel.good(LOUD)
        for fault in (
            "half-a-character",
            "latin-1",
            "bad-notifications",
            "ends",
            "node-does-not-start",
            "result-misfits",
        ):
            ran = kernel.good(f"drive({fault!r})")
            assert ran.stderr == ""
            assert ran.stdout in ("RequestError\n", "")
        assert kernel.good("drive('silence', timeout=0.2)").everything.strip() == "TimeUpError"
        assert kernel.good("import gc; gc.collect();").stderr == ""


def test_the_line_is_all_that_a_magic_shows(kernel: Kernel) -> None:
    kernel.good("import sys; from mcp_notebook import Command")
    for fault in ("latin-1", "silence"):
        kernel.good(f"peer = Command(sys.executable, ['-m', 'tests.support.peers.over_stdio', {fault!r}])")
        kernel.good(f"%mcp connect peer --as {fault} --timeout 20")
        line = kernel.run(f"%mcp call bad --on {fault} --timeout 0.5").everything.strip()
        assert ("a byte that is not UTF-8" if fault == "latin-1" else "did not answer within 0.5 s") in line
        assert "\n" not in line
    for verb in ("%mcp read x://y", "%mcp call good", "%mcp tools"):
        assert "Traceback" not in kernel.run(f"{verb} --on silence").everything


def test_every_fault_of_the_peers_is_driven() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    faults = {*over_stdio.BAD_ANSWERS, *over_stdio.FIRST, *over_http.FAULTS, *over_http.SSE}
    assert [fault for fault in faults if f'"{fault}"' not in here] == []
