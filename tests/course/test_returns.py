"""The versions of the tool that takes books back do what their names say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from mcp import Client

from mcp_notebook.course.checking.returns import LOANS, VERSIONS, returns_server
from mcp_notebook.course.library import reset_library

OPEN = [("Dune", "Ada"), ("Emma", "Ada"), ("Dune", "Mary")]
LEFT = {
    "is right": OPEN[1:],
    "is right, in other words": OPEN[1:],
    "changes nothing": OPEN,
    "returns its error as a normal text": OPEN[1:],
    "takes back all books of the member": OPEN[2:],
    "takes back all loans of the title": OPEN[1:2],
}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_leaves_the_loans_that_it_should(version: str, tmp_path: Path) -> None:
    file = tmp_path / "library.sqlite3"
    reset_library(file)

    async def give_back(title: str) -> bool:
        with closing(sqlite3.connect(file)) as database:
            database.executescript(LOANS)
        async with Client(returns_server(file, version)) as client:
            result = await client.call_tool("give_back", {"title": title, "member": "Ada"})
        return bool(result.is_error)

    for _ in range(2):
        assert not anyio.run(give_back, "Dune")
        with closing(sqlite3.connect(file)) as database:
            loans = database.execute("SELECT title, member FROM loans WHERE returned IS NULL ORDER BY id").fetchall()
        assert loans == LEFT[version]
    assert anyio.run(give_back, "Kindred") is (version != "returns its error as a normal text")
