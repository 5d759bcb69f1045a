"""Changes of what a server offers: in place, in one step, and told."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts import Prompt
from mcp.server.mcpserver.resources import TextResource
from mcp.server.mcpserver.tools import Tool

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import KINDS, replace
from mcp_notebook.server.notebook_server import NotebookServer

NAMES = st.sampled_from("abcdef")


def answer() -> str:
    return "x"


def keyed(key: str) -> str:
    return key


def tool(name: str) -> Tool:
    return Tool.from_function(answer, name=name)


def names(server: MCPServer[Any], kind: str = "tool") -> list[str]:
    return list(sdk_gaps.entries(server, kind))


@given(st.lists(NAMES, unique=True), st.lists(NAMES, unique=True), st.lists(NAMES, unique=True))
def test_what_stays_keeps_its_place_and_what_goes_is_gone(old: Any, new: Any, withdrawn: Any) -> None:
    server = NotebookServer()
    sdk_gaps.put_entries(server, "tool", {name: tool(name) for name in old})
    entries = {name: tool(name) for name in new}
    changed = replace(server, "tool", entries, withdrawn)
    now = names(server)
    assert set(now) == (set(old) - set(withdrawn)) | set(new)
    stay = [name for name in old if name in now]
    assert [name for name in now if name in stay] == stay
    added = [name for name in new if name not in old]
    assert [name for name in now if name in added] == added
    assert all(sdk_gaps.entries(server, "tool")[name] is entry for name, entry in entries.items())
    assert changed == bool(new or set(old) & set(withdrawn))


def test_a_renamed_one_takes_the_place_of_the_old_one() -> None:
    server = NotebookServer()
    replace(server, "tool", {name: tool(name) for name in "abc"})
    replace(server, "tool", {"z": tool("z")}, ["b"])
    assert names(server) == ["a", "z", "c"]


def test_two_new_ones_stand_where_the_first_of_those_withdrawn_stood() -> None:
    server = NotebookServer()
    replace(server, "tool", {name: tool(name) for name in "abcd"})
    replace(server, "tool", {"y": tool("y"), "z": tool("z")}, ["d", "b"])
    assert names(server) == ["a", "y", "z", "c"]


def test_a_new_one_without_one_withdrawn_is_the_last() -> None:
    server = NotebookServer()
    replace(server, "tool", {name: tool(name) for name in "ab"})
    replace(server, "tool", {"z": tool("z")}, ["not there"])
    assert names(server) == ["a", "b", "z"]


def test_one_that_is_new_and_withdrawn_stays() -> None:
    server = NotebookServer()
    replace(server, "tool", {name: tool(name) for name in "ab"})
    again = tool("a")
    replace(server, "tool", {"a": again}, ["a"])
    assert names(server) == ["a", "b"]
    assert sdk_gaps.entries(server, "tool")["a"] is again


def test_names_that_are_not_there_are_not_missed() -> None:
    assert replace(NotebookServer(), "tool", {}, ["a"]) is False


def test_a_tool_that_is_not_there_cannot_be_removed_by_the_sdks_verb() -> None:
    with pytest.raises(ToolError, match="a"):
        NotebookServer().remove_tool("a")


def test_each_kind_is_its_own() -> None:
    server = NotebookServer()
    server.tool(name="a")(answer)
    server.prompt(name="a")(answer)
    server.resource("memo://a")(answer)
    server.resource("memo://a/{key}")(keyed)
    for kind in KINDS:
        (name,) = names(server, kind)
        others = [names(server, other) for other in KINDS if other != kind]
        replace(server, kind, {}, [name])
        assert names(server, kind) == []
        assert [names(server, other) for other in KINDS if other != kind] == others


def test_whoever_lists_sees_all_of_a_change_or_nothing_of_it() -> None:
    server = NotebookServer()
    halves = [{f"{half}{n}": tool(f"{half}{n}") for n in range(50)} for half in "ab"]
    wholes = {tuple(half) for half in halves}
    replace(server, "tool", halves[0])
    seen: set[tuple[str, ...]] = set()
    started, done = threading.Event(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(tuple(names(server)))
            started.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(10)
    for turn in range(1_000):
        new, old = halves[(turn + 1) % 2], halves[turn % 2]
        replace(server, "tool", new, list(old))
    done.set()
    reader.join()
    assert seen <= wholes


def test_changes_from_many_threads_lose_nothing() -> None:
    server = NotebookServer()

    def work(number: int) -> None:
        for n in range(50):
            replace(server, "tool", {f"{number}-{n}": tool(f"{number}-{n}")}, [f"{number}-{n - 1}"])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(names(server)) == sorted(f"{number}-49" for number in range(8))


def test_a_plain_server_changes_too() -> None:
    with sdk_gaps.quiet_construction():
        server: MCPServer[Any] = MCPServer("plain")
    replace(server, "prompt", {"p": Prompt.from_function(answer, name="p")})
    replace(server, "resource", {"memo://a": TextResource(uri="memo://a", name="a", text="x")})
    assert (names(server, "prompt"), names(server, "resource")) == (["p"], ["memo://a"])
