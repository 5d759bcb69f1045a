"""One connection serves any target: here a server object and a command, in both eras."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp_types import PromptReference

from mcp_notebook import Command, Url, connect
from mcp_notebook.client import Connection, EraChoice, sessions
from mcp_notebook.client.script import Script
from mcp_notebook.errors import RequestError
from tests.support import ROOT
from tests.support.echoes import server
from tests.support.waiting import until

ECHOES = Command(sys.executable, ["-m", "tests.support.echoes"], cwd=ROOT)
DEADLINE = 20.0


TARGETS = {"object": server, "command": ECHOES}


@pytest.fixture(
    scope="module", params=[(t, era) for t in TARGETS for era in ("auto", "modern", "legacy")], ids="-".join
)
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    target, era = request.param
    with connect(TARGETS[target], era=era) as connection:
        yield connection


def test_lists_and_requests_are_the_same_for_any_target(connection: Connection) -> None:
    assert [tool.name for tool in connection.tools()][:2] == ["add", "steps"]
    assert [resource.uri for resource in connection.resources()] == ["echo://text"]
    assert [template.uri_template for template in connection.templates()] == ["echo://{word}/twice"]
    assert [prompt.name for prompt in connection.prompts()] == ["review"]
    assert connection.call("add", {"a": 1, "b": 2}).result.structured_content == {"result": 3}
    assert connection.read("echo://so/twice").result.contents[0].text == "soso"  # type: ignore[union-attr]
    assert connection.prompt("review", {"text": "it"}).result.messages[0].content.text == "Review it"  # type: ignore[union-attr]
    assert connection.start_read("echo://text").result(DEADLINE).call is not None
    assert connection.start_prompt("review", {"text": "it"}).result(DEADLINE).call is not None
    assert connection.complete(PromptReference(name="review"), "text", "al", {}) == ["alpha"]


def test_a_connection_says_whom_it_reaches(connection: Connection) -> None:
    assert connection.name == "echoes"
    assert connection.server_info is not None
    assert connection.server_info.name == "echoes"
    assert connection.instructions == "Say something."
    assert connection.capabilities.tools is not None
    assert connection.era == ("modern" if connection.protocol_version == "2026-07-28" else "legacy")
    assert repr(connection) == (
        f"connection echoes: {connection.protocol_version} ({connection.era}) over {connection.transport}"
    )


def test_the_client_records_calls_with_what_happened_in_them(connection: Connection) -> None:
    heard: list[float] = []
    call = connection.call("steps", on_progress=lambda progress, *_: heard.append(progress)).call
    assert call is not None
    assert call is connection.recorder.calls[-1]
    assert (call.server, call.name, call.state, call.transport) == ("echoes", "steps", "done", connection.transport)
    assert call.era == connection.era
    assert heard == [1]
    assert ("progress", {"progress": 1, "total": 2, "message": "half"}) in [(e.kind, e.value) for e in call.events]
    if connection.transport == "stdio":
        until(lambda: bool(call.text("message")))
    asked = connection.call("greet", answers=[{"name": "Ada"}])
    assert asked.result.structured_content == {"result": "Hello Ada"}
    assert asked.call is not None
    assert asked.call.rounds == (2 if connection.era == "modern" else 1)
    assert call.rounds == 1
    (question, answer) = (event for event in asked.call.events if event.kind in ("question", "answer"))
    assert question.value["method"] == "elicitation/create"
    assert question.value["params"]["message"] == "Who?"
    assert answer.value == {"action": "accept", "content": {"name": "Ada"}}


def test_the_frames_are_kept_from_the_start(connection: Connection) -> None:
    connection.call("add", {"a": 1, "b": 2})
    frames = list(connection.wire.frames)
    assert {frame.transport for frame in frames} == {connection.transport}
    assert frames[-1].direction == "server"
    assert frames[-1].message["result"]["structuredContent"] == {"result": 3}


def test_an_answerer_can_come_with_the_call_or_with_the_connection(connection: Connection) -> None:
    assert connection.call("greet", answerer=Script([{"name": "Bo"}])).result.structured_content == {
        "result": "Hello Bo"
    }
    connection.answerer = Script([{"name": "Cy"}])
    assert connection.call("greet").result.structured_content == {"result": "Hello Cy"}
    connection.answerer = None
    with pytest.raises(RequestError, match="'echoes' asked 'Who\\?', and nobody is here to answer"):
        connection.call("greet")


def test_refusals_are_one_line_and_are_recorded(connection: Connection) -> None:
    with pytest.raises(RequestError, match=r"^The server refused: ") as raised:
        connection.read("echo://nothing")
    assert raised.value.call is not None
    assert raised.value.call.state == "refused"


def test_followers_hear_of_changes_until_they_leave(connection: Connection) -> None:
    heard: list[str] = []
    leave = connection.follow(lambda message: heard.append(getattr(message, "method", "")))
    connection.call("changes")
    until(lambda: "notifications/tools/list_changed" in heard)
    leave()


def test_the_async_face_leaves_the_loop_free_and_cancels_at_the_server(connection: Connection, tmp_path: Path) -> None:
    note = tmp_path / "note"

    async def main() -> Any:
        outcome, tools = await asyncio.gather(connection.aio.call("add", {"a": 2, "b": 2}), connection.aio.tools())
        waiting = asyncio.create_task(connection.aio.call("waits", {"path": str(note)}))
        while not note.exists():
            await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return outcome.result.structured_content, len(tools)

    assert asyncio.run(main()) == ({"result": 4}, 7)
    until(lambda: note.read_text() == "cancelled")
    until(lambda: connection.recorder.calls[-1].state == "cancelled")


def test_a_closed_connection_says_so() -> None:
    with connect(server) as other:
        pass
    assert other.closed
    with pytest.raises(RequestError, match=r"The connection to 'echoes' is closed. Connect again."):
        other.tools()


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_a_command_that_died_is_started_again_by_the_next_request(era: EraChoice) -> None:
    notices: list[str] = []
    with connect(ECHOES, era=era, notice=notices.append) as connection:
        with pytest.raises(RequestError) as raised:
            connection.call("dies")
        assert str(raised.value) == (
            "The connection to 'echoes' broke before the answer came; it is not known whether the request ran. "
            "The last of its stderr: ready | these are the last words. The next request connects again."
        )
        assert "these are the last words" in connection.stderr
        assert notices == []
        assert connection.call("add", {"a": 1, "b": 2}).result.structured_content == {"result": 3}
        assert notices == ["'echoes' was gone; connected again."]
    assert "these are the last words" in connection.stderr


def script(code: str) -> list[str]:
    return [sys.executable, "-c", code]


SPEAKS = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    about = {"protocolVersion": %s, "capabilities": {"tools": {}}, "serverInfo": {"name": "odd", "version": "1"}} | %s
    answer = {
        "initialize": {"result": about},
        "tools/list": {"result": {"tools": [{"name": "t", "inputSchema": {"type": "object"}}]}},
        "tools/call": {"result": {"content": "no list"}},
    }.get(message.get("method"), {"error": {"code": -32601, "message": "no"}})
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"]} | answer), flush=True)
"""
"""A server without a library: the version that it speaks, and what else it says of itself."""


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (["no-such-program"], "There is no program 'no-such-program'. Install it, or give its full path."),
        (Command(sys.executable, cwd="/no/such"), "cannot be started: there is no folder '/no/such'."),
        (script("raise SystemExit('no licence')"), "ended before it answered. The last of its stderr: no licence."),
        (script(SPEAKS % ('"1999-01-01"', "{}")), "Unsupported protocol version from the server: 1999-01-01."),
        (
            script(SPEAKS % ('"2025-06-18", "extra": 1', '{"capabilities": 3}')),
            "answered, but not with a valid MCP message",
        ),
        (
            script("print('Welcome!')"),
            "prints something that is not an MCP message: 'Welcome!'. Is it an MCP server on stdio?",
        ),
        ("ftp://somewhere", "'ftp://somewhere' is not the URL of an MCP server: use http:// or https://."),
        ("http://", "is not the URL of an MCP server"),
        ("http://host:port/mcp", "is not the URL of an MCP server"),
        (3, "Cannot connect to a int."),
    ],
)
def test_what_cannot_be_connected_to_is_one_line(target: Any, line: str) -> None:
    with pytest.raises(RequestError) as raised:
        connect(target, deadline=DEADLINE)
    assert line in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_answer_that_is_not_as_the_protocol_says_is_one_line() -> None:
    with connect(script(SPEAKS % ('"2025-06-18"', "{}"))) as connection:
        with pytest.raises(RequestError) as raised:
            connection.call("t").checked()
        assert str(raised.value).startswith("The result is not valid: content: ")
        assert "\n" not in str(raised.value)
        with pytest.raises(RequestError, match="cannot be sent, because they are not all JSON"):
            connection.call("t", {"a": object()})


