"""The server that takes books back, and broken versions of it, to try a learner's test on."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from mcp import Client
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Probe

__all__ = ["LOANS", "VERSIONS", "returns_server", "tested"]

LOANS = """
DELETE FROM loans WHERE returned IS NULL OR returned = '2026-11-02';
INSERT INTO loans (title, member, lent, due) VALUES
    ('Dune', 'Ada', '2026-10-12', '2026-11-02'), ('Emma', 'Ada', '2026-10-19', '2026-11-09'),
    ('Dune', 'Mary', '2026-10-26', '2026-11-16');
"""
"""Statements that prepare the loans before each run of a test."""

GiveBack = Callable[[sqlite3.Connection, str, str], str]
DAY = "2026-11-02"


def _update(database: sqlite3.Connection, where: str, *values: str) -> int:
    return database.execute(
        f"UPDATE loans SET returned = ? WHERE returned IS NULL AND {where}", (DAY, *values)
    ).rowcount


def _right(database: sqlite3.Connection, title: str, member: str) -> str:
    if not _update(database, "title = ? AND member = ?", title, member):
        raise ToolError(f"{member} has not borrowed {title!r}.")
    return f"{title}: back from {member}"


def _other_words(database: sqlite3.Connection, title: str, member: str) -> str:
    if not _update(database, "title = ? AND member = ?", title, member):
        raise ToolError(f"No loan found: {member}, {title}. Ask for the member's loans first.")
    return f"Thank you, {member}."


def _no_effect(database: sqlite3.Connection, title: str, member: str) -> str:
    if not database.execute(
        "SELECT 1 FROM loans WHERE returned IS NULL AND title = ? AND member = ?", (title, member)
    ).fetchone():
        raise ToolError(f"{member} has not borrowed {title!r}.")
    return f"{title}: back from {member}"


def _no_error(database: sqlite3.Connection, title: str, member: str) -> str:
    if not _update(database, "title = ? AND member = ?", title, member):
        return f"{member} has not borrowed {title!r}."
    return f"{title}: back from {member}"


def _all_of_the_member(database: sqlite3.Connection, title: str, member: str) -> str:
    _right(database, title, member)
    _update(database, "member = ?", member)
    return f"{title}: back from {member}"


def _all_of_the_title(database: sqlite3.Connection, title: str, member: str) -> str:
    _right(database, title, member)
    _update(database, "title = ?", title)
    return f"{title}: back from {member}"


VERSIONS: dict[str, GiveBack] = {
    "is right": _right,
    "is right, in other words": _other_words,
    "changes nothing": _no_effect,
    "returns its error as a normal text": _no_error,
    "takes back all books of the member": _all_of_the_member,
    "takes back all loans of the title": _all_of_the_title,
}
"""The versions of the tool, by what it does."""


def returns_server(file: Path, version: str) -> MCPServer:
    """Return a server with one version of `give_back`, on a database of the library."""
    server = MCPServer("returns", log_level="WARNING")

    @server.tool()
    def give_back(title: str, member: str) -> str:
        """Note that a member has brought a book back today."""
        with closing(sqlite3.connect(file)) as database, database:
            return VERSIONS[version](database, title, member)

    return server


def tested(version: str) -> Probe:
    """Run the learner's test on one version of the tool."""
    right = version.startswith("is right")

    async def look(bench: Bench) -> str:
        assert bench.file is not None
        bench.fill(LOANS)
        async with Client(returns_server(bench.file, version)) as client:
            try:
                done = bench.namespace["test_give_back"](client)
                if not inspect.isawaitable(done):
                    return "no coroutine: define it with 'async def'"
                await done
            except AssertionError:
                return "it fails" if not right else f"it fails, although give_back {version}"
            except Exception as error:  # noqa: BLE001 - it is the learner's code
                return f"the test itself breaks: {error!r}"
        return "it passes" if right else f"it passes, although give_back {version}"

    about = "your test must pass" if right else "your test must fail"
    return Probe(f"a give_back that {version}", about, look, "it passes" if right else "it fails")
