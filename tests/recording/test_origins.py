"""A cell that no longer defines what it defined withdraws it."""

from __future__ import annotations

import threading
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import MCPServer

from mcp_notebook.server import sdk_gaps
from mcp_notebook.server.changes import KINDS
from mcp_notebook.server.definitions import build_tool, register
from mcp_notebook.server.notebook_server import NotebookServer
from mcp_notebook.server.origins import Origins


def answer() -> str:
    return "x"


def keyed(key: str) -> str:
    return key


class Notebook:
    """Cells that run on one server, as the extension lets them."""

    def __init__(self) -> None:
        self.server = NotebookServer()
        self.origins = Origins()

    def run(self, cell: str | None, *names: str, failed: bool = False) -> list[str]:
        """Run a cell that defines tools; return what was withdrawn."""
        self.origins.begin(cell)
        for name in names:
            self.server.tool(name=name)(answer)
        return self.origins.end([self.server], failed=failed)

    def magic(self, cell: str, *names: str) -> None:
        """Run a ``%%mcp_tool`` cell, which withdraws in the step in which it defines."""
        self.origins.begin(cell)
        withdrawn = self.origins.withdrawn(self.server, "tool", names)
        register(self.server, *(build_tool(answer, name=name) for name in names), withdrawn=withdrawn)
        self.origins.end([self.server], failed=False)

    @property
    def tools(self) -> list[str]:
        return list(sdk_gaps.entries(self.server, "tool"))


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


def test_a_cell_that_runs_again_as_it_was_changes_nothing(notebook: Notebook) -> None:
    for _ in range(2):
        assert notebook.run("one", "a", "b") == []
    assert notebook.tools == ["a", "b"]


def test_a_cell_that_defined_a_and_now_defines_b_withdraws_a(notebook: Notebook) -> None:
    notebook.run("one", "a")
    assert notebook.run("one", "b") == ["a"]
    assert notebook.tools == ["b"]


def test_a_cell_that_defines_nothing_anymore_withdraws_all_and_only_once(notebook: Notebook) -> None:
    notebook.run("one", "a", "b")
    notebook.run("two", "c")
    assert notebook.run("one") == ["a", "b"]
    assert notebook.run("one") == []
    assert notebook.tools == ["c"]


def test_in_a_magic_the_new_name_takes_the_place_of_the_old_one(notebook: Notebook) -> None:
    notebook.magic("one", "a")
    notebook.magic("two", "b")
    notebook.magic("one", "z")
    assert notebook.tools == ["z", "b"]


def test_a_cell_that_failed_withdraws_nothing_and_the_next_run_does(notebook: Notebook) -> None:
    notebook.run("one", "a", "b")
    assert notebook.run("one", "c", failed=True) == []
    assert notebook.tools == ["a", "b", "c"]
    assert notebook.run("one", "c") == ["a", "b"]
    assert notebook.tools == ["c"]


def test_a_definition_that_another_cell_took_over_is_not_withdrawn(notebook: Notebook) -> None:
    notebook.run("one", "a")
    notebook.run("two", "a")
    assert notebook.run("one") == []
    assert notebook.tools == ["a"]
    assert notebook.run("two") == ["a"]


def test_a_definition_that_was_taken_back_is_the_first_cells_again(notebook: Notebook) -> None:
    notebook.run("one", "a")
    notebook.run("two", "a")
    notebook.run("one", "a")
    assert notebook.run("two") == []
    assert notebook.tools == ["a"]


def test_where_the_front_end_gives_no_id_nothing_is_ever_withdrawn(notebook: Notebook) -> None:
    notebook.run(None, "a")
    assert notebook.run(None) == []
    assert notebook.run("one") == []
    assert notebook.tools == ["a"]


def test_cells_without_an_id_do_not_take_from_those_that_have_one(notebook: Notebook) -> None:
    notebook.run("one", "a")
    notebook.run(None, "b")
    assert notebook.run("one") == ["a"]
    assert notebook.tools == ["b"]


def test_what_was_removed_by_hand_is_not_missed(notebook: Notebook) -> None:
    notebook.run("one", "a", "b")
    notebook.origins.begin("two")
    notebook.server.remove_tool("a")
    notebook.origins.end([notebook.server], failed=False)
    notebook.run("one", "b")
    assert notebook.tools == ["b"]


def test_every_kind_is_withdrawn(notebook: Notebook) -> None:
    server = notebook.server
    notebook.origins.begin("one")
    server.tool(name="a")(answer)
    server.prompt(name="a")(answer)
    server.resource("memo://a")(answer)
    server.resource("memo://a/{key}")(keyed)
    notebook.origins.end([server], failed=False)
    assert sorted(notebook.run("one")) == ["a", "a", "memo://a", "memo://a/{key}"]
    assert [sdk_gaps.entries(server, kind) for kind in KINDS] == [{}, {}, {}, {}]


def test_a_tool_and_a_prompt_of_one_name_are_two_things(notebook: Notebook) -> None:
    notebook.run("one", "a")
    notebook.origins.begin("one")
    notebook.server.prompt(name="a")(answer)
    assert notebook.origins.end([notebook.server], failed=False) == ["a"]
    assert notebook.tools == []
    assert list(sdk_gaps.entries(notebook.server, "prompt")) == ["a"]


def test_each_server_has_its_own(notebook: Notebook) -> None:
    other = NotebookServer("other")
    servers: list[MCPServer[Any]] = [notebook.server, other]
    notebook.origins.begin("one")
    for server in servers:
        server.tool(name="a")(answer)
    notebook.origins.end(servers, failed=False)
    notebook.origins.begin("one")
    notebook.server.tool(name="a")(answer)
    assert notebook.origins.end(servers, failed=False) == ["a"]
    assert (notebook.tools, sdk_gaps.entries(other, "tool")) == (["a"], {})


def test_what_is_defined_in_the_background_belongs_to_no_cell(notebook: Notebook) -> None:
    notebook.origins.begin("one")
    thread = threading.Thread(target=lambda: notebook.server.tool(name="a")(answer))
    thread.start()
    thread.join()
    notebook.origins.end([notebook.server], failed=False)
    assert notebook.run("one") == []
    assert notebook.tools == ["a"]


def test_what_a_call_defines_belongs_to_no_cell(notebook: Notebook) -> None:
    @notebook.server.tool()
    async def grow() -> str:
        notebook.server.tool(name="grown")(answer)
        return "grown"

    async def call() -> None:
        async with Client(notebook.server, cache=None) as client:
            await client.call_tool("grow")

    notebook.origins.begin("one")
    anyio.run(call)
    notebook.origins.end([notebook.server], failed=False)
    notebook.run("one")
    assert "grown" in notebook.tools
