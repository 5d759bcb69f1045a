"""Play several replicas in one process: a call that goes on at another, a notice that has to reach another."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import anyio
from mcp.client import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ElicitResult, InputRequiredResult, InputResponses, TextContent

from mcp_notebook.course.checking.bench import Bench

__all__ = ["answered_elsewhere", "heard_elsewhere", "tickets"]

PATIENCE = 1.0
"""Seconds to wait for a notice; in one process it takes a few milliseconds."""

Server = MCPServer[Any]


async def _yes(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={"sure": True})


async def answered_elsewhere(one: Server, other: Server, tool: str, **arguments: Any) -> str:
    """Have a tool ask at one replica, and bring the user's answer to another; return what the client gets there."""
    async with Client(one, elicitation_callback=_yes) as client:
        question = await client.session.call_tool(tool, arguments, allow_input_required=True)
    assert isinstance(question, InputRequiredResult), "the tool asked nothing"
    answers: InputResponses = {key: await _yes(None, asked) for key, asked in (question.input_requests or {}).items()}
    async with Client(other, elicitation_callback=_yes) as client:
        try:
            result = await client.session.call_tool(
                tool, arguments, input_responses=answers, request_state=question.request_state
            )
        except MCPError as error:
            return f"protocol error {error.code}: {error.message}"
    return _text(result)


async def heard_elsewhere(one: Server, other: Server, uri: str, tool: str, **arguments: Any) -> str:
    """Follow a resource at one replica, call a tool at another, and return what the follower hears."""
    async with (
        Client(one) as here,
        Client(other, elicitation_callback=_yes) as there,
        here.listen(resource_subscriptions=[uri]) as notices,
    ):
        await there.call_tool(tool, arguments)
        with anyio.move_on_after(PATIENCE):
            await anext(notices)
            return f"heard that {uri} changed"
    return "heard nothing"


def _text(result: CallToolResult) -> str:
    return ", ".join(block.text for block in result.content if isinstance(block, TextContent))


def tickets(ask: Callable[[Callable[[], Server]], Any]) -> Callable[[Bench], Any]:
    """Return a look at tickets of the learner's replicas.

    Args:
        ask: Gets a function that starts another replica, and returns what it saw.
    """

    async def look(bench: Bench) -> Any:
        bench.fill("DROP TABLE IF EXISTS tickets; CREATE TABLE tickets (number INTEGER PRIMARY KEY, taken TEXT);")
        return await ask(lambda: _in_another_process(bench))

    return look


def _in_another_process(bench: Bench) -> Server:
    """Make a replica as another process would: the cell runs again, with variables of its own."""
    function = bench.namespace[bench.name]
    filename = function.__code__.co_filename
    source = "".join(linecache.getlines(filename))
    variables = dict(bench.namespace)
    exec(compile(source, filename, "exec"), variables)
    made: Server = variables[bench.name]()
    return made


async def take(server: Server) -> Any:
    """Take a ticket, and return its number, or the text of an error."""
    async with Client(server) as client:
        result = await client.call_tool("ticket")
    text = _text(result)
    return int(text) if text.isdecimal() else text


async def in_turn(start: Callable[[], Server]) -> list[Any]:
    """Take four tickets at two replicas in turn."""
    replicas = [start(), start()]
    return [await take(replica) for _ in range(2) for replica in replicas]


async def at_once(start: Callable[[], Server]) -> list[Any]:
    """Take twenty tickets at two replicas at the same moment, and sort the numbers."""
    replicas = [start(), start()]
    taken: list[Any] = []

    async def one(replica: Server) -> None:
        taken.append(await take(replica))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, replicas[number % 2])
    return sorted(taken, key=lambda number: number if isinstance(number, int) else 0)


async def after_a_restart(start: Callable[[], Server]) -> list[Any]:
    """Take two tickets at a replica, and one at a replica that starts later."""
    first = start()
    taken = [await take(first), await take(first)]
    return [*taken, await take(start())]
