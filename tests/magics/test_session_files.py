"""Sessions as files: saved, opened, and answered from, in a notebook and from a shell."""

from __future__ import annotations

import gc
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from mcp_types import PromptReference

import mcp_notebook
from mcp_notebook import errors
from mcp_notebook.client import Command, Connection
from mcp_notebook.errors import RequestError
from mcp_notebook.recording import Call
from mcp_notebook.recording.saved import SavedSession, Server, read, write
from mcp_notebook.server.mock import REFUSED, MockServer
from tests.support.odd_servers import odd
from tests.support.shells import Shell

CELLS = [
    "%%mcp_tool --read-only\ndef add(a: int, b: int = 2) -> int:\n    'Add.'\n    return a + b",
    "%%mcp_tool\ndef fail() -> str:\n    raise ValueError('no')",
    "count = []\n",
    "%%mcp_tool\ndef next_one() -> int:\n    count.append(1)\n    return len(count)",
    "%%mcp_resource notes://today\ndef today() -> str:\n    return 'é'",
    "%%mcp_resource notes://{day}\ndef of_day(day: str) -> str:\n    return day",
    "%%mcp_prompt\ndef review(text: str) -> str:\n    return f'Review {text}'",
    "%mcp call add a=1",
    "%mcp call add a=2 b=3",
    "%mcp call fail",
    "%mcp call next_one",
    "%mcp call next_one",
    "%mcp read notes://today",
    "%mcp read notes://monday",
    "%mcp prompt review text=x",
]


