"""A notebook's file that is saved again while the notebook is served."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mcp_notebook import headless
from mcp_notebook.client import Connection
from mcp_notebook.headless.watching import NotebookWatcher
from mcp_notebook.session.choosing import choose

Cells = dict[str, str]

ADD = "%%mcp_tool\ndef add(a: int, b: int) -> int:\n    return a + b"
SUB = "%%mcp_tool\ndef sub(a: int, b: int) -> int:\n    return a - b"
MAKE = "from mcp.server.mcpserver import MCPServer\nmcp = MCPServer('made')"
PLAIN = "@mcp.tool()\ndef plus(a: int, b: int) -> int:\n    return a + b"


def save(path: Path, cells: Cells) -> None:
    """Save as editors do: another file in the place of the old one."""
    made = [new_code_cell(source, id=name) for name, source in cells.items()]
    draft = path.with_suffix(".draft")
    nbformat.write(new_notebook(cells=made), draft)
    draft.replace(path)


class Watched:
    """A notebook that is watched, and a client that is connected all the time."""

    def __init__(self, notebook: headless.Headless, only: str | None) -> None:
        self.path = notebook.notebook.path
        self.notebook = notebook
        self.told: list[str] = []
        self.client = Connection(notebook.session.portal, choose(notebook.session).server, "legacy")
        self.watch = NotebookWatcher(notebook, only, self.told.append)

    def saved(self, **cells: str) -> str:
        save(self.path, cells)
        return self.look()

    def look(self) -> str:
        self.told.clear()
        self.watch.look()
        return "\n".join(self.told)

    @property
    def tools(self) -> list[str]:
        return [tool.name for tool in self.client.tools()]

    def call(self, tool: str, **arguments: Any) -> Any:
        content = self.client.call(tool, arguments).result.structured_content
        assert content is not None
        return content["result"]


@contextmanager
def watched(path: Path, only: str | None = None, **cells: str) -> Iterator[Watched]:
    save(path, cells)
    with headless.run(path, only=only) as notebook:
        it = Watched(notebook, only)
        with it.client:
            yield it


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sales.ipynb"


def test_what_changed_runs_again_and_nothing_else(path: Path) -> None:
    with watched(path, one="runs = []", two="runs.append(2)", add=ADD, sub=SUB) as it:
        assert it.saved(one="runs = []", two="runs.append(2)", add=ADD.replace("a + b", "a + b + 10"), sub=SUB) == (
            "sales.ipynb changed: cell 3 ran."
        )
        assert (it.tools, it.call("add", a=1, b=2)) == (["add", "sub"], 13)
        assert it.notebook.shell.user_ns["runs"] == [2]
        assert it.look() == ""


def test_new_cells_run_and_definitions_of_deleted_ones_are_withdrawn(path: Path) -> None:
    with watched(path, add=ADD) as it:
        assert it.saved(helper="base = 5", sub=SUB.replace("a - b", "base - b")) == (
            "sales.ipynb changed: cell 1 ran, cell 2 ran, add withdrawn."
        )
        assert (it.tools, it.call("sub", a=1, b=2)) == (["sub"], 3)


def test_saving_without_a_change_of_code_runs_nothing(path: Path) -> None:
    with watched(path, one="x = []", add=ADD) as it:
        assert it.saved(add=ADD, one="x = []") == ""
        assert it.saved(add=ADD, one="x = []", empty=" ") == ""


@pytest.mark.parametrize(
    "wrong", ["1 / 0", "def broken(:", "%mcp new other\n1 / 0", "%mcp remove sub\n1 / 0", "add = None\n1 / 0"]
)
def test_an_error_leaves_everything_as_it_was_until_it_is_mended(path: Path, wrong: str) -> None:
    base = {"base": "base = 1", "add": ADD.replace("a + b", "a + b + base"), "sub": SUB}
    with watched(path, **base) as it:
        said = it.saved(base="base = 100", add=ADD.replace("add", "sum"), wrong=wrong)
        assert said.startswith(
            f"sales.ipynb: cell 3, which begins {wrong.splitlines()[0]!r}, ended with an error:\n  line"
        )
        assert said.endswith("What is served is as it was.")
        assert it.look() == ""
        assert (it.tools, it.call("add", a=1, b=2), it.call("sub", a=1, b=2)) == (["add", "sub"], 4, -1)
        assert it.saved(base="base = 100", add=ADD.replace("add", "sum"), wrong="x = 1").endswith("sub withdrawn.")
        assert it.tools == ["sum"]


def test_half_a_file_leaves_everything_as_it_was(path: Path) -> None:
    with watched(path, add=ADD) as it:
        whole = path.read_text(encoding="utf-8")
        path.write_text(whole[:-30].replace("def add", "def sum"), encoding="utf-8")
        assert it.look().endswith("What is served is as it was.")
        path.unlink()
        assert it.look() == ""
        path.write_text(whole.replace("def add", "def sum"), encoding="utf-8")
        assert it.look() == "sales.ipynb changed: cell 1 ran."
        assert it.tools == ["sum"]


def test_a_plain_server_is_followed_cell_by_cell(path: Path) -> None:
    with watched(path, make=MAKE, plus=PLAIN, minus=PLAIN.replace("plus", "minus")) as it:
        it.saved(make=MAKE, plus=PLAIN.replace("a + b", "a * b"))
        assert (it.tools, it.call("plus", a=3, b=3)) == (["plus"], 9)


@pytest.mark.parametrize(
    "make", [MAKE, MAKE.replace("mcp.server.mcpserver", "mcp_notebook").replace("MCPServer", "NotebookServer")]
)
def test_a_client_stays_connected_to_a_server_that_is_made_anew(path: Path, make: str) -> None:
    with watched(path, make=make, plus=PLAIN, one=f"{PLAIN.replace('plus', 'minus')}") as it:
        said = it.saved(make=make + " # anew", plus=PLAIN, one=PLAIN.replace("plus", "times"))
        assert said == "sales.ipynb changed: cell 1 ran, cell 2 ran, cell 3 ran."
        assert it.tools == ["plus", "times"]
        assert it.saved(make=make + " # anew", plus=PLAIN) == "sales.ipynb changed: times withdrawn."
        assert it.tools == ["plus"]
        assert it.saved(make=make, plus=PLAIN.replace("plus", "sum")) == "sales.ipynb changed: cell 1 ran, cell 2 ran."
        assert (it.tools, it.call("sum", a=1, b=2)) == (["sum"], 3)
        assert "What is served is as it was." in it.saved(make=make + " # again\n1 / 0", plus=PLAIN)
        assert it.saved(make=make, plus=PLAIN.replace("plus", "total")) == "sales.ipynb changed: cell 2 ran."
        assert it.tools == ["total"]


def test_only_what_was_asked_for_runs(path: Path) -> None:
    with watched(path, only="2", one="1 / 0", add=ADD) as it:
        assert it.saved(one="2 / 0", add=ADD) == ""
        assert it.saved(one="2 / 0", add=SUB) == "sales.ipynb changed: cell 2 ran."
        assert it.tools == ["sub"]


def test_cells_without_ids_are_known_by_their_source(path: Path) -> None:
    def save_without_ids(*sources: str) -> None:
        code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
        cells = [{**code, "source": source} for source in sources]
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))

    save_without_ids("runs = [0]", "runs.append(1)", "runs.append(1)", ADD)
    with headless.run(path) as notebook:
        told: list[str] = []
        watch = NotebookWatcher(notebook, None, told.append)
        save_without_ids("runs = [0]", "runs.append(1)", "runs.append(1)", ADD.replace("a + b", "b + a"))
        watch.look()
        assert told == ["sales.ipynb changed: cell 4 ran."]
        assert notebook.shell.user_ns["runs"] == [0, 1, 1]
