"""``mcp-notebook call``, ``tools``, ``read`` and ``prompt``: results on stdout, the rest on stderr, exit statuses."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from click.testing import CliRunner, Result
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

from mcp_notebook.cli import main
from mcp_notebook.server.auth import Token, TokenGate
from tests.support.served import serving
from tests.support.waiting import until

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"


class Size(BaseModel):
    size: str


async def ask() -> Elicit[Size]:
    return Elicit("Which size?", Size)


def shop() -> MCPServer[Any]:
    server = MCPServer("shop")

    @server.tool()
    def add(a: int, b: int = 2) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    def repeat(text: str, times: int | str = 1) -> str:
        return text * int(times)

    @server.tool()
    def stock() -> dict[str, int]:
        """Count what there is."""
        return {"tea": 3}

    @server.tool()
    def fail() -> str:
        raise ValueError("no")

    @server.tool()
    def sized(size: Annotated[Size, Resolve(ask)]) -> str:
        return size.size

    server.tool(name="a $b")(lambda x: x)
    server.resource("notes://today", name="today")(lambda: "é\x1b[31m")
    server.resource("plots://may", name="may", mime_type="image/png")(lambda: PNG)
    server.resource("notes://{day}", name="day")(lambda day: day)

    @server.prompt()
    def review(text: str, tone: str = "kind") -> str:
        return f"Review {text}, {tone}."

    return server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(shop().streamable_http_app()) as base:
        yield f"{base}/mcp"


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, words, input=stdin)


def good(*words: str, stdin: str | None = None) -> str:
    ran = run(*words, stdin=stdin)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return ran.stdout


def refused(*words: str) -> str:
    ran = run(*words)
    assert (ran.exit_code, ran.stdout) == (2, "")
    (line,) = ran.stderr.splitlines()
    return line


def test_the_tools_are_listed(url: str) -> None:
    listed = good("tools", url)
    assert "add     Add two numbers." in listed
    assert [tool["name"] for tool in json.loads(good("tools", url, "--json"))] == [
        "add", "repeat", "stock", "fail", "sized", "a $b",
    ]  # fmt: skip


def test_one_tool_is_shown(url: str) -> None:
    assert "b  integer, default 2" in good("tools", url, "add")
    assert json.loads(good("tools", url, "add", "--json"))["inputSchema"]["required"] == ["a"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "a=1", "b=2"], "3"),
        (["add", "a=1"], "3"),
        (["repeat", "text=hi there", "times=2"], "hi therehi there"),
        (["repeat", "text=1"], "1"),
        (["repeat", 'times="2"', "text=x"], "xx"),
        (["add", "--args", '{"a": 4}'], "6"),
        (["sized", "--answers", '[{"size": "large"}]'], "large"),
    ],
)
def test_a_call_prints_only_its_result(url: str, words: list[str], said: str) -> None:
    assert good("call", url, *words) == f"{said}\n"


def test_a_result_as_json_is_what_the_server_sent(url: str) -> None:
    result = json.loads(good("call", url, "stock", "--json"))
    assert result["structuredContent"] == {"tea": 3}
    assert result["isError"] is False


def test_the_arguments_come_from_stdin(url: str) -> None:
    assert good("call", url, "add", "--args", "-", stdin='{"a": 40}') == "42\n"
    assert good("call", url, "add", "--args", "-", stdin='\ufeff{"a": 40}') == "42\n"


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_both_eras(url: str, era: str) -> None:
    assert good("call", url, "add", "a=1", "--era", era) == "3\n"


def test_an_error_of_the_tool_is_status_1(url: str) -> None:
    ran = run("call", url, "fail")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "Error executing tool fail" in ran.stderr
    told = run("call", url, "fail", "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["isError"] is True


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["call", "add"], "add requires a: mcp-notebook call URL add a=..."),
        (["call", "ad", "a=1"], "Did you mean 'add'?"),
        (["call", "add", "c=1"], "add has no parameter 'c' (it takes: a, b)."),
        (["call", "add", "a"], "'a' is not key=value"),
        (["call", "repeat", "text=x", "times=many"], "Put text in quotes: 'times=\"many\"'."),
        (["call", "add", "--args", "{a"], "--args: not JSON"),
        (["call", "add", "--args", "[1]"], "--args takes an object"),
        (["call", "add", "--args", "[" * 20_000], "--args: not JSON"),
        (["call", "add", "a=1", "--answers", "[" * 20_000], "--answers: not JSON"),
        (["call", "a $b"], "a $b requires x: mcp-notebook call URL 'a $b' x=..."),
        (["call", "add", "a=1", "--answers", "x"], "--answers: not JSON"),
        (["call", "add", "a=1", "--answers", "{}"], "--answers takes a list"),
        (["call", "sized"], "nobody is here to answer"),
        (["tools", "ad"], "Did you mean 'add'?"),
        (["read", "nope://x"], "Unknown resource"),
        (["prompt", "review"], "review requires text: mcp-notebook prompt URL review text=..."),
        (["prompt", "revue"], "Did you mean 'review'?"),
        (["tools", "--env", "HOME"], "--env: only for a command."),
    ],
)
def test_a_mistake_is_one_line(url: str, words: list[str], line: str) -> None:
    command, *rest = words
    said = refused(command, url, *rest)
    assert said.startswith(f"mcp-notebook {command}: ")
    assert line in said.replace(url, "URL")


def test_a_resource_is_read_as_it_is(url: str) -> None:
    assert good("read", url, "notes://today") == "é\x1b[31m\n"
    assert good("read", url, "notes://monday") == "monday\n"
    assert run("read", url, "plots://may").stdout_bytes == PNG
    assert json.loads(good("read", url, "notes://today", "--json"))["contents"][0]["uri"] == "notes://today"


def test_without_a_name_there_are_lists(url: str) -> None:
    assert "notes://today  resource" in good("read", url)
    assert "notes://{day}  resource template" in good("read", url)
    both = json.loads(good("read", url, "--json"))
    assert [each["uri"] for each in both["resources"]] == ["notes://today", "plots://may"]
    assert [each["uriTemplate"] for each in both["resourceTemplates"]] == ["notes://{day}"]
    assert "text, tone" in good("prompt", url)
    assert json.loads(good("prompt", url, "--json"))[0]["name"] == "review"


def test_a_prompt_is_filled_in(url: str) -> None:
    assert good("prompt", url, "review", "text=a b") == "user:\n  Review a b, kind.\n"
    told = json.loads(good("prompt", url, "review", "--args", '{"text": "x"}', "tone=short", "--json"))
    assert told["messages"][0]["content"]["text"] == "Review x, short."


def test_a_terminal_gets_no_control_characters_and_no_bytes(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    assert run("read", url, "notes://today").stdout == "é\\u001b[31m\n"
    ran = run("read", url, "plots://may")
    assert (ran.exit_code, ran.stdout_bytes) == (2, b"")
    assert "This resource is image/png. Write it into a file" in ran.stderr


def test_a_token_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    token = Token.make()
    with serving(TokenGate(shop().streamable_http_app(), token)) as base:
        url = f"{base}/mcp"
        assert "requires a token, and none was sent (401)" in refused("tools", url)
        monkeypatch.setenv("SHOP_TOKEN", str(token))
        assert good("call", url, "add", "a=1", "--token", "SHOP_TOKEN") == "3\n"
        assert good("call", url, "add", "a=1", "--header", "Authorization: Bearer $SHOP_TOKEN") == "3\n"
        said = refused("tools", url, "--token", str(token))
        assert "takes the name of a variable of the environment" in said
        assert str(token) not in said
        assert "there is no variable 'SHOPTOKEN' in the environment" in refused(
            "tools", url, "--header", "A: $SHOPTOKEN"
        )


def test_what_is_no_target_is_one_line(tmp_path: Path) -> None:
    assert "Nothing listens at" in refused("tools", "http://127.0.0.1:1/mcp")
    assert "is not a URL, a live notebook, a .ipynb, .py or .jsonl file, or a program." in refused(
        "tools", "nowhere-at-all"
    )
    assert "There is no file 'server.py'." in refused("tools", "server.py")
    assert "is not a valid command line" in refused("tools", "python 'server.py")
    assert "--token: only for a URL." in refused("tools", "python server.py", "--token", "X")


SCRIPT = """
import os, sys, time
from mcp.server.mcpserver import MCPServer
mcp = MCPServer("script")
@mcp.tool()
def where() -> str:
    return f"{os.environ.get('COLOR')} {os.getcwd()}"