@pytest.fixture
def saved(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    shell.good(*CELLS)
    with pytest.raises(RequestError):
        shell.session.on().read("nope://x")
    shell.good("%mcp log --save shop.jsonl")
    return tmp_path / "shop.jsonl"


def refused(shell: Shell, cell: str) -> BaseException | None:
    error = shell.run(cell).error_in_exec
    assert isinstance(error, UsageError)
    return error


def again(connection: Connection, call: Call) -> Call:
    """Make a call once more, and return its record."""
    try:
        if call.method == "tools/call":
            connection.call(call.name, call.arguments)
        elif call.method == "resources/read":
            connection.read(call.name)
        else:
            connection.prompt(call.name, call.arguments)
    except RequestError:
        assert call.state == "refused"
    return connection.recorder.calls[-1]


def same(calls: list[Call], connection: Connection) -> None:
    for call in calls:
        made = again(connection, call)
        assert (made.content, made.state, made.code, made.data) == (call.content, call.state, call.code, call.data)
        assert (made.error or "").removeprefix(REFUSED) == (call.error or "").removeprefix(REFUSED)


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_a_mock_answers_the_same_calls_equally(shell: Shell, saved: Path, era: Any) -> None:
    calls = shell.session.registry.recorder.calls
    assert len(calls) == 9
    with mcp_notebook.connect(MockServer(read(saved)), era=era) as mock, shell.session.on() as live:
        for method in ("tools", "resources", "templates", "prompts"):
            listed = [[each.model_dump() for each in getattr(one, method)()] for one in (mock, live)]
            assert listed[0] == listed[1] != []
        same(calls, mock)


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_a_mock_declares_and_completes_as_its_server_did(era: Any) -> None:
    call = Call(server="shop", method="completion/complete", name="order", arguments={"fruit": "ap"})
    call.end("done", {"completion": {"values": ["apple", "apricot"]}})
    about = Server(
        name="shop", capabilities={"prompts": {}, "completions": {}, "logging": {}, "extensions": {"x/y": {}}}
    )
    with mcp_notebook.connect(MockServer(SavedSession(about, calls=[call])), era=era) as mock:
        declared = mock.capabilities.model_dump(exclude_none=True)
        assert declared.keys() == {"prompts", "completions"}
        assert mock.complete(PromptReference(name="order"), "fruit", "ap") == ["apple", "apricot"]


def test_the_same_call_gives_the_results_in_order_and_then_the_last(saved: Path) -> None:
    with mcp_notebook.connect(MockServer(read(saved))) as mock:
        results = [mock.call("next_one").result.structured_content for _ in range(3)]
    assert results == [{"result": 1}, {"result": 2}, {"result": 2}]


def test_what_was_not_recorded_is_refused(saved: Path) -> None:
    with mcp_notebook.connect(MockServer(read(saved))) as mock:
        with pytest.raises(
            RequestError, match=r"has no such tools/call of 'add'. It has calls of it with {\"a\": 1}, "
        ):
            mock.call("add", {"a": 9})
        with pytest.raises(RequestError, match="has no such tools/call of 'nothing'"):
            mock.call("nothing")


def test_a_session_is_opened_without_its_server(shell: Shell, saved: Path) -> None:
    calls = shell.session.registry.recorder.calls
    connection = shell.good(f"%mcp open {saved.name}")
    assert connection.name == "shop"
    opened = connection.recorder.calls
    for call, kept in zip(calls, opened, strict=True):
        for field in ("method", "name", "arguments", "result", "state", "error", "started", "duration", "events"):
            assert getattr(kept, field) == getattr(call, field)
    assert "next_one" in str(shell.good("%mcp log --on shop"))
    assert shell.good("%mcp call add a=1 --on shop").structured_content == {"result": 3}
    assert connection.recorder.calls[-1].number == len(opened) + 1


def test_the_session_of_a_connection_answers_in_the_server_s_own_words(shell: Shell, saved: Path) -> None:
    shell.good(f"%mcp open {saved.name}")
    with pytest.raises(RequestError, match="The server refused: Unknown resource: nope://x"):
        shell.session.on("shop").read("nope://x")
    shell.good("%mcp log --save again.jsonl --on shop")
    with (
        mcp_notebook.connect(MockServer(read(saved.with_name("again.jsonl")))) as mock,
        pytest.raises(RequestError, match=r"^The server refused: Unknown resource: nope://x"),
    ):
        mock.read("nope://x")


def test_frames_are_saved_and_opened(shell: Shell, saved: Path) -> None:
    shell.good("%mcp log --wire", "%mcp call add a=1", "%mcp log --save frames.jsonl")
    frames = shell.session.registry.recorder.wire.frames
    assert frames
    assert shell.good("%mcp open frames.jsonl").wire.frames[: len(frames)] == frames


def test_a_mock_is_a_server_of_the_notebook(shell: Shell, saved: Path) -> None:
    shell.good(f"%mcp mock {saved.name} --as twin")
    assert shell.good("%mcp call add a=2 b=3").structured_content == {"result": 5}
    assert "next_one" in str(shell.good("%mcp tools"))
    assert "nothing yet" not in str(shell.good("%mcp"))
    shell.good(f"%mcp mock {saved.name} --as twin")  # again
    assert shell.good("%mcp call add a=2 b=3").structured_content == {"result": 5}
    shell.good("%mcp new shop")
    assert "Another server here is named 'shop'" in str(refused(shell, f"%mcp mock {saved.name} --as shop"))


def test_no_secret_is_written(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    key = "gh" + "p_" + "1234567890abcdefghijABCDEFGHIJ123456"
    monkeypatch.setenv("SHOP_TOKEN", "a-word-of-the-environment-4711")
    shell.good(
        "%%mcp_tool\ndef login(user: str, password: str) -> str:\n    import os\n"
        "    return os.environ['SHOP_TOKEN'] + ' ' + user",
        "%mcp log --wire",
        f"%mcp call login user={key} password=correct",
        "%mcp log --save shop.jsonl",
    )
    text = (tmp_path / "shop.jsonl").read_text(encoding="utf-8")
    assert [secret for secret in (key, '"correct"', "a-word-of-the-environment-4711") if secret in text] == []
    assert '"password": "(redacted)"' in text
    assert len(read(tmp_path / "shop.jsonl").calls) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1 cannot be read"),
        ("{}", "line 1 cannot be read"),
        ("[1]\n", "line 1 cannot be read"),
        ('{"format": "other", "version": 1, "server": {"name": "x"}}', "line 1 cannot be read"),
        ('{"format": "mcp-notebook session", "version": 2, "server": {"name": "x"}}', "has version 2 of the format"),
        ('{"format": "mcp-notebook session", "version": 1, "server": {"name": "x"}}\n{"call": 1}', "line 2 cannot"),
        ('{"format": "mcp-notebook session", "version": 1, "server": {"name": "x"}}\n\n{"tool": [1', "line 3 cannot"),
        (
            '{"format": "mcp-notebook session", "version": 1, "server": {"name": "x"}}\n'
            '{"call": {"method": "tools/call", "name": "t", "duration": NaN}}',
            "line 2 cannot",
        ),
        (
            '{"format": "mcp-notebook session", "version": 1, "server": {"name": "x"}}\n' + "[" * 100_000,
            "line 2 cannot",
        ),
    ],
)
def test_what_is_no_session_is_one_line(shell: Shell, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(text, encoding="utf-8")
    assert said in str(refused(shell, f"%mcp open {file.as_posix()}"))
    assert "Cannot read" in str(refused(shell, f"%mcp mock {(tmp_path / 'none.jsonl').as_posix()}"))


def test_bytes_are_no_session(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    assert "line 1 cannot be read" in str(refused(shell, f"%mcp open {file.as_posix()}"))


def test_half_a_character_is_read_as_it_would_be_recorded(tmp_path: Path) -> None:
    head = {"format": "mcp-notebook session", "version": 1, "server": {"name": "x"}}
    line = {"call": {"method": "tools/call", "name": "t", "result": {"content": [{"type": "text", "text": "a\ud83d"}]}}}
    file = tmp_path / "half.jsonl"
    file.write_text(f"{json.dumps(head)}\n{json.dumps(line)}\n", encoding="utf-8")
    (call,) = read(file).calls
    assert call.content == {"content": [{"type": "text", "text": "a\ufffd"}]}


@pytest.mark.parametrize("text", ["", "no session"])
def test_reading_leaves_the_garbage_collector_as_it_was(tmp_path: Path, saved: Path, text: str) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(text)
    for enabled in (False, True):
        (gc.enable if enabled else gc.disable)()
        try:
            read(saved)
            with pytest.raises(errors.UsageError):
                read(bad)
            assert gc.isenabled() is enabled
        finally:
            gc.enable()


def test_what_a_newer_version_adds_is_ignored(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"format": "mcp-notebook session", "version": 1, "server": {"name": "x", "mood": "good"}, "more": 1},
        {"tool": {"name": "t", "inputSchema": {"type": "object"}, "extra": 1}},
        {"call": {"method": "tools/call", "name": "t", "result": {"content": []}, "extra": 1}},
        {"event": 1},
    ]
    file = tmp_path / "new.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with mcp_notebook.connect(MockServer(read(file))) as mock:
        assert [tool.name for tool in mock.tools()] == ["t"]
        assert mock.call("t").result.content == []


def test_what_a_server_does_not_list_is_not_saved(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    server = odd({"tools/list": {"error": {"code": -32603, "message": "down"}}})
    shell.good(
        f"%mcp connect {shlex.join(server)} --as odd", "%mcp call t --on odd", "%mcp log --save a.jsonl --on odd"
    )
    assert "saved without the tools. The server refused: down" in capsys.readouterr().err
    assert len(read(tmp_path / "a.jsonl").calls) == 1


def test_a_session_is_saved_when_its_server_is_gone(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shell.good(f"%mcp connect {shlex.join(odd())} --as odd", "%mcp call t --on odd")

    def gone(_: Connection) -> None:
        raise RequestError("It is gone.")

    monkeypatch.setattr(Connection, "tools", gone)
    capsys.readouterr()
    shell.good("%mcp log --save a.jsonl --on odd")
    assert capsys.readouterr().err == "mcp: saved without what the server lists. It is gone.\n"
    assert len(read(tmp_path / "a.jsonl").calls) == 1


@pytest.mark.parametrize("verb", ["open", "mock", "compat", "diff"])
def test_a_definition_that_is_nested_too_deep_is_refused(shell: Shell, tmp_path: Path, verb: str) -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(150):
        deep = {"anyOf": [deep]}
    tool = {"name": "deep", "inputSchema": {"type": "object", "properties": {"x": deep}}}
    write(SavedSession(Server(name="shop"), {"tool": [tool], "resource": [], "resourceTemplate": [], "prompt": []}),
          tmp_path / "shop.jsonl")  # fmt: skip
    words = str(refused(shell, f"%mcp {verb} {tmp_path / 'shop.jsonl'}"))
    assert "The tool 'deep' in " in words
    assert "is nested more than 100 deep." in words


def test_a_session_does_not_close_a_connection(shell: Shell, saved: Path) -> None:
    shell.good(f"%mcp connect {shlex.join(odd())} --as odd", f"%mcp open {saved.name} --as old")
    assert "Another server here is named 'odd'" in str(refused(shell, f"%mcp open {saved.name} --as odd"))
    shell.good(f"%mcp open {saved.name} --as old")  # again


@pytest.mark.parametrize("legacy", [True, False])
def test_a_mock_follows_the_protocol(tmp_path: Path, legacy: bool) -> None:
    result = {"content": [], "_meta": {"shop/mood": "good", "io.modelcontextprotocol/serverInfo": {"name": "x"}}}
    lines: list[dict[str, Any]] = [
        {"format": "mcp-notebook session", "version": 1, "server": {"name": "x"}},
        {"call": {"method": "tools/call", "name": "t", "result": result}},
        {"call": {"method": "resources/read", "name": "a://b", "result": {"contents": []}}},
    ]
    file = tmp_path / "x.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with mcp_notebook.connect(MockServer(read(file)), era="legacy" if legacy else "modern") as mock:
        assert [mock.tools().problems, mock.resources().problems, mock.prompts().problems] == [[], [], []]
        called, fetched = mock.call("t"), mock.read("a://b")
    assert [called.problems, fetched.problems] == [[], []]
    assert (called.result.meta or {})["shop/mood"] == "good"


def test_a_result_that_was_cut_is_refused(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shell.good("%%mcp_tool\ndef long() -> str:\n    return 'x' * 200_000", "%mcp call long", "%mcp log --save a.jsonl")
    with (
        mcp_notebook.connect(MockServer(read(tmp_path / "a.jsonl"))) as mock,
        pytest.raises(RequestError, match="was too long to be kept whole"),
    ):
        mock.call("long")


@pytest.mark.slow
def test_a_shell_serves_a_session_on_stdio(shell: Shell, saved: Path) -> None:
    calls = shell.session.registry.recorder.calls
    with mcp_notebook.connect(Command(sys.executable, ["-m", "mcp_notebook", "mock", str(saved)])) as mock:
        same(calls, mock)


@pytest.mark.slow
def test_a_notebook_serves_a_session_over_http(shell: Shell, saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = shell.session.registry.recorder.calls
    shell.good(f"%mcp mock {saved.name} --as twin", "%mcp serve")
    assert "defines nothing" not in capsys.readouterr().err
    live = shell.session.registry.current
    assert live.listener is not None
    with mcp_notebook.connect(live.listener.url, token=str(live.listener.token)) as mock:
        same(calls, mock)


def test_a_session_and_the_live_server_are_compared(shell: Shell, saved: Path) -> None:
    assert "The same: " in str(shell.good(f"%mcp diff {saved.name}"))
    shell.good(
        "%%mcp_tool --read-only\ndef add(a: int, b: int = 3, c: int = 0) -> int:\n    'Sum.'\n    return a + b + c",
        "%%mcp_tool\ndef more() -> str:\n    return 'x'",
        "%mcp remove fail",
        "%mcp call add a=1",
    )
    assert str(shell.good(f"%mcp diff {saved.name} notebook")).splitlines() == [
        "shop.jsonl → notebook",
        "  removed tool fail",
        "  changed tool add",
        '    description: "Add." → "Sum."',
        "    parameter 'b': integer, default 2 → integer, default 3",
        "    parameter 'c' added: integer, default 0",
        "  added tool more",
        '  changed result add {"a": 1}',
        '    content[0].text: "3" → "4"',
        "    structuredContent.result: 3 → 4",
    ]


def test_two_sessions_are_compared(shell: Shell, tmp_path: Path) -> None:
    head = '{"format": "mcp-notebook session", "version": 1, "server": {"name": "x", "version": "%s"}}\n'
    call = '{"call": {"method": "resources/read", "name": "a://b", "state": "refused", "error": "%s"}}\n'
    for number in "12":
        (tmp_path / number).write_text(head % number + call % number, encoding="utf-8")
    names = [(tmp_path / number).as_posix() for number in "12"]
    assert str(shell.good(f"%mcp diff {names[0]} {names[1]}")).splitlines()[1:] == [
        "  changed server x",
        '    version: "1" → "2"',
        "  changed result resources/read a://b",
        '    refused: "1" → "2"',
    ]
    assert "'nothing'" in str(refused(shell, "%mcp diff nothing"))
