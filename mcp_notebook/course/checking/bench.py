"""Hold the things that the cases of an exercise work with: the learner's server, variables and database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp.client import Client
from mcp.server.mcpserver import MCPServer

from mcp_notebook.course.library import rows_of

__all__ = ["Bench", "Given", "Then", "entries", "rows"]


@dataclass(frozen=True)
class Bench:
    """The things that a case works with.

    Attributes:
        client: A client of the learner's server.
        name: The definition that the exercise asks for.
        server: The learner's server.
        namespace: The variables of the notebook.
        file: The library's database; None if the exercise has nothing to do with it.
        settings: Returns the settings that a package of the server would have now, in words: the default of each,
            ``a secret`` or ``required``.
    """

    client: Client
    name: str
    server: MCPServer[Any]
    namespace: Mapping[str, Any] = field(default_factory=dict)
    file: Path | None = None
    settings: Callable[[], Mapping[str, str]] = dict

    def fill(self, given: Given) -> None:
        """Prepare the state before a case: run statements on the library's database, or call the function."""
        if not given:
            return
        if callable(given):
            given(self)
            return
        assert self.file is not None
        with closing(sqlite3.connect(self.file)) as database:
            database.executescript(given)


Given = str | Callable[[Bench], object]
"""The state before a case: statements for the library's database, or a function that prepares something else."""


@dataclass(frozen=True)
class Then:
    """A look at the world after a request.

    Attributes:
        words: The thing to look at.
        look: Looks; what it raises is the learner's error.
        expected: The sight that is right.
    """

    words: str
    look: Callable[[Bench], Any]
    expected: Any


def rows(sql: str, *expected: Sequence[Any]) -> Then:
    """Look at rows of the library's database after a request."""

    def look(bench: Bench) -> list[tuple[Any, ...]]:
        assert bench.file is not None
        return list(rows_of(bench.file, sql))

    return Then(sql, look, [tuple(row) for row in expected])


async def entries(client: Client) -> dict[str, dict[str, Any]]:
    """Return all entries of the server's lists, as JSON: tools and prompts by name, resources and templates by URI."""
    everything = [
        *(await client.list_tools()).tools,
        *(await client.list_prompts()).prompts,
        *(await client.list_resources()).resources,
        *(await client.list_resource_templates()).resource_templates,
    ]
    listed = [item.model_dump(by_alias=True, mode="json", exclude_none=True) for item in everything]
    return {entry.get("uri") or entry.get("uriTemplate") or entry["name"]: entry for entry in listed}
