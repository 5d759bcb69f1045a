"""Exercise 8b.1: ask which servers behind a gateway answer, without hiding bugs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp import StdioServerParameters
from mcp.server.mcpserver import MCPServer

from mcp_notebook.course.checking.bench import Bench
from mcp_notebook.course.checking.cases import Probe
from mcp_notebook.course.exercises import Exercise

__all__ = ["WHICH_ANSWER"]

MISSING = StdioServerParameters(command="server-that-nobody-installed")


def _present(name: str) -> MCPServer[Any]:
    return MCPServer(name, log_level="WARNING")


def _silent(name: str) -> MCPServer[Any]:
    """Return a server that never answers."""

    @asynccontextmanager
    async def forever(_: Any) -> AsyncIterator[None]:
        await anyio.sleep_forever()
        yield

    return MCPServer(name, lifespan=forever, log_level="WARNING")


def _behind(about: str, request: str, servers: Callable[[], Mapping[str, Any]], expected: Any) -> Probe:
    """Put other servers behind the gateway, call the tool, and put the earlier ones back."""

    async def ask(bench: Bench) -> Any:
        gateway: Any = bench.server
        earlier = gateway.behind
        gateway.behind = dict(servers())
        try:
            result = await bench.client.call_tool(bench.name, {})
        finally:
            gateway.behind = earlier
        if result.is_error:
            return "an error"
        content = result.structured_content or {}
        return content.get("result", content)

    def look(bench: Bench) -> Awaitable[Any]:
        return ask(bench)

    return Probe(request, about, look, expected)


WHICH_ANSWER = Exercise(
    number="8b.1",
    name="which_answer",
    title="who answers?",
    server="town",
    read="2 · Catch what you mean",
    start="# Exercise 8b.1. Begin this cell with %%mcp_tool --server town, and define which_answer().",
    cases=(
        _behind(
            "both answer",
            "which_answer() in front of a library and a museum",
            lambda: {"library": _present("library"), "museum": _present("museum")},
            {"library": True, "museum": True},
        ),
        _behind(
            "an absent server is false, and the others are asked all the same",
            "which_answer() in front of a cinema that is not installed, and a library",
            lambda: {"cinema": MISSING, "library": _present("library")},
            {"cinema": False, "library": True},
        ),
        _behind(
            "silence is an absence, too",
            "which_answer() in front of a library, and a theater that never answers",
            lambda: {"library": _present("library"), "theater": _silent("theater")},
            {"library": True, "theater": False},
        ),
        _behind("nobody is behind it", "which_answer() in front of no server", dict, {}),
        _behind(
            "42 is not a server: that is a bug, and not an absence",
            "which_answer() in front of a library, and the number 42",
            lambda: {"library": _present("library"), "bug": 42},
            "an error",
        ),
    ),
    hints=(
        "The gateway has a method that connects, waits, and raises `ToolError` if a server is absent. Which?",
        "`await town.use(name, lambda client: client.list_tools())` for each name in `town.behind`, in a `try`; "
        "`except ToolError`, and nothing wider.",
        "`answers = {}`; in the loop: `try:` use it, `answers[name] = True`; `except ToolError: answers[name] = False`. "
        "`tools_of` does not help: it turns an absence into an empty list.",
    ),
    solution='''
%%mcp_tool --server town --read-only --open-world
async def which_answer() -> dict[str, bool]:
    """Say which of the servers behind this one answer now."""
    answers = {}
    for name in town.behind:
        try:
            await town.use(name, lambda client: client.list_tools())
            answers[name] = True
        except ToolError:
            answers[name] = False
    return answers
''',
    why="A health check that hides bugs, or that cannot fail, is worse than none: people trust it.",
)