@mcp.tool()
def wait() -> str:
    print("waiting", file=open(sys.argv[1], "w"), flush=True)
    time.sleep(60)
    return "late"
mcp.run()
"""
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, "id": f"c{i}"}
        for i, source in enumerate(["%load_ext mcp_notebook", "%%mcp_tool\ndef hi() -> str:\n    return 'hi'"])
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.mark.slow
def test_a_module_a_command_and_a_notebook_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, notebook, elsewhere = tmp_path / "my server.py", tmp_path / "my notes.ipynb", tmp_path / "elsewhere"
    script.write_text(SCRIPT)
    notebook.write_text(json.dumps(NOTEBOOK))
    elsewhere.mkdir()
    monkeypatch.setenv("COLOR", "red")
    assert good("call", str(script), "where") == f"None {Path.cwd()}\n"
    command = f'"{Path(sys.executable).as_posix()}" "{script.as_posix()}"'
    assert good("call", command, "where", "--env", "COLOR", "--cwd", str(elsewhere)) == f"red {elsewhere}\n"
    assert good("call", str(notebook), "hi") == "hi\n"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize(
    ("words", "shell", "status", "said"),
    [
        (
            "call {url} add a=1",
            ">/dev/full",
            2,
            "mcp-notebook call: cannot write the result (No space left on device).",
        ),
        ("read {url} plots://may", ">/dev/full", 2, "mcp-notebook read: cannot write the result (No space left"),
        ("call {url} add a=1", ">&-", 0, ""),
        ("call {url} add --args -", "<&-", 2, "mcp-notebook call: --args: not JSON"),
    ],
)
def test_a_stream_that_is_full_or_closed_is_one_line(url: str, words: str, shell: str, status: int, said: str) -> None:
    line = f"{shlex.quote(sys.executable)} -m mcp_notebook {words.format(url=url)} {shell}"
    ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr[: len(said)]) == (status, "", said)
    assert len(ran.stderr.splitlines()) <= 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a child")
def test_an_interrupt_is_one_line(tmp_path: Path) -> None:
    script, begun = tmp_path / "server.py", tmp_path / "begun"
    script.write_text(SCRIPT)
    command = [
        sys.executable,
        "-m",
        "mcp_notebook",
        "call",
        shlex.join([sys.executable, str(script), str(begun)]),
        "wait",
    ]
    # A test that was itself started in the background may ignore SIGINT, and a child inherits that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with running:
        try:
            until(begun.exists)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=30)
        finally:
            running.kill()
    assert (running.returncode, out, err) == (130, "", "mcp-notebook call: interrupted.\n")
