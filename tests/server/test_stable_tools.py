"""The fixed pair, for clients that ask for the list of tools once and never again."""

from __future__ import annotations

from typing import Annotated, Any

import anyio
import pytest
from mcp import Client
from mcp.server.mcpserver import Context, Elicit, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ElicitResult
from pydantic import BaseModel

from mcp_notebook.server import stable_tools
from mcp_notebook.server.notebook_server import NotebookServer

PAIR = ["list_notebook_tools", "call_notebook_tool"]


@pytest.fixture
def server() -> NotebookServer:
    server = NotebookServer("s")

    @server.tool()
    def add(a: int, b: int = 1) -> int:
        """Add."""
        return a + b

    stable_tools.offer(server)
    return server


def asked(server: NotebookServer, use: Any, **options: Any) -> Any:
    async def main() -> Any:
        async with Client(server, cache=None, **options) as client:
            return await use(client)

    return anyio.run(main)


def called(server: NotebookServer, name: str, arguments: dict[str, Any], **options: Any) -> Any:
    ask = {"name": name, "arguments": arguments}
    return asked(server, lambda client: client.call_tool("call_notebook_tool", ask), **options)


def listed(server: NotebookServer) -> list[str]:
    return [tool.name for tool in asked(server, lambda client: client.list_tools()).tools]


both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


def test_the_pair_stands_beside_the_real_ones_until_it_is_taken_off(server: NotebookServer) -> None:
    assert listed(server) == ["add", *PAIR]
    stable_tools.offer(server)
    assert listed(server) == ["add", *PAIR]
    stable_tools.withdraw(server)
    assert listed(server) == ["add"]
    stable_tools.withdraw(server)


@both_eras
def test_one_lists_the_tools_of_this_moment_with_their_schemas_and_not_itself(
    server: NotebookServer, mode: str
) -> None:
    @server.tool()
    def late() -> str:
        return "late"

    result = asked(server, lambda client: client.call_tool("list_notebook_tools"), mode=mode)
    text = "".join(block.text for block in result.content)
    assert '"add"' in text
    assert '"late"' in text
    assert '"inputSchema"' in text
    assert not any(name in text for name in PAIR)


@both_eras
def test_the_other_calls_one(server: NotebookServer, mode: str) -> None:
    result = called(server, "add", {"a": 2, "b": 3}, mode=mode)
    assert not result.is_error
    assert result.structured_content == {"result": 5}
    assert result.content[0].text == "5"


def test_arguments_can_be_left_out(server: NotebookServer) -> None:
    @server.tool()
    def hello() -> str:
        return "hello"

    result = asked(server, lambda client: client.call_tool("call_notebook_tool", {"name": "hello"}))
    assert result.content[0].text == "hello"


def test_a_tool_that_was_replaced_is_called_as_it_is_now(server: NotebookServer) -> None:
    @server.tool()
    def add(a: int, b: int) -> str:
        return "new"

    assert called(server, "add", {"a": 1, "b": 2}).content[0].text == "new"


@pytest.mark.parametrize("arguments", [{}, {"a": "x"}])
def test_arguments_that_do_not_fit_are_an_error_result(server: NotebookServer, arguments: Any) -> None:
    assert called(server, "add", arguments).is_error


def test_what_the_tool_says_on_purpose_reaches_the_client_and_what_it_raised_does_not(server: NotebookServer) -> None:
    @server.tool()
    def fail(on_purpose: bool) -> str:
        raise ToolError("closed on Sundays") if on_purpose else ValueError("secret")

    told = called(server, "fail", {"on_purpose": True})
    assert told.is_error
    assert "closed on Sundays" in told.content[0].text
    untold = called(server, "fail", {"on_purpose": False})
    assert untold.is_error
    assert "secret" not in untold.content[0].text
    assert repr(server.runtime.recorder.calls[-1].raised) == "ValueError('secret')"


def test_a_tool_that_is_not_there_is_an_error_result(server: NotebookServer) -> None:
    assert called(server, "no such tool", {}).is_error


def test_progress_of_the_tool_is_progress_of_the_call(server: NotebookServer) -> None:
    heard: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    @server.tool()
    async def work(ctx: Context) -> str:
        await ctx.report_progress(1, 1)
        return "done"

    ask = {"name": "work"}
    asked(server, lambda client: client.call_tool("call_notebook_tool", ask, progress_callback=note))
    assert heard == [1]


class Colour(BaseModel):
    colour: str


def ask_colour() -> Elicit[Colour]:
    return Elicit("Which colour?", Colour)


@both_eras
def test_a_tool_that_asks_the_client_gets_its_answer(server: NotebookServer, mode: str) -> None:
    @server.tool()
    def paint(chosen: Annotated[Colour, Resolve(ask_colour)]) -> str:
        return chosen.colour

    async def answer(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept", content={"colour": "blue"})

    assert called(server, "paint", {}, mode=mode, elicitation_callback=answer).content[0].text == "blue"