def test_an_era_that_is_none_is_said() -> None:
    with pytest.raises(RequestError, match="There is no era 'future': give one of auto, modern, legacy"):
        connect(server, era="future")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"token": "secret\n"}, "The token cannot be sent: it is not one line of ASCII. Does it end in a line break?"),
        ({"headers": {"X-Key": "sécret"}}, "The header 'X-Key' cannot be sent"),
        ({"headers": {"X Key": "secret"}}, "The header 'X Key' cannot be sent"),
    ],
)
def test_what_http_cannot_carry_is_said_and_not_shown(given: dict[str, Any], line: str) -> None:
    with pytest.raises(RequestError) as raised:
        connect("http://127.0.0.1:9/mcp", **given)
    assert str(raised.value).startswith(line)
    assert "cret" not in str(raised.value)


def test_secrets_of_a_target_are_not_shown() -> None:
    target = Url("https://me:hidden@host/mcp?key=hidden", headers={"X-Key": "hidden"}, token="hidden")
    assert "hidden" not in repr(target)
    assert "hidden" not in repr(Command("program", ["--key", "hidden"], env={"KEY": "hidden"}))


def test_two_connections_to_one_command_are_two_processes() -> None:
    with connect(ECHOES, name="one") as one, connect(ECHOES, name="two") as two:
        one.start_call("dies")
        assert two.call("add", {"a": 1, "b": 1}).result.structured_content == {"result": 2}
        assert (one.name, two.name) == ("one", "two")


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_no_command_outlives_the_process_that_started_it(killed: bool, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    # One that does not look at its stdin is ended at exit; after a kill, only one that does can notice.
    deaf = "" if killed else "import threading; threading.Event().wait(60)"
    child.write_text(
        f"import os, pathlib; pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        f"from tests.support.echoes import server\nserver.run()\n{deaf}\n"
    )
    code = (
        f"import os, mcp_notebook as m; env = {{'PYTHONPATH': {str(ROOT)!r}}}\n"
        f"m.connect(m.Command({sys.executable!r}, [{str(child)!r}], env=env))\n"
        f"{'os.kill(os.getpid(), 9)' if killed else ''}"
    )
    ran = subprocess.run([sys.executable, "-c", code], timeout=DEADLINE, cwd=ROOT, check=False)
    assert ran.returncode == (-9 if killed else 0)
    until(lambda: is_gone(int((tmp_path / "pid").read_text())))


def test_closing_is_finished_when_the_process_ends(tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text(
        f"import os, pathlib, threading; pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "from tests.support.echoes import server\nserver.run()\nthreading.Event().wait(60)\n"
    )
    code = (
        # asyncio also says which steps took 0.1 s, which depends on the machine.
        "import logging; logging.getLogger('asyncio').addFilter(lambda record: 'Executing' not in record.msg)\n"
        f"import mcp_notebook as m; env = {{'PYTHONPATH': {str(ROOT)!r}}}\n"
        f"with m.connect(m.Command({sys.executable!r}, [{str(child)!r}], env=env)): pass\n"
    )
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-c", code], timeout=DEADLINE, cwd=ROOT, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a file as long as anybody has it open")
def test_what_a_command_writes_to_its_stderr_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with connect(ECHOES) as connection:
        until(lambda: "ready" in connection.stderr)
        assert list(tmp_path.iterdir()) == []
    assert "ready" in connection.stderr


def test_a_command_that_is_long_in_coming_is_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "SILENCE", 0.8)
    notices: list[str] = []
    mute = script("import sys; print('fetching', file=sys.stderr, flush=True); sys.stdin.read()")
    with pytest.raises(RequestError, match="runs but does not answer"):
        connect(mute, deadline=2.0, notice=notices.append)
    program = Path(sys.executable).name
    assert notices == [f"{program!r} has not answered yet; it has 2 s to do so. The last of its stderr: fetching."]


def test_what_does_not_answer_is_ended_when_the_time_is_up(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    code = f"import os; open({str(started)!r}, 'w').write(str(os.getpid())); [input() for _ in range(9)]"
    with pytest.raises(RequestError, match="runs but does not answer"):
        connect(script(code), deadline=1.0)
    assert is_gone(int(started.read_text()))
